"""Each rule of the verdict, broken one at a time on a result that passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.prediction import qc
from phantoms import cup
from scipy import ndimage

POSE = Pose(MEAN_ROTATION, np.array([20.0, -10.0, 300.0]))
STUDY_GRID = Grid((64, 64, 50), np.full(3, 5.0), np.array([-137.5, -167.5, 177.5]))


def labels(array: np.ndarray | None = None, pose: Pose = POSE) -> Volume:
    from scipy.spatial.transform import Rotation

    values = cup(Rotation.identity()) if array is None else array
    return Volume(values, Grid.centred(63, 3.0, pose))


def study(source: Volume, spot: float = 0.0) -> Volume:
    """Bright wall on a dim ground, and if asked a hot spot below the inferior wall."""
    wall = Volume((source.array == MYOCARDIUM).astype(np.float32) * 100, source.grid)
    counts = ndimage.gaussian_filter(resample(wall, STUDY_GRID, order=1).array, 0.8) + 8.0
    if spot:
        at = np.rint(STUDY_GRID.index_of(source.grid.at([31, 31 + 18, 31]))).astype(int)
        counts[at[2] - 1 : at[2] + 2, at[1] - 1 : at[1] + 2, at[0] - 1 : at[0] + 2] = spot
    return Volume(counts.astype(np.float32), STUDY_GRID)


def verdict(
    answer: Volume,
    counts: Volume,
    *,
    presence: float = 0.99,
    spread: float = 1.0,
    disagreement: float = 2.0,
    septum: float = 171.0,
    pose: Pose = POSE,
) -> qc.Quality:
    sa = resample(counts, answer.grid)
    return qc.assess(
        counts, sa, answer, pose, presence=presence, axis_spread_deg=spread, axis_disagreement_deg=disagreement,
        cup_residual_mm=0.7, label_softness=1.1, septum_seen_deg=septum,
    )  # fmt: skip


def test_a_good_answer_passes_without_reasons() -> None:
    quality = verdict(labels(), study(labels()))
    assert (quality.status, quality.reasons) == ("pass", ())
    assert quality.measures["axis_disagreement_deg"] == 2.0


def test_no_ventricle_fails() -> None:
    empty = labels(np.zeros((63, 63, 63), np.uint8))
    quality = verdict(empty, study(labels()))
    assert quality.status == "fail"
    assert "No left ventricle" in quality.reasons[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"presence": 0.3}, "doubts that this is a left ventricle"),
        ({"spread": 9.0}, "varies by 9 degrees"),
        ({"disagreement": 16.0}, "differs from the network's by 16"),
        ({"disagreement": np.nan}, "could not be checked"),
    ],
)
def test_the_networks_own_doubts_are_told(change: dict[str, float], words: str) -> None:
    quality = verdict(labels(), study(labels()), **change)
    assert quality.status == "review"
    assert words in quality.reasons[0]


def test_hot_neighbour() -> None:
    quality = verdict(labels(), study(labels(), spot=900.0))
    assert any("beside the heart" in reason for reason in quality.reasons)


def test_contrast() -> None:
    flat = study(labels())
    quality = verdict(labels(), Volume(flat.array * 0.02 + 50, flat.grid))
    assert any("hardly brighter" in reason for reason in quality.reasons)


def test_cut_by_the_field_of_view() -> None:
    counts = study(labels())
    middle = int(STUDY_GRID.index_of(POSE.centre)[2])
    grid = Grid((64, 64, middle + 2), STUDY_GRID.spacing, STUDY_GRID.origin)
    quality = verdict(labels(), Volume(counts.array[: middle + 2], grid))
    assert any("edge of the field of view" in reason for reason in quality.reasons)
    assert quality.measures["cut_share"] == pytest.approx(0.4, abs=0.2)


def test_a_cavity_of_exact_zeros_is_not_cut() -> None:
    answer, counts = labels(), study(labels())
    pool = resample(Volume((answer.array == BLOOD_POOL).astype(np.float32), answer.grid), STUDY_GRID, order=1).array
    emptied = np.where(pool > 0.5, 0, counts.array).astype(np.float32)
    assert (emptied == 0).sum() > 100
    assert qc.cut_share(Volume(emptied, STUDY_GRID), answer) == 0


def test_zeros_that_reach_the_border_are_cut() -> None:
    answer, counts = labels(), study(labels())
    right_half = STUDY_GRID.points()[..., 0] < POSE.centre[0]
    half = np.where(right_half, 0, counts.array).astype(np.float32)
    x = answer.grid.points()[answer.array > 0][:, 0]
    expected = float((x < POSE.centre[0]).mean())
    assert qc.cut_share(Volume(half, STUDY_GRID), answer) == pytest.approx(expected, abs=0.08)


@pytest.mark.parametrize("layer", [0, -1])
@pytest.mark.parametrize("axis", range(3))
def test_the_outermost_layer_on_each_side_is_cut(axis: int, layer: int) -> None:
    """A labelled block that reaches from the border three voxels inwards: one third of it, and what is beyond."""
    grid = Grid((20, 22, 24), [5.0, 4.0, 3.0], [7.0, 8.0, 9.0], MEAN_ROTATION)
    block = np.zeros(grid.size[::-1], np.uint8)
    inner = [slice(8, 14)] * 3
    inner[axis] = slice(0, 3) if layer == 0 else slice(-3, None)
    block[tuple(inner)] = 1
    full = Volume(np.ones(block.shape, np.float32), grid)
    assert qc.cut_share(full, Volume(block, grid)) == pytest.approx(1 / 3)
    inner[axis] = slice(1, 4) if layer == 0 else slice(-4, -1)
    within = np.zeros_like(block)
    within[tuple(inner)] = 1
    assert qc.cut_share(full, Volume(within, grid)) == 0
    away = np.zeros(3)
    away[2 - axis] = -2 if layer == 0 else 2
    beyond = Grid(grid.size, grid.spacing, grid.at(away), grid.direction)
    assert qc.cut_share(full, Volume(block, beyond)) == pytest.approx(1.0)


def test_contrast_and_hot_neighbour_are_those_of_scipys_neighbourhood() -> None:
    """The ring from 6 to 25 mm round the LV; its brightest 2 ml, over the wall's 95th centile."""
    answer = labels()
    counts = np.random.default_rng(0).gamma(2.0, 10.0, answer.array.shape).astype(np.float32)
    measures = verdict(answer, study(answer)).measures.keys()
    assert {"contrast", "hot_neighbour"} <= set(measures)
    found = qc._count_measures(Volume(counts, answer.grid), answer)
    lv, wall = answer.array > 0, answer.array == MYOCARDIUM
    outer, gap = (ndimage.binary_dilation(lv, np.ones((2 * n + 1,) * 3)) for n in (8, 2))  # voxels of 3 mm
    ring = np.sort(counts[outer & ~gap])
    assert found["contrast"] == pytest.approx(counts[wall].mean() / ring.mean(), rel=1e-5)
    brightest = ring[-74:].mean()  # 2 ml are 74 voxels of 0.027 ml
    assert found["hot_neighbour"] == pytest.approx(brightest / np.percentile(counts[wall], 95), rel=1e-5)


def test_less_than_ten_millilitres_are_no_ventricle() -> None:
    answer = labels()
    where = np.flatnonzero(answer.array)
    for number, status in ((370, "fail"), (371, "review")):  # of 0.027 ml
        few = np.zeros(answer.array.size, np.uint8)
        few[where[:number]] = MYOCARDIUM
        assert verdict(replace(answer, array=few.reshape(answer.array.shape)), study(answer)).status == status


@pytest.mark.parametrize(
    ("value", "array_value", "words"), [(BLOOD_POOL, MYOCARDIUM, "blood pool is 0 ml"), (MYOCARDIUM, 0, "myocardium")]
)
def test_implausible_volumes(value: int, array_value: int, words: str) -> None:
    answer = labels()
    changed = answer.array.copy()
    changed[changed == value] = array_value
    quality = verdict(replace(answer, array=changed), study(answer))
    assert any(words in reason for reason in quality.reasons)


def test_what_the_reader_doubts_is_a_reason() -> None:
    counts = study(labels())
    doubtful = replace(counts, info={"warnings": ["The header contradicts itself."]})
    quality = verdict(labels(), doubtful)
    assert (quality.status, quality.reasons) == ("review", ("The header contradicts itself.",))


def tilted(degrees: float) -> Pose:
    """The mean pose with its apex lower, or higher where negative."""
    return POSE.corrected(Correction(tilt=degrees))


def mirrored_axis() -> Pose:
    return Pose(rotation_from_long_axis(MEAN_ROTATION[:, 2] * [-1, 1, 1]), POSE.centre)


def rolled(degrees: float) -> Pose:
    clinic = Pose(rotation_from_long_axis(MEAN_ROTATION[:, 2]), POSE.centre)
    return clinic.corrected(Correction(roll=degrees))


@pytest.mark.parametrize(
    ("pose", "words"),
    [
        (tilted(46.0), "from that of the mean heart"),
        (tilted(-40.0), "apex is above the base"),
        (mirrored_axis(), "dextrocardia"),
        (rolled(30.5), "rolled by"),
    ],
)
def test_a_pose_that_no_heart_has(pose: Pose, words: str) -> None:
    answer = labels(pose=pose)
    quality = verdict(answer, study(answer), pose=pose)
    assert quality.status == "review"
    assert any(words in reason for reason in quality.reasons), quality.reasons


@pytest.mark.parametrize("pose", [tilted(20.0), tilted(-20.0), rolled(29.5), rolled(-29.5)])
def test_a_pose_that_hearts_have(pose: Pose) -> None:
    answer = labels(pose=pose)
    assert verdict(answer, study(answer), pose=pose).status == "pass"


def test_a_study_that_states_another_axis() -> None:
    answer, counts = labels(), study(labels())
    for degrees, status in ((9.0, "pass"), (11.0, "review")):
        axis = POSE.corrected(Correction(tilt=degrees)).long_axis.tolist()
        stated = replace(counts, info={"reoriented": {"view": "short axis", "long_axis_lps": axis, "assumed": False}})
        quality = verdict(answer, stated)
        assert (quality.status, quality.measures["stated_axis_deg"]) == (status, pytest.approx(degrees))


def test_wrapped_and_clipped_counts() -> None:
    answer, counts = labels(), study(labels())
    top = counts.array.max()
    wrapped = np.where(counts.array > 0.8 * top, counts.array - 1.6 * top, counts.array)
    assert any("wrapped" in reason for reason in verdict(answer, replace(counts, array=wrapped)).reasons)
    clipped = np.minimum(counts.array, 0.8 * top)
    assert any("clipped" in reason for reason in verdict(answer, replace(counts, array=clipped)).reasons)


E = 1e-6
LIMITS = {
    "presence": (0.5, 0.5 - E),
    "axis_disagreement_deg": (10.0, 10.0 + E),
    "axis_spread_deg": (6.0, 6.0 + E),
    "axis_bound_deg": (12.0, 12.0 + E),
    "myocardium_ml": (70.0, 70.0 - E),
    "blood_pool_ml": (2.0, 2.0 - E),
    "cut_share": (0.02, 0.02 + E),
    "contrast": (1.3, 1.3 - E),
    "hot_neighbour": (1.5, 1.5 + E),
    "axis_from_mean_deg": (45.0, 45.0 + E),
    "apex_left": (0.05, 0.05 - E),
    "apex_below": (-0.1, -0.1 - E),
    "below_over_above": (0.7, 0.7 - E),
    "apex_closed": (0.4, 0.4 - E),
    "base_open": (0.8, 0.8 + E),
    "septum_seen_deg": (140.0, 140.0 - E),
    "apex_over_base": (1.0, 1.0 - E),
    "roll_from_clinic_deg": (30.0, 30.0 + E),
    "stated_axis_deg": (10.0, 10.0 + E),
    "wrapped_voxels": (0.0, 1.0),
    "clipped_ml": (0.0, E),
}
"""Of each rule the last value that passes and the next one that does not, as docs/quality.md says."""


def test_every_rule_has_its_limit_here() -> None:
    assert [name for name, _, _ in qc.RULES] == list(LIMITS)


@pytest.mark.parametrize("rule", qc.RULES, ids=lambda rule: rule[0])
def test_a_rule_breaks_at_its_limit(rule: tuple) -> None:
    name, is_broken, sentence = rule
    inside, outside = LIMITS[name]
    assert not is_broken(inside)
    assert is_broken(outside)
    assert not is_broken(None)  # what was not measured breaks nothing
    assert sentence(outside).endswith(".")


@pytest.mark.parametrize(
    ("name", "inside", "outside"), [("myocardium_ml", 450.0, 450.0 + E), ("blood_pool_ml", 350.0, 350.0 + E),
                                ("septum_seen_deg", 210.0, 210.0 + E)],
)  # fmt: skip
def test_some_measures_have_an_upper_limit_too(name: str, inside: float, outside: float) -> None:
    (is_broken,) = [rule[1] for rule in qc.RULES if rule[0] == name]
    assert not is_broken(inside)
    assert is_broken(outside)
