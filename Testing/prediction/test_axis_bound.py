"""The bound of the long axis: what it is made of, and that it is no bound without its measures."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.networks.compact import compact
from MSSTUNetReorientLib.prediction.axis_bound import FEATURES
from MSSTUNetReorientLib.prediction.axis_bound import axis_bound_deg
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import read_manifest
from MSSTUNetReorientLib.prediction.models import read_weights
from MSSTUNetReorientLib.prediction.models import save_weights
from MSSTUNetReorientLib.prediction.models import weights_folder
from MSSTUNetReorientLib.prediction.qc import dilated
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.training.pool import draw_sample
from MSSTUNetReorientLib.training.pool import read_sample
from MSSTUNetReorientLib.training.pool import write_sample

SURE = {
    "axis_spread_deg": 0.7, "axis_disagreement_deg": 1.0, "cup_residual_mm": 0.7, "contrast": 3.0, "presence": 1.0,
    "myocardium_ml": 150.0, "blood_pool_ml": 45.0,
}  # fmt: skip
NOTHING = np.full(len(FEATURES), np.nan)


def test_a_constant_bound() -> None:
    coefficients = [np.log(4.0), *np.zeros(len(FEATURES) - 1)]
    assert axis_bound_deg(SURE, coefficients) == pytest.approx(4.0)


def test_each_measure_moves_it() -> None:
    """By hand: (0.7 + 0.3) = 1 -> (1.7 + 0.3) = 2 doubles a bound with coefficient 1, and so on."""
    for name, value, feature, factor in (
        ("axis_spread_deg", 1.7, 1, 2.0),
        ("axis_disagreement_deg", 5.0, 2, 3.0),
        ("cup_residual_mm", 2.7, 3, 3.0),
        ("contrast", 6.0, 4, 2.0),
        ("presence", 0.5, 5, 2.0),
        ("blood_pool_ml", 20.0, 6, 0.5),
        ("myocardium_ml", 50.0, 6, 3.0),
    ):
        coefficients = np.zeros(len(FEATURES))
        coefficients[feature] = 1.0
        moved = axis_bound_deg(SURE | {name: value}, coefficients)
        assert moved / axis_bound_deg(SURE, coefficients) == pytest.approx(factor), name


def test_no_bound_without_a_measure_or_a_calibration() -> None:
    assert np.isnan(axis_bound_deg({k: v for k, v in SURE.items() if k != "presence"}, np.ones(len(FEATURES))))
    assert np.isnan(axis_bound_deg(SURE | {"axis_disagreement_deg": float("nan")}, np.ones(len(FEATURES))))
    assert np.isnan(axis_bound_deg(SURE, NOTHING))


def test_a_bound_ends_at_ninety() -> None:
    assert axis_bound_deg(SURE, [50.0, *np.zeros(len(FEATURES) - 1)]) == pytest.approx(90.0)


def test_the_fit_finds_a_known_quantile() -> None:
    """Errors drawn as exp(normal) round a known line: the bound must lie 1.2816 standard deviations above it."""
    from MSSTUNetReorientLib.training.calibrate import fit_bound

    rng = np.random.default_rng(3)
    n = 1000
    x = np.column_stack(
        [np.ones(n), rng.normal(size=n), rng.uniform(0, 2, n), *rng.normal(size=(2, n)), *np.zeros((2, n))]
    )
    spread, noise = 0.5, rng.normal(size=n)
    errors = np.exp(0.7 + 0.8 * x[:, 1] + 0.3 * x[:, 2] + spread * noise)
    found = fit_bound(x, errors)
    np.testing.assert_allclose(found[:5], [0.7 + 1.2816 * spread, 0.8, 0.3, 0.0, 0.0], atol=0.12)
    assert np.mean(np.log(errors) <= x @ found) == pytest.approx(0.9, abs=0.02)
    assert found[3] >= 0
    assert found[4] <= 0


def test_the_bound_holds_nine_in_ten_of_every_kind_of_heart() -> None:
    """Forty of 240 hearts err by twice as much as the others."""
    from MSSTUNetReorientLib.training.calibrate import fit_bound
    from MSSTUNetReorientLib.training.calibrate import widened

    rng = np.random.default_rng(4)
    hearts = np.array(["parametric"] * 200 + ["counts"] * 40)
    errors = np.exp(0.5 + 0.3 * rng.normal(size=240)) * np.where(hearts == "counts", 2.0, 1.0)
    x = np.column_stack([np.ones(240), np.zeros((240, len(FEATURES) - 1))])
    fitted = fit_bound(x, errors)
    found = widened(fitted, x, errors, hearts)
    assert np.mean(errors[hearts == "counts"] <= np.exp(fitted[0])) < 0.7
    assert np.mean(errors[hearts == "counts"] <= np.exp(found[0])) == pytest.approx(0.9, abs=0.03)
    assert (found[1:] == fitted[1:]).all()
    few = widened(fitted, x[:210], errors[:210], hearts[:210])
    assert few[0] == pytest.approx(fitted[0], abs=0.15), "ten hearts do not tell a quantile"


def test_a_calibration_is_written_into_the_weight_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies whose errors are all of one size: nine in ten lie within a bound that their measures leave alone."""
    from MSSTUNetReorientLib.training import calibrate

    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(200), rng.normal(size=(200, len(FEATURES) - 1))])
    errors = np.exp(1.0 + 0.3 * rng.normal(size=200))
    hearts = np.array(["parametric"] * 200)
    monkeypatch.setattr(calibrate, "measured", lambda *_: (x, errors, hearts))
    monkeypatch.setattr(calibrate, "wall_offset", lambda *_: 0.5)
    folder = weights_folder()
    weights, out = folder / read_manifest(folder)["models"]["compact"]["file"], tmp_path / "calibrated.npz"
    assert calibrate.calibrate(weights, [], out) == pytest.approx(0.9, abs=0.03)
    network, _ = load_model(out)
    assert float(network.calibration[0]) == pytest.approx(1.0 + 0.3 * 1.2816, abs=0.1)
    before, after = (read_weights(f.read_bytes(), "")[1] for f in (weights, out))
    changed = [k for k in before if k != "calibration" and not torch.equal(before[k], after[k])]
    assert changed == ["unet.last.bias"]
    lowered = (before[changed[0]] - after[changed[0]]).reshape(3, 8)
    assert lowered.numpy() == pytest.approx(np.repeat([[0.0], [0.5], [0.0]], 8, axis=1), abs=1e-3)
    monkeypatch.setattr(calibrate, "measured", lambda *_: (x[:10], errors[:10], hearts[:10]))
    with pytest.raises(InputError, match="needs 40 studies"):
        calibrate.calibrate(weights, [], tmp_path / "none.npz")
    monkeypatch.setattr(calibrate, "measured", lambda *_: (x, errors, hearts))
    with pytest.raises(InputError, match="cannot be written"):
        calibrate.calibrate(weights, [], tmp_path / "nowhere" / "none.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["calibrated.npz"]


def test_the_network_keeps_a_coefficient_for_every_feature() -> None:
    assert compact().calibration.shape == (len(FEATURES),)


def test_a_calibration_by_other_measures_is_left_out(tmp_path: Path) -> None:
    network, _ = load_model()
    older = copy.deepcopy(network)
    older.calibration = torch.ones(len(FEATURES) - 1)
    save_weights(older, "compact", tmp_path / "older.npz")
    again, _ = load_model(tmp_path / "older.npz")
    assert again.calibration.isnan().all()
    assert torch.equal(next(again.parameters()), next(network.parameters()))


def test_the_wall_is_made_as_thick_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up answer whose wall reaches one ring of voxels too far, by a logit of 0.45."""
    from MSSTUNetReorientLib.training import calibrate

    write_sample(draw_sample(3, Sources()), tmp_path / "a.npz")
    truth = read_sample(tmp_path / "a.npz").labels
    ring = dilated(truth > 0, 1) & (truth == 0)
    logits = np.stack([truth == 0, (truth == 1) | ring, truth == 2]).astype(np.float32) * 3
    logits[0, ring] = 3 - 0.45
    shares = torch.from_numpy(logits).softmax(0)[1:]
    monkeypatch.setattr(calibrate, "label_shares", lambda *_: shares)
    monkeypatch.setattr(calibrate, "MIN_STUDIES", 1)
    network, _ = load_model()
    assert calibrate.wall_offset(network, [tmp_path]) == pytest.approx(0.5)


def test_an_empty_pool_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = weights_folder()
    weights = folder / read_manifest(folder)["models"]["compact"]["file"]
    assert main(["calibrate", str(weights), str(tmp_path), "--out", str(tmp_path / "out.npz")]) == 2
    said = capfd.readouterr().err
    assert "needs 40 studies" in said
    assert said.count("\n") == 1
    assert not any(tmp_path.iterdir())
