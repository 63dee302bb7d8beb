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
from MSSTUNetReorientLib.perfusion.quantification import CUT_OFF
from MSSTUNetReorientLib.perfusion.quantification import FIGURES
from MSSTUNetReorientLib.perfusion.quantification import NO_MAXIMUM
from MSSTUNetReorientLib.perfusion.quantification import NO_MYOCARDIUM
from MSSTUNetReorientLib.perfusion.quantification import NO_VERDICT
from MSSTUNetReorientLib.perfusion.quantification import Perfusion
from MSSTUNetReorientLib.perfusion.quantification import quantify
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

Array = NDArray[np.float64]


@pytest.mark.parametrize(
    ("percent", "points"),
    [(100, 0), (70, 0), (69.9, 1), (50, 1), (49.9, 2), (30, 2), (29.9, 3), (10, 3), (9.9, 4), (0, 4)],
)
def test_score_of_a_segment(percent: float, points: int) -> None:
    assert score(percent) == points


def cold_cylinder(height: Array, angle: Array) -> Array:
    """5 % on the inferior half of the cylinder, 180 to 360 degrees, from 10 mm above its lower end."""
    return np.where((height * LENGTH_MM > RADIUS_MM + 10) & (angle >= 180), 5.0, 100.0)


RIM_MM = 6.0
"""Wall at its basal end that counts in no figure."""
COLD_CM2 = np.pi * RADIUS_MM * (BASE_MM - RIM_MM - 10) / 100
COUNTED_CM2 = 2 * np.pi * RADIUS_MM * (LENGTH_MM - RIM_MM) / 100


def test_scar_burden_is_the_area_drawn_cold() -> None:
    scores = quantify(*wall(cold_cylinder, spacing=1.5), verdict="pass").scores
    assert scores is not None
    assert scores.scar_percent == pytest.approx(100 * COLD_CM2 / COUNTED_CM2, abs=1.0)
    assert scores.defect_percent == pytest.approx(100 * COLD_CM2 / COUNTED_CM2, abs=1.5)
    assert scores.defect_cm2 == pytest.approx(COLD_CM2, rel=0.06)


def test_a_mild_defect_is_defect_and_no_scar() -> None:
    scores = quantify(*wall(lambda h, a: np.where(cold_cylinder(h, a) < 50, 60.0, 100.0)), verdict="pass").scores
    assert scores is not None
    assert scores.scar_percent == 0
    assert scores.defect_percent == pytest.approx(100 * COLD_CM2 / COUNTED_CM2, abs=2.0)


def basal_inferior_half(height: Array, angle: Array) -> Array:
    """10 % in segments 3, 4, 5 and 40 % in 10, drawn; their means are higher, as their rims are interpolated."""
    deep = (height > 0.65) & (angle >= 180)
    mild = (height > 0.3) & (height <= 0.65) & (angle >= 240) & (angle <= 300)
    return np.where(deep, 10.0, np.where(mild, 40.0, 100.0))


def test_summed_score_and_territories_by_hand() -> None:
    """Three segments of 10 to 30 % score 3 each, one of 30 to 50 % scores 2: 11, of which RCA 3 + 3 + 2, LCX 3."""
    scores = quantify(*wall(basal_inferior_half), verdict="pass").scores
    assert scores is not None
    given = {n + 1: s for n, s in enumerate(scores.segments) if s}
    assert given == {3: 3, 4: 3, 5: 3, 10: 2}
    assert scores.summed == 11
    assert scores.percent_of_myocardium == pytest.approx(100 * 11 / 68)
    assert scores.territories == {"LAD": 0, "LCX": 3, "RCA": 8}


def test_a_normal_wall_scores_nothing() -> None:
    found = quantify(*wall(), verdict="pass")
    assert {f.value for f in found.figures.values()} == {0}
    assert found.notes == ()


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
    content = quantify(*wall(), verdict="review").as_dict()
    assert content["verdict"] == "review"
    assert {f["verdict"] for f in content["figures"].values()} == {"review"}


def test_a_sum_that_lacks_a_segment_is_withheld_and_names_it() -> None:
    study = wall()
    _, height, angle = places(POSE.apply_inverse(study[0].grid.points()))
    found = quantify(*without(study, (height > 0.7) & (angle > 120) & (angle < 180)), verdict="pass")
    figures = found.figures
    for name in ("summed_score", "percent_of_myocardium", "summed_score_lad"):
        assert figures[name].value is None
        assert figures[name].reason == "there is too little wall to measure in segment 2"
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


def test_content_is_strict_json() -> None:
    content = quantify(*wall(basal_inferior_half), verdict="pass").as_dict()
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
    found = quantify(counts, Volume(labels, grid), POSE, verdict="review")
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
