"""Scores and extents against numbers worked out by hand, and the reasons for withheld figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.perfusion.figure import CUT_OFF
from MSSTUNetReorientLib.perfusion.figure import NO_VERDICT
from MSSTUNetReorientLib.perfusion.quantification import FIGURES
from MSSTUNetReorientLib.perfusion.quantification import NO_DEFECT
from MSSTUNetReorientLib.perfusion.quantification import NO_LIMITS
from MSSTUNetReorientLib.perfusion.quantification import NO_MAXIMUM
from MSSTUNetReorientLib.perfusion.quantification import NO_MYOCARDIUM
from MSSTUNetReorientLib.perfusion.quantification import Perfusion
from MSSTUNetReorientLib.perfusion.quantification import quantify
from MSSTUNetReorientLib.perfusion.scores import class_of
from MSSTUNetReorientLib.perfusion.scores import score
from numpy.typing import NDArray
from walls import BASE_MM
from walls import LENGTH_MM
from walls import POSE
from walls import RADIUS_MM
from walls import changed
from walls import places
from walls import wall
from walls import without

from perfusion.flat_limits import flat_limits

Array = NDArray[np.float64]


LIMITS = flat_limits(mean=100.0, limit=75.0)
"""Every healthy wall has 100 %, and is abnormal below 75."""


@pytest.mark.parametrize(
    ("percent", "points"),
    [(100, 0), (60, 0), (59.9, 1), (54, 1), (53.9, 2), (48, 2), (47.9, 3), (36, 3), (35.9, 4), (0, 4)],
)
def test_score_of_a_segment(percent: float, points: int) -> None:
    """The limit is 60 %; 90, 80 and 60 % of it are 54, 48 and 36."""
    assert score(percent, 60.0) == points


@pytest.mark.parametrize(
    ("summed", "name"),
    [
        (0, "normal"),
        (3, "normal"),
        (4, "mild"),
        (8, "mild"),
        (9, "moderate"),
        (13, "moderate"),
        (14, "severe"),
        (68, "severe"),
    ],
)
def test_class_of_a_summed_score(summed: int, name: str) -> None:
    assert class_of(summed) == name


def cold_cylinder(height: Array, angle: Array) -> Array:
    """5 % on the inferior half of the cylinder, 180 to 360 degrees, from 10 mm above its lower end."""
    return np.where((height * LENGTH_MM > RADIUS_MM + 10) & (angle >= 180), 5.0, 100.0)


RIM_MM = 6.0
"""Wall at its basal end that counts in no figure."""
COLD_CM2 = np.pi * RADIUS_MM * (BASE_MM - RIM_MM - 10) / 100
COUNTED_CM2 = 2 * np.pi * RADIUS_MM * (LENGTH_MM - RIM_MM) / 100


def test_burden_and_extent_are_the_area_drawn_cold() -> None:
    scores = quantify(*wall(cold_cylinder, spacing=1.5), verdict="pass", limits=LIMITS).scores
    assert scores is not None
    share = 100 * COLD_CM2 / COUNTED_CM2
    assert scores.scar_percent == pytest.approx(share, abs=1.0)
    assert scores.below.percent == pytest.approx(share, abs=1.5)
    assert scores.below.cm2 == pytest.approx(COLD_CM2, rel=0.06)


def test_severity_and_deficit_by_hand() -> None:
    """At 5 %, 7.6 SDs of 12.5 below the mean; the limit is 75, and 5 is 93 % below it, more than the full 70 %."""
    scores = quantify(*wall(cold_cylinder, spacing=1.5), verdict="pass", limits=LIMITS).scores
    assert scores is not None
    assert scores.below.severity_sd == pytest.approx(7.6, abs=0.3)
    assert scores.below.deficit_percent == pytest.approx(scores.below.percent, abs=1.5)


def test_a_half_depth_has_half_the_deficit() -> None:
    """48.75 % is 35 % below a limit of 75: half of the full depth."""
    counts = wall(lambda h, a: np.where(cold_cylinder(h, a) < 50, 48.75, 100.0), spacing=1.5)
    scores = quantify(*counts, verdict="pass", limits=LIMITS).scores
    assert scores is not None
    assert scores.below.deficit_percent == pytest.approx(50 * COLD_CM2 / COUNTED_CM2, abs=1.0)


def test_a_mild_defect_is_defect_and_no_scar() -> None:
    counts = wall(lambda h, a: np.where(cold_cylinder(h, a) < 50, 60.0, 100.0))
    scores = quantify(*counts, verdict="pass", limits=LIMITS).scores
    assert scores is not None
    assert scores.scar_percent == 0
    assert scores.below.percent == pytest.approx(100 * COLD_CM2 / COUNTED_CM2, abs=2.0)


def test_surface_without_limits_is_not_judged() -> None:
    """Limits from half the height upward: of 28.5 mm there, 25 mm of the inferior half are cold."""
    limits = flat_limits(mean=100.0, limit=75.0, from_height=0.5)
    scores = quantify(*wall(cold_cylinder, spacing=1.5), verdict="pass", limits=limits).scores
    assert scores is not None
    middle = LENGTH_MM / 2
    share = 50 * (BASE_MM - RIM_MM - 10) / (LENGTH_MM - RIM_MM - middle)
    assert scores.below.percent == pytest.approx(share, abs=1.5)


def basal_inferior_half(height: Array, angle: Array) -> Array:
    """20 % in segments 3, 4, 5 and 55 % in 10, drawn; their means are higher, as their rims are interpolated."""
    deep = (height > 0.65) & (angle >= 180)
    mild = (height > 0.3) & (height <= 0.65) & (angle >= 240) & (angle <= 300)
    return np.where(deep, 20.0, np.where(mild, 55.0, 100.0))


def test_summed_score_and_territories_by_hand() -> None:
    """The limit is 75 %: three segments below 45 % score 4 each, one between 45 and 60 % scores 3."""
    found = quantify(*wall(basal_inferior_half, spacing=1.5), verdict="pass", limits=LIMITS)
    scores = found.scores
    assert scores is not None
    given = {n + 1: s for n, s in enumerate(scores.segments) if s}
    assert given == {3: 4, 4: 4, 5: 4, 10: 3}
    assert scores.summed == 15
    assert scores.severity_class == "severe"
    assert scores.percent_of_myocardium == pytest.approx(100 * 15 / 68)
    assert scores.territories == {"LAD": 0, "LCX": 4, "RCA": 11}
    assert found.as_dict()["severity_class"] == "severe"


def test_a_normal_wall_scores_nothing() -> None:
    found = quantify(*wall(), verdict="pass", limits=LIMITS)
    assert {name: f.value for name, f in found.figures.items() if f.value != 0} == {"defect_severity_sd": None}
    assert found.figures["defect_severity_sd"].reason == NO_DEFECT
    assert found.notes == ()


def test_without_limits_the_map_stays_and_the_scores_are_withheld() -> None:
    found = quantify(*wall(), verdict="pass")
    assert found.map is not None
    assert found.scores is None
    figures = found.figures
    assert figures.pop("scar_burden_percent").value == 0  # needs no limits
    assert all(f.value is None and f.reason == NO_LIMITS for f in figures.values())
    assert found.as_dict()["limits"] is None
    assert found.as_dict()["scores_withheld"] == NO_LIMITS


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_less_uptake_never_scores_less(first: float, second: float, limit: float) -> None:
    low, high = sorted((first, second))
    assert score(low, limit) >= score(high, limit)


def all_withheld(found: Perfusion, reason: str) -> bool:
    figures = found.figures
    content = found.as_dict()
    return (
        tuple(figures) == FIGURES
        and all(f.value is None and f.reason == reason for f in figures.values())
        and content["segments"] == []
        and content["withheld"] == reason
    )


def test_everything_is_withheld_with_its_reason() -> None:
    study = wall()
    nothing = without(study, np.ones(study[1].array.shape, dtype=bool))
    dark = changed(study, np.zeros(study[0].array.shape))
    assert all_withheld(quantify(*nothing, verdict="review"), NO_MYOCARDIUM)
    assert all_withheld(quantify(*study, verdict="pass", cut_off=True), CUT_OFF)
    assert all_withheld(quantify(*study, verdict="fail"), NO_VERDICT)
    assert all_withheld(quantify(*dark, verdict="pass"), NO_MAXIMUM)


def test_every_figure_carries_the_word_review() -> None:
    content = quantify(*wall(), verdict="review", limits=LIMITS).as_dict()
    assert content["verdict"] == "review"
    assert {f["verdict"] for f in content["figures"].values()} == {"review"}


def test_a_sum_that_lacks_a_segment_is_withheld_and_names_it() -> None:
    study = wall()
    _, height, angle = places(POSE.apply_inverse(study[0].grid.points()))
    found = quantify(*without(study, (height > 0.7) & (angle > 120) & (angle < 180)), verdict="pass", limits=LIMITS)
    figures = found.figures
    for name in ("summed_score", "percent_of_myocardium", "summed_score_lad"):
        assert figures[name].value is None
        assert figures[name].reason == "there is too little wall to measure, or no normal limit, in segment 2"
    assert figures["summed_score_rca"].value == 0
    assert figures["scar_burden_percent"].value == 0
    assert found.as_dict()["segments"][1]["score"] is None
    assert found.as_dict()["segments"][1]["percent"] is None


def test_hot_neighbours_are_named() -> None:
    study = wall()
    points = POSE.apply_inverse(study[0].grid.points())
    gut = 400 * np.exp(-np.sum((points - [0.0, 50.0, 5.0]) ** 2, axis=-1) / 128)
    notes = quantify(*changed(study, study[0].array + gut), verdict="pass").notes
    assert len(notes) == 1
    assert "10" in notes[0]
    assert "the wall there is left out" in notes[0]


def test_scar_burden_needs_no_limits() -> None:
    study = cold_sector()
    with_limits = quantify(*study, verdict="review", limits=LIMITS).figures["scar_burden_percent"]
    assert quantify(*study, verdict="review").figures["scar_burden_percent"] == with_limits
    assert with_limits.value is not None
    assert with_limits.value > 10


def cold_sector() -> tuple[Volume, Volume, Pose]:
    """A wall with 20 % of its counts in a third."""
    study = wall()
    _, _, angle = places(POSE.apply_inverse(study[0].grid.points()))
    return changed(study, study[0].array * np.where((angle > 200) & (angle < 320), 0.2, 1.0))


def test_a_hot_spot_on_the_wall_is_told() -> None:
    """Gut on the inferior wall, three times as hot; a defect of a third of the wall is none."""
    study = wall()
    points = POSE.apply_inverse(study[0].grid.points())
    spot = 300 * np.exp(-np.sum((points - [0.0, RADIUS_MM, 20.0]) ** 2, axis=-1) / (2 * 12.0**2))
    found = quantify(*changed(study, study[0].array + spot), verdict="pass", limits=LIMITS)
    assert any("a hot spot such as gut" in note for note in found.notes)
    defect = quantify(*cold_sector(), verdict="pass", limits=LIMITS)
    assert defect.scores is not None
    assert defect.notes == ()


def test_content_is_strict_json() -> None:
    content = quantify(*wall(basal_inferior_half), verdict="pass", limits=LIMITS).as_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert [s["number"] for s in content["segments"]] == list(range(1, 18))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.3), st.sampled_from([-1.0, 0.0, 1e-30, 1.0, 1e30]))
def test_no_labels_and_no_counts_are_an_error(seed: int, share: float, unit: float) -> None:
    """Scattered voxels, negative and huge counts: figures or reasons, never an exception and never a number that is
    none."""
    random = np.random.default_rng(seed)
    grid = Grid.centred(24, 6.0, POSE)
    labels = (random.random((24,) * 3) < share).astype(np.uint8)
    counts = Volume((unit * random.random((24,) * 3)).astype(np.float32), grid)
    found = quantify(counts, Volume(labels, grid), POSE, verdict="review", limits=LIMITS)
    json.dumps(found.as_dict(), allow_nan=False)
    assert all((figure.value is None) == bool(figure.reason) for figure in found.figures.values())


@pytest.mark.real_data
def test_real_hearts_are_plausible(shared_data: Path) -> None:
    """Contours drawn by hand: a value in every segment, the hottest near the maximum, none dark."""
    images = sorted((shared_data / "lvseg_short_axis").rglob("*_g01_image.nrrd"))[:8]
    assert images
    for path in images:
        counts = read_study(path)
        labels = read_study(path.with_name(path.name.replace("_image", "_label")))
        inside = np.argwhere(labels.array > 0)[:, ::-1]
        pose = Pose(counts.grid.direction, labels.grid.at(inside.mean(axis=0)))
        found = quantify(counts, Volume(labels.array.astype(np.uint8), labels.grid), pose, verdict="pass")
        assert found.map is not None, path.name
        segments = found.map.segments
        assert np.isfinite(segments).sum() >= 15, path.name
        assert 80 < np.nanmax(segments) <= 100, path.name
        assert np.nanmin(segments) > 10, path.name
        assert found.map.maximum <= counts.array.max(), path.name
