"""The bounds of a result: what they are made of, where they are stored, and that there is none without its measures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.prediction.bounds import ERRORS
from MSSTUNetReorientLib.prediction.bounds import FEATURES
from MSSTUNetReorientLib.prediction.bounds import Bounds
from MSSTUNetReorientLib.prediction.bounds import as_json
from MSSTUNetReorientLib.prediction.bounds import bounds_file
from MSSTUNetReorientLib.prediction.bounds import read_bounds
from MSSTUNetReorientLib.prediction.models import find_weights
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import save_weights

SURE = {
    "axis_disagreement_deg": 1.0,
    "contrast": 3.0,
    "myocardium_ml": 150.0,
    "blood_pool_ml": 45.0,
    "cut_share": 0.0,
    "label_softness": 1.0,
}


def only(feature: str, size: float = 1.0) -> Bounds:
    """A bound on the axis with one coefficient."""
    return Bounds({"axis_deg": tuple(size * float(name == feature) for name in FEATURES)})


def axis_bound(bounds: Bounds, measures: dict[str, float]) -> float:
    return bounds.of(measures)["axis_deg"]


def test_a_constant_bound() -> None:
    assert axis_bound(only("constant", np.log(4.0)), SURE) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("name", "value", "feature", "factor"),
    [
        ("axis_disagreement_deg", 5.0, "log disagreement", 3.0),
        ("contrast", 6.0, "log contrast", 2.0),
        ("contrast", 0.25, "log contrast", 0.5 / 3.0),  # at least 0.5
        ("contrast", 1.0, "log contrast", 1.0 / 3.0),
        ("blood_pool_ml", 20.0, "log openness", 0.5),
        ("myocardium_ml", 50.0, "log openness", 3.0),
        ("cut_share", 0.1, "cut", np.e),
        ("cut_share", 0.9, "cut", np.e**2),
        ("label_softness", 1.5, "softness", np.e**0.5),
    ],
)
def test_each_measure_moves_it(name: str, value: float, feature: str, factor: float) -> None:
    """By hand: (1 + 1) = 2 -> (5 + 1) = 6 is three times as much with coefficient 1, and so on."""
    assert axis_bound(only(feature), SURE | {name: value}) / axis_bound(only(feature), SURE) == pytest.approx(factor)


def test_no_bound_without_a_measure_or_a_calibration() -> None:
    assert only("constant").of({k: v for k, v in SURE.items() if k != "contrast"}) == {}
    assert only("constant").of(SURE | {"axis_disagreement_deg": float("nan")}) == {}
    assert Bounds({}).of(SURE) == {}


def test_a_bound_ends_at_ninety() -> None:
    assert axis_bound(only("constant", 50.0), SURE) == pytest.approx(90.0)


def stored(folder: Path, sha256: str = "ab") -> Path:
    weights = folder / "own.npz"
    bounds = Bounds({name: tuple(float(n) for n in range(len(FEATURES))) for name in ERRORS})
    bounds_file(weights).write_text(as_json(bounds, sha256, {"axis_deg": {"pet": 0.91}}), encoding="utf-8")
    return weights


def test_bounds_are_stored_beside_the_weights(tmp_path: Path) -> None:
    weights = stored(tmp_path)
    assert bounds_file(weights).name == "own.bounds.json"
    assert read_bounds(weights, "ab").coefficients["centre_mm"] == tuple(range(len(FEATURES)))


def test_bounds_of_other_weights_or_other_features_are_none(tmp_path: Path) -> None:
    weights = stored(tmp_path)
    assert read_bounds(weights, "cd").coefficients == {}
    assert read_bounds(tmp_path / "without.npz", "ab").coefficients == {}
    content = json.loads(bounds_file(weights).read_text(encoding="utf-8"))
    bounds_file(weights).write_text(json.dumps(content | {"features": ["constant"]}), encoding="utf-8")
    assert read_bounds(weights, "ab").coefficients == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"coefficients": {"axis_deg": ["x"]}}'])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: str) -> None:
    weights = stored(tmp_path)
    bounds_file(weights).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="run `bounds` again"):
        read_bounds(weights, "ab")


def test_the_shipped_model_has_its_bounds() -> None:
    file = find_weights(None)
    found = read_bounds(file.path, str(file.sha256))
    assert set(found.coefficients) == set(ERRORS)
    bounds = found.of(SURE)
    assert 2.0 < bounds["axis_deg"] < 15.0
    assert 0.5 < bounds["centre_mm"] < 15.0
    assert 5.0 < bounds["septum_deg"] < 45.0


def test_former_entries_of_weight_files_are_ignored(tmp_path: Path) -> None:
    network, _ = load_model()
    assert "calibration" not in network.state_dict()
    save_weights(network, "compact", tmp_path / "own.npz")
    with np.load(tmp_path / "own.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "old.npz", calibration=np.ones(7, np.float16), **arrays)
    again, _ = load_model(tmp_path / "old.npz")
    assert all((a == b).all() for a, b in zip(network.parameters(), again.parameters(), strict=True))
