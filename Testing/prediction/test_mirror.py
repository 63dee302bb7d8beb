"""Mirrored hearts: told as such, and only searched for where there is a reason."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.panel.state.reasons import is_listed
from MSSTUNetReorientLib.prediction import predictor
from MSSTUNetReorientLib.prediction.mirror import REASON
from MSSTUNetReorientLib.prediction.mirror import is_suspicious
from MSSTUNetReorientLib.prediction.mirror import is_told_as_mirrored
from MSSTUNetReorientLib.prediction.mirror import looks_mirrored
from MSSTUNetReorientLib.prediction.mirror import mirrored
from MSSTUNetReorientLib.prediction.qc import Quality
from places import REPOSITORY

SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
USUAL = {"presence": 1.0, "apex_left": 0.4, "apex_below": 0.2, "axis_from_mean_deg": 10.0, "apex_over_base": 2.0}
TURNED = USUAL | {"apex_left": -0.4, "axis_from_mean_deg": 50.0}
NOT_FOUND = Quality("fail", ("none",), {"presence": 0.1})


def verdict(measures: dict[str, float], reasons: int) -> Quality:
    return Quality("review" if reasons else "pass", ("because",) * reasons, measures)


@pytest.fixture(scope="module")
def sample() -> Volume:
    return read_study(SAMPLE)


def test_a_mirrored_study_is_told_as_such_and_never_passes(sample: Volume) -> None:
    quality = predictor.predict(mirrored(sample)).quality
    assert quality.status == "review"
    assert quality.reasons[0] == REASON
    assert is_told_as_mirrored(quality)


def test_a_study_that_passes_is_searched_once(sample: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Volume) -> Volume:
        raise AssertionError

    monkeypatch.setattr(predictor, "mirrored", never)
    result = predictor.predict(sample)
    assert result.quality.status == "pass"
    assert "mirror" not in result.timing_s


def test_the_pose_is_that_of_the_study_as_given(sample: Volume) -> None:
    study = mirrored(sample)
    result = predictor.predict(study)
    assert result.study.array is study.array or np.array_equal(result.study.array, study.array)
    assert result.pose.long_axis[0] > 0
    assert result.timing_s["mirror"] > 0


def test_a_readers_click_is_not_searched_elsewhere(sample: Volume) -> None:
    study = mirrored(sample)
    there = predictor.predict(study).pose.centre
    assert "mirror" not in predictor.predict(study, centre_hint=there).timing_s


@pytest.mark.parametrize(
    ("given", "suspicious"),
    [
        (verdict(USUAL, 0), False),
        (verdict(USUAL, 1), False),
        (verdict(USUAL, 2), True),
        (verdict(TURNED, 1), True),
        (NOT_FOUND, True),
    ],
)
def test_what_is_suspicious(given: Quality, suspicious: bool) -> None:
    assert is_suspicious(given) is suspicious


@pytest.mark.parametrize(
    ("given", "other", "looks"),
    [
        (verdict(TURNED, 1), verdict(USUAL, 0), True),
        (verdict(TURNED, 1), verdict(USUAL, 1), True),
        (NOT_FOUND, verdict(USUAL, 0), True),
        (verdict(USUAL, 3), verdict(USUAL, 1), True),
        (verdict(USUAL, 2), verdict(USUAL, 1), False),
        (verdict(USUAL, 3), verdict(TURNED, 1), False),
        (verdict(TURNED, 1), verdict(TURNED, 0), False),
        (verdict(TURNED, 1), verdict(USUAL | {"apex_left": 0.06}, 0), False),
        (verdict(TURNED, 1), verdict(USUAL | {"presence": 0.3}, 0), False),
        (verdict(TURNED, 1), verdict(USUAL | {"apex_below": -0.3}, 0), False),
        (verdict(TURNED, 1), verdict(USUAL | {"axis_from_mean_deg": 60.0}, 0), False),
        (verdict(TURNED, 1), verdict(USUAL | {"apex_over_base": 0.6}, 0), False),
        (verdict(TURNED, 1), NOT_FOUND, False),
    ],
)
def test_what_looks_mirrored(given: Quality, other: Quality, looks: bool) -> None:
    assert looks_mirrored(given, other) is looks


def test_the_reason_can_be_translated() -> None:
    assert is_listed(REASON)
