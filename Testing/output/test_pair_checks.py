"""Pairs that do not belong together are told in words; those that do are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io.study_identity import UNKNOWN
from MSSTUNetReorientLib.io.study_identity import StudyIdentity
from MSSTUNetReorientLib.output.pair_checks import Side
from MSSTUNetReorientLib.output.pair_checks import incomparable_volumes
from MSSTUNetReorientLib.output.pair_checks import pair_warnings
from MSSTUNetReorientLib.output.pair_checks import pose_difference
from MSSTUNetReorientLib.prediction.qc import Quality
from pairs import SAME
from pairs import result_of
from pairs import side
from results import make_result

RESULT = result_of()


def warnings(stress: dict[str, Any], rest: dict[str, Any]) -> tuple[str, ...]:
    return pair_warnings(side(RESULT, **stress), side(RESULT, **rest))


def only(found: tuple[str, ...]) -> str:
    (sentence,) = found
    return sentence


def test_a_pair_that_belongs_together_has_no_warning() -> None:
    stated = {"tracer": "Tc-99m", "gates": 8, "gate": "sum", "patient_position": "HFS", "attenuation_corrected": False}
    stress, rest = {"study_phase": "stress", **stated}, {"study_phase": "rest", **stated, "tracer": "Tc-99m sestamibi"}
    assert warnings(stress, rest) == ()
    assert pair_warnings(side(RESULT, UNKNOWN), side(RESULT, UNKNOWN)) == ()


@pytest.mark.parametrize(
    ("stress", "rest", "words"),
    [
        ({"study_phase": "rest"}, {"study_phase": "stress"}, "probably swapped"),
        ({"study_phase": "rest"}, {}, "given as stress states that it is a rest study"),
        ({"study_phase": "rest"}, {"study_phase": "rest"}, "given as stress states that it is a rest study"),
        ({}, {"study_phase": "stress"}, "given as rest states that it is a stress study"),
        ({"tracer": "Tc-99m sestamibi"}, {"tracer": "Tl-201"}, "Tc-99m sestamibi at stress, Tl-201 at rest"),
        ({"tracer": "Tc-99m sestamibi"}, {"tracer": "Tc-99m tetrofosmin"}, "tracers differ"),
        ({"modality": "PT"}, {"modality": "NM"}, "One study is SPECT and the other PET"),
        ({"attenuation_corrected": True}, {"attenuation_corrected": False}, "corrected in the stress study only:"),
        ({}, {"attenuation_corrected": True}, "rest study only, which the stress study does not state"),
        ({"camera": "parallel-hole"}, {"camera": "czt"}, "different cameras"),
        ({"sex": "F"}, {"sex": "M"}, "different sex"),
        ({"gates": 8, "gate": "sum"}, {}, "Only the stress study is gated"),
        ({"gates": 8, "gate": 1}, {"gates": 8, "gate": "sum"}, "different parts of the heart beat"),
        ({"patient_position": "FFP"}, {"patient_position": "FFS"}, "position of the patient"),
    ],
)
def test_what_the_headers_state(stress: dict[str, Any], rest: dict[str, Any], words: str) -> None:
    assert words in only(warnings(stress, rest))


def test_two_patients_are_told_apart_and_not_named() -> None:
    other = replace(SAME, patient="b" * 12)
    sentence = only(pair_warnings(side(RESULT), side(RESULT, other)))
    assert sentence == "The headers state two different patients."
    assert pair_warnings(side(RESULT), side(RESULT, replace(SAME, patient=""))) == ()


def acquired(hour: int, injected: int, dose: float | None = None, day: int = 1) -> StudyIdentity:
    time, given = datetime(2026, 1, day, hour), datetime(2026, 1, day, injected)
    return replace(SAME, acquired=time, injected=given, dose=dose)


def test_redistribution_follows_stress() -> None:
    first, later = acquired(9, 8), acquired(13, 8)
    assert pair_warnings(side(RESULT, first), side(RESULT, later)) == ()
    assert "same injection" in only(pair_warnings(side(RESULT, later), side(RESULT, first)))


@pytest.mark.parametrize(
    ("second", "tracer", "warned"),
    [
        (acquired(13, 12, 300), "Tc-99m sestamibi", True),
        (acquired(13, 12, 900), "Tc-99m sestamibi", False),
        (acquired(13, 12, 300), "Rb-82", False),
        (acquired(13, 12, 300, day=3), "Tc-99m sestamibi", False),
        (acquired(13, 12, None), "Tc-99m sestamibi", False),
    ],
)
def test_a_first_injection_that_shines_through(second: StudyIdentity, tracer: str, warned: bool) -> None:
    first = acquired(9, 8, 300)
    found = pair_warnings(side(RESULT, first, tracer=tracer), side(RESULT, second, tracer=tracer))
    assert [("still in the image" in sentence) for sentence in found] == [True] * warned


def test_voxels_that_differ() -> None:
    grid = RESULT.study.grid
    other = Grid(grid.size, grid.spacing * 1.3, grid.origin * 1.3 - 0.3 * RESULT.pose.centre)
    rest = replace(RESULT, study=Volume(RESULT.study.array, other, RESULT.study.info))
    assert "The voxels differ: 5 x 5 x 6 mm at stress, 6.5 x 6.5 x 7.8 mm at rest." in pair_warnings(
        side(RESULT), side(rest)
    )


def turned(correction: Correction) -> Side:
    return side(replace(RESULT, pose=RESULT.pose.corrected(correction)))


def test_pose_difference_by_hand() -> None:
    """Bounds of 3 and 3 degrees with 6 of motion, by their squares; 4 and 4 mm with 15."""
    found = pose_difference(side(RESULT), turned(Correction(swing=9.0, basal=7.0)))
    assert found.axis_deg == pytest.approx(9.0)
    assert found.axis_limit_deg == pytest.approx(np.sqrt(9 + 9 + 36))
    assert found.centre_mm == pytest.approx(7.0)
    assert found.centre_limit_mm == pytest.approx(np.sqrt(16 + 16 + 225))
    assert found.one_frame


@pytest.mark.parametrize(
    ("correction", "words"),
    [
        (Correction(tilt=7.0), None),
        (Correction(roll=40.0), None),
        (Correction(tilt=7.6), "The long axes differ by 8 degrees"),
        (Correction(inferior=15.9), None),
        (Correction(inferior=16.2), "The LV centres lie 16 mm apart in the patient"),
    ],
)
def test_poses_that_differ_by_more_than_motion_explains(correction: Correction, words: str | None) -> None:
    found = pair_warnings(side(RESULT), turned(correction))
    assert len(found) == (words is not None)
    assert (words or "") in "".join(found)


def test_a_patient_who_lay_down_again_is_compared_from_the_middle_of_the_field() -> None:
    """The table's zero is elsewhere: 300 mm between the centres, none from the middles of the fields."""
    grid, far = RESULT.study.grid, np.array([0.0, 0.0, 300.0])
    study = Volume(RESULT.study.array, Grid(grid.size, grid.spacing, grid.origin + far), RESULT.study.info)
    rest = replace(RESULT, study=study, pose=type(RESULT.pose)(RESULT.pose.rotation, RESULT.pose.centre + far))
    again = side(rest, replace(SAME, frame="1.2.4"))
    assert pose_difference(side(RESULT), again).centre_mm == pytest.approx(0.0)
    assert pair_warnings(side(RESULT), again) == ()
    assert "300 mm apart in the patient" in only(pair_warnings(side(RESULT), side(rest)))


def test_poses_of_a_study_that_fails_are_not_compared() -> None:
    failed = side(make_result(quality=Quality("fail")))
    assert not any("axes" in sentence for sentence in pair_warnings(side(RESULT), failed))


def test_volumes_of_one_gate_and_of_a_sum_cannot_be_divided() -> None:
    assert incomparable_volumes(side(RESULT, gates=8, gate="sum"), side(RESULT)) == ""
    assert incomparable_volumes(side(RESULT, gates=8, gate=3), side(RESULT, gates=8, gate=3)) == ""
    assert "single gate" in incomparable_volumes(side(RESULT, gates=8, gate=3), side(RESULT))
    assert "SPECT and the other PET" in incomparable_volumes(side(RESULT, modality="PT"), side(RESULT, modality="NM"))
    assert incomparable_volumes(side(RESULT, modality="unknown"), side(RESULT, modality="NM")) == ""
    one, other = (side(RESULT, replace(UNKNOWN, patient=name)) for name in ("a", "b"))
    assert "two different patients" in incomparable_volumes(one, other)
    assert incomparable_volumes(one, one) == ""
