"""Which limits a study gets, and what is said of the choice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.output.limits_choice import choose_limits
from MSSTUNetReorientLib.output.normals_file import NormalsFile
from MSSTUNetReorientLib.output.normals_file import write_normals
from MSSTUNetReorientLib.perfusion.normal_limits import LEVELS
from MSSTUNetReorientLib.perfusion.normal_limits import Group
from MSSTUNetReorientLib.perfusion.normal_limits import NormalLimits
from MSSTUNetReorientLib.perfusion.sampling import RAYS

SPECT = {"modality": "NM", "camera": "spect"}


def one(group: Group) -> NormalLimits:
    mean, sd = np.full((LEVELS, RAYS), 80.0), np.full((LEVELS, RAYS), 8.0)
    return NormalLimits("normal limits of the centre", group, 25, mean, sd, np.full(17, 80.0), np.full(17, 8.0))


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A centre's file: men without correction, and both kinds together."""
    path = tmp_path / "own.npz"
    groups = (Group("spect"), Group("spect", False), Group("spect", False, "M"), Group("spect", True))
    write_normals(NormalsFile(tuple(one(g) for g in groups), {}), path)
    return str(path)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"attenuation_corrected": False, "sex": "M"}, "spect-nc-male"),
        ({"attenuation_corrected": False, "sex": "F"}, "spect-nc"),
        ({"attenuation_corrected": False}, "spect-nc"),
        ({"attenuation_corrected": True, "sex": "M"}, "spect-ac"),
        ({"sex": "M"}, "spect"),
        ({}, "spect"),
    ],
)
def test_the_header_decides(own: str, told: dict[str, object], name: str) -> None:
    limits = choose_limits(own, SPECT | told).limits
    assert limits is not None
    assert limits.group.name == name


def test_what_is_assumed_is_said(own: str) -> None:
    words = choose_limits(own, SPECT | {"sex": "F", "attenuation_corrected": False}).words
    assert words == (
        "Normal limits of the centre: parallel-hole SPECT, without attenuation correction, women and men (25 studies). "
        "There are too few normal studies of women for limits of their own."
    )
    assert (
        "It is not stated whether attenuation is corrected: limits of both kinds are used."
        in choose_limits(own, SPECT).words
    )
    assert "parallel holes are assumed" in choose_limits(own, {"modality": "NM"}).words
    assert "wrong for PET" in choose_limits(own, {"modality": "unknown"}).words
    assert "assumed" not in choose_limits(own, SPECT | {"attenuation_corrected": True}).words


def test_where_nothing_fits_scores_are_withheld(own: str) -> None:
    for info in ({"modality": "PT"}, {"modality": "NM", "camera": "czt"}):
        found = choose_limits(own, info)
        assert found.limits is None
        assert "there are no normal limits of the centre for " in found.reason
    corrected_czt = choose_limits("auto", {"modality": "NM", "camera": "czt", "attenuation_corrected": True})
    assert corrected_czt.limits is None
    assert "there are no simulated normals for CZT camera" in corrected_czt.reason


def test_none_and_names() -> None:
    assert choose_limits("none", SPECT).limits is None
    for name in ("spect-nc", "czt-nc", "pet-ac", "PET"):
        limits = choose_limits(name, {"modality": "unknown"}).limits
        assert limits is not None
        assert limits.group.name.startswith(name.lower())
        assert limits.source == "simulated normals"


@pytest.mark.parametrize(
    ("info", "name", "told"),
    [
        ({"modality": "NM"}, "pet", "the study is parallel-hole SPECT, these limits are of PET."),
        ({"modality": "PT"}, "spect", "these limits are of parallel-hole SPECT"),
        (SPECT, "czt-nc", "these limits are of CZT camera with a small field."),
        (SPECT | {"attenuation_corrected": True}, "spect-nc", "the study is parallel-hole SPECT, with attenuation"),
        (SPECT, "spect-nc", ""),
        ({"modality": "NM"}, "czt-nc", ""),
        ({"modality": "unknown"}, "pet", ""),
        ({"modality": "PT"}, "pet", ""),
    ],
)
def test_limits_of_another_camera_are_told(info: dict[str, object], name: str, told: str) -> None:
    words = choose_limits(name, info).words
    assert ("They were asked for by name" in words) == bool(told)
    assert told in words


@pytest.mark.parametrize("request_", ["spect-nc-child", "", "auto ", "gamma"])
def test_an_unknown_name_lists_the_known(request_: str) -> None:
    with pytest.raises(InputError, match=r"auto, none, a file, or one of .*czt-nc.*pet-ac.*spect-nc"):
        choose_limits(request_, {})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file of normal limits"):
        choose_limits(str(tmp_path / "none.npz"), {})
