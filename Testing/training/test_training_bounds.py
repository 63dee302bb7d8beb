"""Calibration of the bounds, against errors drawn from a known distribution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.evaluation.study_sets import read_sets
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.bounds import FEATURES
from MSSTUNetReorientLib.prediction.bounds import bounds_file
from MSSTUNetReorientLib.prediction.bounds import read_bounds
from MSSTUNetReorientLib.prediction.models import find_weights
from MSSTUNetReorientLib.training import fit_bounds
from MSSTUNetReorientLib.training.fit_bounds import Measured
from MSSTUNetReorientLib.training.fit_bounds import as_conventional
from MSSTUNetReorientLib.training.fit_bounds import conformal
from MSSTUNetReorientLib.training.fit_bounds import conformal_quantile
from MSSTUNetReorientLib.training.fit_bounds import fit
from MSSTUNetReorientLib.training.fit_bounds import quantile_regression

SIZE = len(FEATURES)


def drawn(n: int, seed: int, factor: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Features, and errors that are exp(normal) round a known line."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, SIZE))
    x[:, 0], x[:, 2], x[:, 3], x[:, 5] = 1.0, rng.normal(size=n), rng.uniform(0, 2, n), rng.normal(size=n)
    return x, factor * np.exp(0.7 + 0.8 * x[:, 2] + 0.3 * x[:, 3] + 0.5 * rng.normal(size=n))


def test_the_regression_finds_a_known_quantile() -> None:
    """The 90 % quantile lies 1.2816 standard deviations above the line."""
    x, errors = drawn(1000, 3)
    found = quantile_regression(x, errors)
    np.testing.assert_allclose(found[[0, 2, 3]], [0.7 + 1.2816 * 0.5, 0.8, 0.3], atol=0.12)
    assert np.mean(np.log(errors) <= x @ found) == pytest.approx(0.9, abs=0.02)
    assert found[5] <= 0  # contrast may only narrow a bound


def test_no_measure_may_act_against_its_meaning() -> None:
    x, errors = drawn(400, 5)
    turned = x.copy()
    turned[:, 2] *= -1
    assert quantile_regression(turned, errors)[2] >= 0


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (19, 18), (20, 19), (99, 90)])
def test_the_conformal_quantile_by_its_rank(n: int, rank: int) -> None:
    assert conformal_quantile(np.random.default_rng(0).permutation(n) + 1.0) == rank


def test_the_bound_holds_for_new_subjects() -> None:
    """A regression with nine coefficients on sixty studies is too narrow for new ones; conformal is not."""
    covered, naive = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x = np.column_stack([np.ones(60), rng.normal(size=(60, SIZE - 1))])
        errors = np.exp(rng.normal(size=60))
        subjects, kinds = np.arange(60).astype(str), np.full(60, "one")
        new = np.column_stack([np.ones(500), rng.normal(size=(500, SIZE - 1))])
        new_errors = np.exp(rng.normal(size=500))
        covered.append(np.mean(np.log(new_errors) <= new @ conformal(x, errors, kinds, subjects)))
        naive.append(np.mean(np.log(new_errors) <= new @ quantile_regression(x, errors)))
    assert np.mean(naive) < 0.88
    assert 0.89 < np.mean(covered) < 0.95


def rows(kind: str, n: int, factor: float, seed: int) -> list[Measured]:
    x, errors = drawn(n, seed, factor)
    return [
        Measured(kind, f"{kind}{i // 2}", a, {"axis_deg": float(e), "centre_mm": float(e), "septum_deg": float(e)})
        for i, (a, e) in enumerate(zip(x, errors, strict=True))
    ]


def test_coverage_is_reported_by_kind() -> None:
    bounds, coverage = fit([*rows("easy", 100, 1.0, 1), *rows("hard", 100, 1.2, 2)])
    assert set(bounds.coefficients) == {"axis_deg", "centre_mm", "septum_deg"}
    assert coverage["axis_deg"]["easy"] > coverage["axis_deg"]["hard"]
    assert np.mean(list(coverage["axis_deg"].values())) == pytest.approx(0.92, abs=0.04)


def test_the_file_is_written_beside_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "own.npz"
    weights.write_bytes(find_weights(None).path.read_bytes())
    monkeypatch.setattr(fit_bounds, "measure", lambda *_: iter(rows("easy", 60, 1.0, 1)))
    path, _ = fit_bounds.calibrate_bounds(weights, [], lambda _: None)
    assert path == bounds_file(weights)
    assert set(read_bounds(weights, str(find_weights(None).sha256)).coefficients) == {
        "axis_deg", "centre_mm", "septum_deg",
    }  # fmt: skip


def test_a_conventional_camera_is_coarser_and_has_256_grey_values() -> None:
    """A point of 100: its width grows as the squares of both add up."""
    grid = Grid.centred(41, 3.0, Pose(np.eye(3), np.zeros(3)))
    array = np.zeros((41, 41, 41), np.float32)
    array[14:27, 14:27, 14:27] = 100.0
    shown = as_conventional(Volume(array, grid, {"kind": "test"})).array
    assert set(np.unique(shown)) <= set(range(256))
    assert shown.max() == 255.0
    edge = shown[20, 20, 10:18]
    assert (np.diff(edge) >= 0).all()
    assert 255 * 0.1 < edge[4] < 255 * 0.9  # at the edge of the block half of its counts


def test_studies_are_measured_in_both_forms(tmp_path: Path) -> None:
    assert main(["simulate", "--kind", "spect", "--fast", "--out", str(tmp_path / "made"), "--quiet"]) == 0
    found = list(fit_bounds.measure(find_weights(None).path, read_sets([f"made={tmp_path / 'made'}"]), lambda _: None))
    assert [row.kind for row in found] == ["made", "made, conventional"]
    assert all(set(row.errors) == {"axis_deg", "centre_mm", "septum_deg"} for row in found)
    assert all(row.x.shape == (SIZE,) for row in found)


def test_too_few_studies_are_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    weights = tmp_path / "own.npz"
    weights.write_bytes(find_weights(None).path.read_bytes())
    assert main(["simulate", "--kind", "pet", "--out", str(tmp_path / "made"), "--quiet"]) == 0
    capfd.readouterr()
    assert main(["bounds", str(weights), str(tmp_path / "made")]) == 2
    assert "needs 40 studies" in capfd.readouterr().err
    assert not bounds_file(weights).exists()
