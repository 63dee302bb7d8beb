"""Calibration of the bounds, against errors drawn from a known distribution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.evaluation.study_sets import read_sets
from MSSTUNetReorientLib.prediction.bounds import FEATURES
from MSSTUNetReorientLib.prediction.bounds import bounds_file
from MSSTUNetReorientLib.prediction.bounds import read_bounds
from MSSTUNetReorientLib.prediction.models import find_weights
from MSSTUNetReorientLib.training import fit_bounds
from MSSTUNetReorientLib.training.fit_bounds import Measured
from MSSTUNetReorientLib.training.fit_bounds import conformal
from MSSTUNetReorientLib.training.fit_bounds import fit
from MSSTUNetReorientLib.training.fit_bounds import quantile_regression
from MSSTUNetReorientLib.training.fit_bounds import weighted_quantile

SIZE = len(FEATURES)


def drawn(n: int, seed: int, factor: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Features, and errors that are exp(normal) round a known line."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, SIZE))
    x[:, 0], x[:, 1], x[:, 2], x[:, 3] = 1.0, rng.uniform(0, 2, n), rng.normal(size=n), rng.normal(size=n)
    return x, factor * np.exp(0.7 + 0.8 * x[:, 1] - 0.3 * x[:, 3] + 0.5 * rng.normal(size=n))


def test_the_regression_finds_a_known_quantile() -> None:
    """The 90 % quantile lies 1.2816 standard deviations above the line."""
    x, errors = drawn(1000, 3)
    found = quantile_regression(x, errors, np.ones(len(x)))
    np.testing.assert_allclose(found[[0, 1, 3]], [0.7 + 1.2816 * 0.5, 0.8, -0.3], atol=0.12)
    assert np.mean(np.log(errors) <= x @ found) == pytest.approx(0.9, abs=0.02)
    assert found[2] <= 0  # contrast may only narrow a bound


def test_no_measure_may_act_against_its_meaning() -> None:
    x, errors = drawn(400, 5)
    turned = x.copy()
    turned[:, 1] *= -1
    assert quantile_regression(turned, errors, np.ones(400))[1] >= 0


def test_every_kind_counts_the_same() -> None:
    assert fit_bounds.equal_weights(np.array(["a", "a", "a", "b"])) == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])


@pytest.mark.parametrize(("share", "value"), [(0.9, 9.0), (0.91, 10.0), (0.05, 1.0), (1.0, 10.0)])
def test_the_quantile_of_equal_weights(share: float, value: float) -> None:
    values = np.random.default_rng(0).permutation(10) + 1.0
    assert weighted_quantile(values, np.ones(10), share) == value


def test_the_quantile_of_unequal_weights() -> None:
    """Of nine easy studies and a hard one that counts as much, one in two is hard."""
    values, weights = np.arange(10.0), np.array([1.0] * 9 + [9.0])
    assert weighted_quantile(values, weights, 0.5) == 8.0
    assert weighted_quantile(values, weights, 0.51) == 9.0


def test_the_bound_holds_for_new_subjects() -> None:
    """A regression with five coefficients on sixty studies is too narrow for new ones; conformal is not."""
    covered, naive = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x = np.column_stack([np.ones(60), rng.normal(size=(60, SIZE - 1))])
        errors = np.exp(rng.normal(size=60))
        subjects, kinds = np.arange(60).astype(str), np.full(60, "one")
        new = np.column_stack([np.ones(500), rng.normal(size=(500, SIZE - 1))])
        new_errors = np.exp(rng.normal(size=500))
        covered.append(np.mean(np.log(new_errors) <= new @ conformal(x, errors, kinds, subjects)))
        naive.append(np.mean(np.log(new_errors) <= new @ quantile_regression(x, errors, np.ones(len(x)))))
    assert np.mean(naive) < 0.895
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
    assert coverage["axis_deg"]["hard"] >= 0.8
    assert np.mean(list(coverage["axis_deg"].values())) == pytest.approx(0.9, abs=0.03)


def test_no_large_kind_has_fewer_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    three = [*rows("easy", 200, 1.0, 1), *rows("easier", 200, 0.8, 2), *rows("hard", 200, 2.0, 3)]
    kept = fit(three)[1]["axis_deg"]["hard"]
    monkeypatch.setattr(fit_bounds, "LEAST_SHARE", 0.0)
    free = fit(three)[1]["axis_deg"]["hard"]
    assert free < 0.8 < 0.83 < kept < 0.88


def test_the_file_is_written_beside_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "own.npz"
    weights.write_bytes(find_weights(None).path.read_bytes())
    monkeypatch.setattr(fit_bounds, "measure", lambda *_: iter(rows("easy", 60, 1.0, 1)))
    path, _ = fit_bounds.calibrate_bounds(weights, [], lambda _: None)
    assert path == bounds_file(weights)
    assert set(read_bounds(weights, str(find_weights(None).sha256)).coefficients) == {
        "axis_deg", "centre_mm", "septum_deg",
    }  # fmt: skip


def test_studies_are_measured(tmp_path: Path) -> None:
    assert main(["simulate", "--kind", "spect", "--fast", "--out", str(tmp_path / "made"), "--quiet"]) == 0
    found = list(fit_bounds.measure(find_weights(None).path, read_sets([f"made={tmp_path / 'made'}"]), lambda _: None))
    assert [row.kind for row in found] == ["made"]
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
