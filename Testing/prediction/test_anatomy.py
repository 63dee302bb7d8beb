"""Anatomy against hearts whose place is known by hand, and against studies turned and mirrored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_euler
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.prediction import predictor
from MSSTUNetReorientLib.prediction.anatomy import anatomy_measures
from MSSTUNetReorientLib.prediction.anatomy import apex_over_base
from MSSTUNetReorientLib.prediction.anatomy import below_over_above
from MSSTUNetReorientLib.prediction.anatomy import cup_measures
from MSSTUNetReorientLib.prediction.anatomy import short_axis_rotation
from places import REPOSITORY
from results import POSE
from results import make_result
from scipy.spatial.transform import Rotation

SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"


def measures(axis: list[float]) -> dict[str, float]:
    result = make_result(Pose(rotation_from_long_axis(axis), POSE.centre))
    return anatomy_measures(result.study, result.short_axis, result.labels, result.pose)


def test_where_the_apex_lies() -> None:
    # 30 degrees left of anterior, level: base to apex is (0.5, -0.866, 0) in LPS
    found = measures([-0.5, np.sqrt(0.75), 0.0])
    assert found["apex_left"] == pytest.approx(0.5)
    assert found["apex_below"] == pytest.approx(0.0)
    assert found["roll_from_clinic_deg"] == pytest.approx(0.0, abs=1e-6)
    assert measures(MEAN_ROTATION[:, 2].tolist())["axis_from_mean_deg"] == pytest.approx(0.0, abs=1e-6)


def test_roll_is_measured_from_the_clinics() -> None:
    clinic = Pose(rotation_from_long_axis(MEAN_ROTATION[:, 2]), POSE.centre)
    turned = Pose(clinic.rotation @ Rotation.from_rotvec([0, 0, np.deg2rad(-25.0)]).as_matrix(), POSE.centre)
    result = make_result(turned)
    found = anatomy_measures(result.study, result.short_axis, result.labels, turned)
    assert found["roll_from_clinic_deg"] == pytest.approx(25.0)


def test_apex_over_base_of_the_shell_and_of_the_shell_upside_down() -> None:
    result = make_result()
    # results.py: wall 100, cavity 15; the core meets wall at the apex and 15 at the base
    assert apex_over_base(result.short_axis, result.labels) == pytest.approx(100 / 15, rel=0.15)
    upside_down = replace(result.short_axis, array=result.short_axis.array[::-1].copy())
    labels = replace(result.labels, array=result.labels.array[::-1].copy())
    assert apex_over_base(upside_down, labels) == pytest.approx(15 / 100, rel=0.15)


def test_apex_over_base_without_a_ventricle() -> None:
    result = make_result()
    assert np.isnan(apex_over_base(result.short_axis, replace(result.labels, array=result.labels.array * 0)))


@pytest.mark.parametrize(
    ("place", "ratio"),
    [
        ((9, 20, 20), 1.0),  # 4 mm beyond the first labelled slice, 2 voxels
        ((8, 20, 20), 0.5),
        ((10, 20, 25), 1.0),  # 10 mm beside the long axis
        ((10, 20, 26), 0.5),
        ((17, 20, 20), 1.0),  # the last slice of the apical half
        ((18, 20, 20), 0.25),
        ((26, 20, 20), 0.25),
        ((27, 20, 20), 0.5),
    ],
)
def test_ends_are_looked_at_near_the_axis_and_little_beyond(place: tuple[int, int, int], ratio: float) -> None:
    """Slices 11 to 24 are labelled. Apex 1 and base 2 everywhere; one bright voxel doubles the mean of its slice."""
    grid = Grid((41, 41, 41), np.full(3, 2.0), np.zeros(3))
    labels = np.zeros((41, 41, 41), np.uint8)
    labels[11:25, 12:29, 12:29] = 1
    counts = np.ones((41, 41, 41), np.float32)
    counts[18:] = 2.0
    core = 81  # voxels of 2 mm within 10 mm, the edge included
    counts[place] += core * counts[place]
    assert apex_over_base(Volume(counts, grid), Volume(labels, grid)) == pytest.approx(ratio)


def test_the_ends_of_a_cup_are_compared_with_its_middle() -> None:
    """Slices 5 to 34 of 2 mm are wall, and slice k has k counts.

    Middle: slices 15 to 25, median 20; apical cap: 5 to 11, mean 8; basal end: 30 to 34, mean 32.
    """
    grid = Grid((41, 41, 41), np.full(3, 2.0), np.zeros(3))
    labels = np.zeros((41, 41, 41), np.uint8)
    labels[5:35, 12:29, 12:29] = 1
    counts = np.broadcast_to(np.arange(41.0)[:, None, None], (41, 41, 41)).astype(np.float32)
    found = cup_measures(Volume(counts, grid), Volume(labels, grid))
    assert found["apex_closed"] == pytest.approx(8 / 20)
    assert found["base_open"] == pytest.approx(32 / 20)
    beside = counts.copy()
    beside[:, 20, 26:] = 1000.0  # beside the core of 10 mm, but within the wall of the cap
    changed = cup_measures(Volume(beside, grid), Volume(labels, grid))
    assert changed["base_open"] == pytest.approx(found["base_open"])
    assert changed["apex_closed"] > found["apex_closed"]
    nothing = cup_measures(Volume(counts, grid), Volume(labels * 0, grid))
    assert np.isnan(list(nothing.values())).all()


def test_counts_below_the_heart_are_compared_with_those_above_it() -> None:
    """3 below and 2 above, 45 to 100 mm away; all that is nearer, further or more than 130 mm beside does not count."""
    centre = np.array([10.0, -20.0, 300.0])
    grid = Grid.centred(80, 5.0, Pose(np.eye(3), centre))
    x, y, z = np.moveaxis(grid.points() - centre, -1, 0)
    counts = np.where(z < 0, 3.0, 2.0)
    elsewhere = (np.abs(z) < 44.0) | (np.abs(z) > 101.0) | (np.hypot(x, y) > 131.0)
    counts = np.where(elsewhere, np.where(z > 0, 500.0, 0.0), counts)
    study = Volume(counts.astype(np.float32), grid)
    pose = Pose(MEAN_ROTATION, centre)
    assert below_over_above(study, pose) == pytest.approx(1.5)
    short = study.part(np.array([0, 0, 31]), np.array([79, 79, 48]))
    assert np.isnan(below_over_above(short, pose))


@pytest.mark.parametrize(("rise", "asked"), [(0.09, True), (0.11, False), (-0.3, True)])
def test_only_a_flat_heart_is_asked_for_its_liver(rise: float, asked: bool) -> None:
    found = measures([-0.5, np.sqrt(0.75 - rise**2), rise])
    assert ("below_over_above" in found) == asked


@pytest.mark.parametrize(("degrees", "own"), [(7.9, True), (8.3, False)])
def test_slices_that_lie_across_the_stated_axis_are_kept(degrees: float, own: bool) -> None:
    """A cosine of 0.99, which is 8.1 degrees."""
    direction = rotation_from_euler(-1.0, -0.9, 1.1)
    axis = Rotation.from_rotvec(np.deg2rad(degrees) * direction[:, 0]).apply(direction[:, 2])
    found = short_axis_rotation(reoriented(direction, axis.tolist()))
    np.testing.assert_allclose(found, direction if own else rotation_from_long_axis(axis))


def reoriented(direction: np.ndarray, axis: list[float] | None) -> Volume:
    grid = Grid((40, 40, 40), np.full(3, 4.0), np.zeros(3), direction)
    info = {"reoriented": {"view": "short axis", "long_axis_lps": axis, "assumed": False}}
    return Volume(np.ones((40, 40, 40), np.float32), grid, info)


def test_own_axes_of_a_short_axis_study() -> None:
    own = rotation_from_euler(-1.0, -0.9, 1.1)
    np.testing.assert_allclose(short_axis_rotation(reoriented(own, own[:, 2].tolist())), own)
    against = short_axis_rotation(reoriented(own, (-own[:, 2]).tolist()))
    np.testing.assert_allclose(against, rotation_from_long_axis(-own[:, 2]))
    with pytest.raises(InputError, match="states no long axis"):
        short_axis_rotation(reoriented(own, None))


FLIPS = {
    "turned about z": (1, 2),
    "turned about x": (0, 1),
    "turned about y": (0, 2),
    "mirrored left to right": (2,),
    "mirrored front to back": (1,),
}
"""The axes of ``(K, J, I)`` that are reversed."""


def flipped(study: Volume, axes: tuple[int, ...]) -> Volume:
    return replace(study, array=np.flip(study.array, axes).copy())


@pytest.mark.parametrize("name", FLIPS)
def test_the_sample_turned_or_mirrored_does_not_pass(name: str) -> None:
    study = read_study(SAMPLE)
    assert predictor.predict(study).quality.status == "pass"
    assert predictor.predict(flipped(study, FLIPS[name])).quality.status != "pass"


@pytest.mark.parametrize("name", FLIPS)
@pytest.mark.parametrize("path", ["physionet_mps/102843.dcm", "physionet_mps/113412.dcm", "physionet_mps/117076.dcm",
                                  "physionet_mps/118564.dcm", "rimd_projections/stress_osem.nrrd",
                                  "fdg_pet_sts001/thorax.nrrd"])  # fmt: skip
def test_real_studies_turned_or_mirrored_do_not_pass(shared_data: Path, path: str, name: str) -> None:
    study = read_study(shared_data / path)
    assert predictor.predict(flipped(study, FLIPS[name])).quality.status != "pass"


@pytest.mark.parametrize("path", ["physionet_mps/102843.dcm", "physionet_mps/113412.dcm", "physionet_mps/117076.dcm",
                                  "physionet_mps/118564.dcm", "rimd_projections/stress_osem.nrrd",
                                  "fdg_pet_sts001/thorax.nrrd"])  # fmt: skip
def test_real_studies_as_they_are_pass(shared_data: Path, path: str) -> None:
    quality = predictor.predict(read_study(shared_data / path)).quality
    assert (quality.status, quality.reasons) == ("pass", ())


def test_a_short_axis_study_keeps_its_axes() -> None:
    """A short axis made of the sample, read as a study: only its centre is searched."""
    answer = predictor.predict(read_study(SAMPLE))
    upright = answer.short_axis
    axis = upright.grid.direction[:, 2].tolist()
    info = {"kind": "test", "reoriented": {"view": "short axis", "long_axis_lps": axis, "assumed": False}}
    again = predictor.predict(replace(upright, info=info), keep_axes=True)
    np.testing.assert_allclose(again.pose.rotation, upright.grid.direction, atol=1e-9)
    assert again.pose.centre_error(answer.pose) < 3
    assert again.quality.measures["stated_axis_deg"] == pytest.approx(0, abs=1e-6)
    own = resample(answer.labels, again.labels.grid, order=0).array > 0
    found = again.labels.array > 0
    assert 2 * (found & own).sum() / (found.sum() + own.sum()) > 0.9
