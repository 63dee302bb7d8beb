"""Files of normal limits: what is written is read, what is damaged is refused, and what is shipped fits the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.output.normals_file import SHIPPED
from MSSTUNetReorientLib.output.normals_file import NormalsFile
from MSSTUNetReorientLib.output.normals_file import read_normals
from MSSTUNetReorientLib.output.normals_file import shipped_normals
from MSSTUNetReorientLib.output.normals_file import write_normals
from MSSTUNetReorientLib.perfusion.normal_limits import LEAST_STUDIES
from MSSTUNetReorientLib.perfusion.normal_limits import LEVELS
from MSSTUNetReorientLib.perfusion.normal_limits import Group
from MSSTUNetReorientLib.perfusion.normal_limits import NormalLimits
from MSSTUNetReorientLib.perfusion.sampling import RAYS
from MSSTUNetReorientLib.prediction.models import find_weights


@pytest.fixture
def normals() -> NormalsFile:
    random = np.random.default_rng(0)
    mean, sd = random.uniform(50, 100, (LEVELS, RAYS)), random.uniform(3, 15, (LEVELS, RAYS))
    mean[-1], sd[-1] = np.nan, np.nan
    segments = random.uniform(50, 100, 17), random.uniform(3, 15, 17)
    return NormalsFile((NormalLimits("some", Group("czt", False, "F"), 21, mean, sd, *segments),), {"software": "x"})


def test_what_is_written_is_read(normals: NormalsFile, tmp_path: Path) -> None:
    write_normals(normals, tmp_path / "n.npz")
    found, one = read_normals(tmp_path / "n.npz"), normals.limits[0]
    assert found.about["software"] == "x"
    assert (found.limits[0].source, found.limits[0].group, found.limits[0].studies) == ("some", one.group, 21)
    np.testing.assert_allclose(found.limits[0].mean, one.mean, atol=0.05)
    np.testing.assert_allclose(found.limits[0].sd, one.sd, atol=0.01)
    np.testing.assert_allclose(found.limits[0].segment_mean, one.segment_mean, atol=1e-4)
    np.testing.assert_allclose(found.limits[0].segment_sd, one.segment_sd, atol=1e-4)


def damaged(path: Path, **changes: Any) -> Path:
    """The file with other arrays."""
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def about(**changes: Any) -> np.ndarray:
    content = {"schema": 1, "groups": [{"camera": "czt", "corrected": None, "sex": None, "source": "x", "studies": 20}]}
    return np.frombuffer(json.dumps(content | changes).encode(), np.uint8)


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": None},
        {"samples": np.zeros((1, 2, LEVELS, RAYS + 1), np.float16)},
        {"samples": np.full((1, 2, LEVELS, RAYS), 200.0)},
        {"segments": np.full((1, 2, 17), -1.0)},
        {"segments": np.full((1, 2, 17), "x")},
        {"segments": np.full((1, 2, 17), np.nan)},
        {"samples": np.full((1, 2, LEVELS, RAYS), np.nan)},
        {"segments": np.array([None], dtype=object)},
        {"about": np.zeros(3, np.uint8)},
        {"about": about(schema=2)},
        {"about": about(groups=[])},
        {"about": about(groups=[{"camera": "mri", "corrected": None, "sex": None, "source": "x", "studies": 20}])},
    ],
)
def test_what_is_damaged_is_refused(normals: NormalsFile, tmp_path: Path, changes: dict[str, Any]) -> None:
    write_normals(normals, tmp_path / "n.npz")
    with pytest.raises(InputError, match="must be a file of the command normals, but this is none or is damaged"):
        read_normals(damaged(tmp_path / "n.npz", **changes))


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.npz").write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="is none or is damaged"):
        read_normals(tmp_path / "n.npz")


def test_shipped_limits_are_of_the_shipped_model() -> None:
    """Made anew when the model changes: labels and pose are part of the limits."""
    _, sha256 = find_weights().read()
    assert shipped_normals().about["model"]["sha256"] == sha256


def test_shipped_limits_cover_the_cameras() -> None:
    found = shipped_normals()
    names = {one.group.name for one in found.limits}
    assert names >= {"spect", "spect-nc", "spect-ac", "spect-nc-female", "spect-nc-male", "czt-nc", "pet-ac"}
    assert all(one.studies >= LEAST_STUDIES and one.source == "simulated normals" for one in found.limits)
    assert len(found.about["seeds"]) == found.about["studies"]
    assert SHIPPED.stat().st_size < 300_000
    called = [(found.about["called_abnormal"][one.group.name], one.studies) for one in found.limits]
    assert sum(share * count for share, count in called) / sum(count for _, count in called) <= 0.1


def test_shipped_limits_are_what_physics_makes_of_healthy_hearts() -> None:
    """Attenuation dims the inferior and the basal wall, and its correction brings them back."""
    limits = {one.group.name: one.segment_mean for one in shipped_normals().limits}
    inferior, anterior, basal, mid = [9], [6], slice(0, 6), slice(6, 12)
    assert limits["spect-nc"][inferior] < limits["spect-nc"][anterior] - 5
    assert limits["spect-ac"][inferior] > limits["spect-nc"][inferior] + 8
    for values in limits.values():
        assert values[basal].mean() < values[mid].mean()
