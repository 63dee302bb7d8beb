"""The polar map beside the views: the command line's numbers, at every pose, in every colour, under the cursor."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import short_axis_grid
from MSSTUNetReorientLib.output.normals_file import shipped_normals
from MSSTUNetReorientLib.output.perfusion_text import perfusion_of
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.panel.screen.layout_description import POLAR
from MSSTUNetReorientLib.panel.screen.polar_disc import NO_VALUE
from MSSTUNetReorientLib.panel.screen.polar_disc import RADIUS_MM
from MSSTUNetReorientLib.panel.screen.polar_disc import cell_colours
from MSSTUNetReorientLib.panel.screen.polar_disc import page_to_ras
from MSSTUNetReorientLib.panel.screen.slice_view import SliceView
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.state.adjustment import CONTROLS
from MSSTUNetReorientLib.panel.state.live_map import LiveMap
from MSSTUNetReorientLib.perfusion.aha_segments import SEGMENTS
from MSSTUNetReorientLib.perfusion.polar_drawing import middle
from MSSTUNetReorientLib.perfusion.polar_drawing import sample_at
from MSSTUNetReorientLib.perfusion.quantification import quantify
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.colours import TABLES
from MSSTUNetReorientLib.scene.colours import colour_node
from MSSTUNetReorientLib.scene.colours import sampled
from MSSTUNetReorientLib.scene.host import quiet
from MSSTUNetReorientLib.scene.nodes import add_volume
from MSSTUNetReorientLib.scene.slice_views import slice_node
from numpy.typing import NDArray
from results import POSE
from results import make_result

from panel.conftest import FINE
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.slicer_views import SlicerViews
from panel.slicer_views import can_render

REST_NUDGE = Correction(swing=4.0)
CLOSE = 0.02
"""Percent of the maximum: rounding decides whether a ray along a border between voxels is in the wall."""


class RecordingWorker(HandWorker):
    """Remembers its answers."""

    def __init__(self, solve: Callable[[dict[str, Any]], Result] | None = None) -> None:
        super().__init__(solve)
        self.given: list[Result] = []

    def _result(self, request: dict[str, Any]) -> Result:
        self.given.append(super()._result(request))
        return self.given[-1]


@pytest.fixture
def worker() -> RecordingWorker:
    return RecordingWorker()


class BareViews:
    """Slice views that nobody renders: what is drawn is asked of the actors."""

    def __init__(self, *names: str) -> None:
        from vtkmodules.vtkRenderingAnnotation import vtkCornerAnnotation
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self.asked = 0
        self.views = {name: SliceView(vtkRenderer(), vtkCornerAnnotation(), self._ask) for name in names}

    def _ask(self) -> None:
        self.asked += 1

    def __call__(self, name: str) -> SliceView | None:
        return self.views.get(name)


def open_session(scene: Any, worker: HandWorker, delay: HandDelay, *names: str) -> Session:
    return Session(scene, worker, delay, views=BareViews(*names))


@pytest.fixture
def crosshair(scene: Any) -> Any:
    """3D Slicer's own, which has the cursor's place."""
    import slicer

    node = slicer.vtkMRMLCrosshairNode()
    node.SetSingletonTag("default")
    return scene.AddNode(node)


@pytest.fixture
def mapped(scene: Any, study: Any, worker: HandWorker, delay: HandDelay, crosshair: Any) -> Iterator[Session]:
    """A session whose study was run, with a view for the map."""
    session = open_session(scene, worker, delay, POLAR)
    session.choose(study)
    session.review.run()
    worker.answer()
    yield session
    session.close()


def shown(session: Session, n: int = 0) -> Any:
    return session.screen.polar.discs[n].perfusion


def texts(session: Session) -> list[str]:
    return [drawing.text for drawing in session.screen.polar._overlay.drawings if hasattr(drawing, "text")]


def point_at(session: Session, x: float, y: float, n: int = 0, view: str = POLAR) -> None:
    """Move the cursor to a point of a disc of radius 1."""
    node = session.scene.GetSingletonNode(view, "vtkMRMLSliceNode")
    cx, cy = session.screen.polar.discs[n].centre
    ras = page_to_ras(np.array(cx + RADIUS_MM * x), np.array(cy + RADIUS_MM * y))
    matrix = np.array([[node.GetXYToRAS().GetElement(i, j) for j in range(4)] for i in range(4)])
    xyz = np.linalg.inv(matrix) @ [*ras, 1.0]
    session.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode").SetCursorPositionXYZ(xyz[:3].tolist(), node)


def told(session: Session) -> str:
    return str(session.screen.polar._told.text)


# --- the command line's numbers ---


def test_the_map_has_the_numbers_of_the_command_line(mapped: Session) -> None:
    content = summary(make_result(quality=FINE))["perfusion"]
    map_ = shown(mapped).map
    assert map_.maximum == pytest.approx(content["maximum_counts"])
    for segment, percent, mid in zip(content["segments"], map_.segments, map_.mid_wall_segments, strict=True):
        assert segment["percent"] == pytest.approx(round(percent, 1))
        assert segment["mid_wall_percent"] == pytest.approx(round(mid, 1))


def test_predictor_and_panel_agree_on_a_study_of_the_shipped_model(tmp_path: Path) -> None:
    """At the model's pose and, once it was segmented there, at a nudged one."""
    from MSSTUNetReorientLib.geometry.pose import Pose
    from MSSTUNetReorientLib.io import read_study
    from MSSTUNetReorientLib.prediction.predictor import predict
    from MSSTUNetReorientLib.prediction.predictor import segment_at

    study = read_study(Path(__file__).resolve().parents[2] / "Resources" / "SampleData" / "spect_phantom.nrrd")
    results: list[Result] = []

    def solve(request: dict[str, Any]) -> Result:
        pose = request.get("pose")
        results.append(predict(study) if pose is None else segment_at(study, Pose.from_matrix(pose)))
        return results[-1]

    with new_scene() as scene:
        worker, delay = HandWorker(solve), HandDelay()
        session = open_session(scene, worker, delay, POLAR)
        session.choose(add_volume(scene, study, "Sample", float(study.array.max())))
        session.review.run()
        worker.answer()
        for _ in range(2):
            content = summary(results[-1])["perfusion"]["segments"]
            percents = [s["percent"] for s in content]
            np.testing.assert_allclose(shown(session).map.segments.round(1), percents, atol=0.1001)
            np.testing.assert_allclose(
                shown(session).map.segments, perfusion_of(results[-1]).map.segments, atol=1e-3
            )  # fmt: skip
            session.review.nudge("swing", 6.0)
            session.review.nudge("inferior", -3.0)
            delay.rest()
            worker.answer()
        assert len(results) == 2
        session.close()


# --- at every pose ---


def oracle(session: Session) -> Any:
    """The map at the pose as it stands, from the last answer that was taken: its short axis, and its labels moved."""
    record = session.review.record
    at = record.model_pose.corrected(record.labels_at).matrix
    given = session.review.client.worker.given
    segmented = next(r for r in reversed(given) if np.allclose(r.pose.matrix, at, rtol=0.0, atol=1e-9))
    labels = Volume(segmented.labels.array, short_axis_grid(record.pose))
    return quantify(segmented.short_axis, labels, record.pose, verdict=record.quality.status)


def check_map(session: Session) -> None:
    found, expected = shown(session), oracle(session)
    np.testing.assert_allclose(found.map.segments, expected.map.segments, atol=CLOSE)
    apart = np.abs(found.map.percent - expected.map.percent)
    assert np.nanquantile(apart, 0.9) < CLOSE
    assert (np.isnan(found.map.percent) == np.isnan(expected.map.percent)).mean() > 0.995


actions = st.one_of(
    st.tuples(st.sampled_from(CONTROLS), st.floats(-18, 18)),
    st.sampled_from(["undo", "redo", "reset", "standard", "rest", "answer", "accept", "edit", "away", "rows", "again"]),
)


def act(session: Session, worker: HandWorker, delay: HandDelay, action: Any) -> None:
    review = session.review
    calls: dict[str, Callable[[], object]] = {
        "undo": review.undo, "redo": review.redo, "reset": review.reset, "standard": review.standard_angles,
        "rest": delay.rest, "answer": worker.answer, "accept": review.accept, "edit": review.edit_again,
        "rows": lambda: (session.show_rows(True), session.show_rows(False)), "again": session.show_again,
        "away": lambda: (session.put_away(), session.show_again()),
    }  # fmt: skip
    if isinstance(action, tuple):
        review.nudge(*action)
    else:
        calls[action]()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequence=st.lists(actions, min_size=3, max_size=7))
def test_any_sequence_shows_the_map_of_the_pose_as_it_stands(sequence: list[Any]) -> None:
    with new_scene() as scene:
        worker, delay = RecordingWorker(), HandDelay()
        study = add_study(scene)
        session = open_session(scene, worker, delay, POLAR)
        session.choose(study)
        session.review.run()
        worker.answer()
        for action in sequence:
            act(session, worker, delay, action)
            check_map(session)
            mean = f"{shown(session).map.segments[16]:.0f}"
            assert session.screen.polar.discs[0]._means[16].text == mean
        session.close()


def test_a_nudge_changes_the_map_at_once(mapped: Session, worker: HandWorker) -> None:
    before, asked = shown(mapped).map.segments, len(worker.seen)
    mapped.review.nudge("tilt", 12.0)
    assert np.abs(shown(mapped).map.segments - before).max() > 3.0
    assert len(worker.seen) == asked
    mapped.review.undo()
    np.testing.assert_allclose(shown(mapped).map.segments, before, atol=1e-3)


def test_where_the_lv_leaves_the_short_axis_the_study_is_read() -> None:
    live = LiveMap(make_result(quality=FINE))
    assert live.counts(POSE) is live.result.short_axis
    assert live.counts(POSE.corrected(Correction(swing=20.0, basal=10.0))) is live.result.short_axis
    assert live.counts(POSE.corrected(Correction(lateral=60.0))) is live.result.study


def test_without_a_view_nothing_is_computed(done: Session) -> None:
    done.review.nudge("swing", 3.0)
    assert done.screen.polar.maps == []


def test_the_map_is_not_computed_behind_the_rows(mapped: Session) -> None:
    mapped.show_rows(True)
    assert mapped.screen.polar.maps == []
    mapped.review.nudge("swing", 3.0)
    mapped.show_rows(False)
    check_map(mapped)


# --- what is withheld, and what carries a word ---


def test_a_failed_verdict_withholds_the_map_and_says_why(mapped: Session, worker: HandWorker) -> None:
    worker.quality = Quality("fail", ("No left ventricle was found in this study.",), {})
    mapped.review.run()
    worker.answer()
    disc = mapped.screen.polar.discs[0]
    assert disc.perfusion.map is None
    assert not disc._cells.actor.GetVisibility()
    assert " ".join(disc._reason.text.split()).startswith("No polar map: the quality verdict is fail")
    assert all(mean.text == "" for mean in disc._means)
    mapped.review.nudge("swing", 3.0)
    assert disc.perfusion.map is None
    worker.quality = FINE
    mapped.review.settle()
    worker.answer()
    assert mapped.screen.polar.discs[0]._cells.actor.GetVisibility()
    assert mapped.screen.polar.discs[0]._reason.text == ""


def test_a_cut_off_heart_has_no_map(mapped: Session, worker: HandWorker) -> None:
    worker.quality = Quality("review", (), {"cut_share": 0.3})
    mapped.review.run()
    worker.answer()
    assert "cut off" in " ".join(mapped.screen.polar.discs[0]._reason.text.split())


def test_maps_of_a_review_or_of_a_moved_pose_carry_the_word(mapped: Session, worker: HandWorker) -> None:
    title = mapped.screen.polar.discs[0]._title.text
    assert title == "Uptake, 100 % = 100 counts"
    mapped.review.nudge("roll", 2.0)
    assert mapped.screen.polar.discs[0]._title.text.splitlines()[-1] == "not checked yet"
    mapped.review.undo()
    assert mapped.screen.polar.discs[0]._title.text == title
    worker.quality = Quality("review", ("Check it.",), {})
    mapped.review.run()
    worker.answer()
    assert mapped.screen.polar.discs[0]._title.text.splitlines()[-1] == "review"


def test_edited_labels_make_the_map(mapped: Session) -> None:
    from panel.test_panel_labels import paint

    before = shown(mapped).map.percent
    mapped.put_away()
    paint(mapped.review.nodes.node("segmentation"))
    mapped.show_again()
    assert not np.array_equal(shown(mapped).map.percent, before, equal_nan=True)


def test_a_segmentation_that_was_deleted_has_no_map(mapped: Session) -> None:
    mapped.scene.RemoveNode(mapped.review.nodes.node("segmentation"))
    mapped.show_again()
    assert mapped.screen.polar.maps == []


# --- the cursor ---


def test_the_cursor_tells_segment_territory_and_values(mapped: Session) -> None:
    map_ = shown(mapped).map
    for segment in SEGMENTS:
        point_at(mapped, *middle(segment))
        first, second = told(mapped).splitlines()
        assert first == f"{segment.number} {segment.name} · {segment.territory}"
        assert second.startswith(f"segment {map_.segments[segment.number - 1]:.0f} % · here ")
    point_at(mapped, 0.9, 0.9)
    assert told(mapped) == ""


def test_the_value_under_the_cursor_follows_a_nudge(mapped: Session) -> None:
    point_at(mapped, *middle(SEGMENTS[9]))
    before = told(mapped)
    mapped.review.nudge("tilt", 15.0)
    assert told(mapped) != before
    assert f"segment {shown(mapped).map.segments[9]:.0f} %" in told(mapped)


def test_the_cursor_elsewhere_says_nothing(mapped: Session, crosshair: Any) -> None:
    slice_node(mapped.scene, "Red", (1, 0, 0))
    point_at(mapped, 0.0, 0.0)
    assert told(mapped)
    point_at(mapped, 0.0, 0.0, view="Red")
    assert told(mapped) == ""
    point_at(mapped, 0.0, 0.0)
    crosshair.SetCursorPositionInvalid()
    assert told(mapped) == ""


def test_scores_are_told_where_there_are_scores(mapped: Session) -> None:
    from MSSTUNetReorientLib.panel.state.map_words import under_cursor

    result = make_result(quality=FINE)
    limits = shipped_normals().limits[0]
    scored = quantify(result.short_axis, result.labels, result.pose, verdict="pass", limits=limits)
    assert scored.scores is not None
    assert under_cursor(scored, *middle(SEGMENTS[6])).endswith(f"score {scored.scores.segments[6]}")


# --- colours ---


def test_samples_have_the_colours_of_the_chosen_table(mapped: Session) -> None:
    for n, table in enumerate(TABLES):
        mapped.set_table(n)
        disc, map_ = mapped.screen.polar.discs[0], shown(mapped).map
        drawn = cell_colours(map_, disc._colours)
        colours = sampled(colour_node(mapped.scene, table))
        row, ray = np.argwhere(map_.usable)[200]
        entry = round(map_.percent[row, ray] / 100 * 255)
        np.testing.assert_array_equal(drawn[row, ray], np.rint(255 * colours[entry]))
        bar = mapped.screen.polar._scale.actor.GetLookupTable()
        assert bar.GetRange() == (0.0, 100.0)
        np.testing.assert_allclose(bar.GetTableValue(255)[:3], colours[255], atol=1e-6)


def test_the_window_leaves_the_scale_of_the_map(mapped: Session) -> None:
    before = mapped.screen.polar.discs[0]._colours
    mapped.set_window(50.0)
    assert mapped.screen.polar._scale.actor.GetLookupTable().GetRange() == (0.0, 100.0)
    assert mapped.screen.polar.discs[0]._colours is before


def test_grey_checks_where_there_is_no_wall(mapped: Session) -> None:
    map_ = shown(mapped).map
    usable = map_.usable.copy()
    usable[-1, :36] = False
    from dataclasses import replace

    drawn = cell_colours(replace(map_, usable=usable), np.linspace(0, 1, 512).reshape(-1, 1).repeat(3, axis=1))
    greys = {tuple(int(x) for x in colour) for colour in drawn[-1, :36]}
    assert greys == {tuple(int(x) for x in colour) for colour in NO_VALUE}


# --- stress beside rest ---


@pytest.fixture
def pair(mapped: Session, worker: HandWorker) -> Session:
    """Rest, selected, and stress, which has another pose."""
    mapped.review.study.SetName("Stress")
    mapped.review.nudge("swing", REST_NUDGE.swing)
    mapped.review.settle()
    worker.answer()
    rest = add_study(mapped.scene, "Rest")
    mapped.choose_paired(rest)
    mapped.choose(rest)
    mapped.review.run()
    worker.answer()
    return mapped


def test_stress_stands_before_rest_and_only_the_selected_moves(pair: Session, worker: RecordingWorker) -> None:
    stress, rest = shown(pair, 0).map.segments, shown(pair, 1).map.segments
    assert [disc._title.text.splitlines()[0] for disc in pair.screen.polar.discs] == ["Stress", "Rest"]
    np.testing.assert_allclose(stress, perfusion_of(worker.given[1]).map.segments, atol=CLOSE)
    pair.review.nudge("tilt", 12.0)
    assert np.abs(shown(pair, 1).map.segments - rest).max() > 3.0
    np.testing.assert_array_equal(shown(pair, 0).map.segments, stress)
    assert "not checked yet" in pair.screen.polar.discs[1]._title.text
    assert "not checked yet" not in pair.screen.polar.discs[0]._title.text


def test_the_cursor_knows_which_map_it_is_over(pair: Session) -> None:
    for n in range(2):
        point_at(pair, *middle(SEGMENTS[3]), n)
        assert f"segment {shown(pair, n).map.segments[3]:.0f} %" in told(pair)


def test_pairing_is_drawn_at_once_and_undone(pair: Session) -> None:
    pair.choose_paired(None)
    assert len(pair.screen.polar.discs) == 1
    assert pair.screen.polar.discs[0]._title.text.startswith("Uptake")
    pair.choose_paired(pair.scene.GetFirstNodeByName("Stress"))
    assert len(pair.screen.polar.discs) == 2


def test_a_paired_study_without_a_result_has_no_map(mapped: Session) -> None:
    mapped.choose_paired(add_study(mapped.scene, "Rest"))
    assert len(mapped.screen.polar.discs) == 1


# --- the view ---


def test_the_view_is_linked_with_no_other(mapped: Session) -> None:
    """A jump of the patient's slices, or in the map, moves the other not."""
    polar = mapped.scene.GetSingletonNode(POLAR, "vtkMRMLSliceNode")
    red = slice_node(mapped.scene, "Red", (1, 0, 0))
    before = [node.GetSliceOffset() for node in (polar, red)]
    polar.JumpAllSlices(mapped.scene, 5000.0, 5000.0, 5020.0, polar.OffsetJumpSlice, polar.GetViewGroup(), polar)
    red.JumpAllSlices(mapped.scene, 1.0, 2.0, 3.0, red.OffsetJumpSlice, red.GetViewGroup(), red)
    assert [node.GetSliceOffset() for node in (polar, red)] == before


def test_a_study_that_is_loaded_does_not_appear_in_it(mapped: Session) -> None:
    import slicer

    application = slicer.vtkMRMLApplicationLogic()
    application.SetMRMLScene(mapped.scene)
    red = mapped.scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    loaded = add_study(mapped.scene, "Another")
    application.GetSelectionNode().SetActiveVolumeID(loaded.GetID())
    application.PropagateVolumeSelection(0)
    assert red.GetBackgroundVolumeID() == loaded.GetID()
    assert mapped.scene.GetSingletonNode(POLAR, "vtkMRMLSliceCompositeNode").GetBackgroundVolumeID() is None
    application.SetMRMLScene(None)


def test_nothing_of_it_is_saved_or_stays(mapped: Session, tmp_path: Path) -> None:
    path = save_scene(mapped.scene, tmp_path / "left.mrml")
    assert "Polar" not in path.read_text(encoding="utf-8")
    renderer = mapped.screen.polar._overlay.view.renderer
    assert renderer.GetViewProps().GetNumberOfItems() > 20
    mapped.put_away()
    assert renderer.GetViewProps().GetNumberOfItems() == 0
    assert mapped.screen.polar.maps == []
    crosshair = mapped.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    assert not crosshair.HasObserver(crosshair.CursorPositionModifiedEvent)


def test_it_comes_back_after_another_module(mapped: Session) -> None:
    mapped.put_away()
    mapped.review.nudge("swing", 2.0)
    mapped.show_again()
    check_map(mapped)
    assert mapped.review.stage is Stage.ADJUSTING


# --- drawn ---


@pytest.fixture
def drawn(scene: Any, worker: HandWorker, delay: HandDelay, crosshair: Any) -> Iterator[tuple[Session, SlicerViews]]:
    if not can_render():
        pytest.skip("VTK cannot draw without a screen here (no EGL); see .ci/run for the packages it needs")
    with quiet():
        views = SlicerViews(scene, (POLAR,))
        add_study(scene)
        session = Session(scene, worker, delay, views=views, soon=HandDelay())
        session.show_again()
        session.review.run()
        worker.answer()
        yield session, views
        session.close()
        views.close()


def pixel(views: SlicerViews, session: Session, x: float, y: float, n: int = 0) -> NDArray[np.uint8]:
    """The colour drawn at a point of a disc."""
    view, (cx, cy) = views.slices[POLAR], session.screen.polar.discs[n].centre
    matrix = np.array([[view.node.GetXYToRAS().GetElement(i, j) for j in range(4)] for i in range(4)])
    ras = page_to_ras(np.array(cx + RADIUS_MM * x), np.array(cy + RADIUS_MM * y))
    column, row, *_ = np.rint(np.linalg.inv(matrix) @ [*ras, 1.0]).astype(int)
    picture = view.picture()
    return picture[picture.shape[0] - 1 - row, column]


@pytest.mark.parametrize("place", [(0.35, 0.5), (-0.35, 0.5), (0.3, -0.55), (-0.6, -0.12), (0.1, 0.15)])
def test_pixels_have_the_colour_of_the_sample_that_lies_there(
    drawn: tuple[Session, SlicerViews], place: tuple[float, float]
) -> None:
    session, views = drawn
    map_, disc = shown(session).map, session.screen.polar.discs[0]
    row, ray = sample_at(*place, map_.samples.edges)
    expected = cell_colours(map_, disc._colours)[row, ray]
    np.testing.assert_allclose(pixel(views, session, *place), expected, atol=25)


def test_the_inferior_defect_is_drawn_below(drawn: tuple[Session, SlicerViews]) -> None:
    session, views = drawn
    session.set_table(1)
    assert pixel(views, session, 0.1, 0.6).max() > 240
    assert pixel(views, session, 0.1, -0.6).max() < 150


@pytest.mark.parametrize("size", [(420, 420), (380, 560), (900, 420), (260, 300)])
def test_maps_and_words_lie_in_the_view_whatever_its_size(
    drawn: tuple[Session, SlicerViews], worker: HandWorker, size: tuple[int, int]
) -> None:
    session, views = drawn
    rest = add_study(session.scene, "Rest")
    session.choose_paired(rest)
    session.choose(rest)
    session.review.run()
    worker.answer()
    view = views.slices[POLAR]
    view.resize(*size)
    session.screen._soon.rest()
    first, second = (disc.centre for disc in session.screen.polar.discs)
    assert (first[1] == second[1]) == (size[0] > size[1])  # side by side where there is room
    bounds = np.array([disc._cells._data.GetBounds()[:4] for disc in session.screen.polar.discs])
    assert (bounds[:, [0, 2]] > 0).all()
    assert (bounds[:, 1] < size[0]).all()
    assert (bounds[:, 3] < size[1]).all()
    assert bounds[0, 1] - bounds[0, 0] == pytest.approx(bounds[0, 3] - bounds[0, 2], rel=1e-3)  # round
    assert bounds[0, 1] - bounds[0, 0] > 0.25 * min(size)


def test_a_zoom_of_the_reader_stays(drawn: tuple[Session, SlicerViews]) -> None:
    session, views = drawn
    node = views.slices[POLAR].node
    x, y, z = node.GetFieldOfView()
    node.SetFieldOfView(x / 2, y / 2, z)
    session.review.nudge("roll", 3.0)
    session.review.settle()
    assert node.GetFieldOfView()[0] == pytest.approx(x / 2)
    place = (0.35, 0.5)
    disc = session.screen.polar.discs[0]
    row, ray = sample_at(*place, shown(session).map.samples.edges)
    np.testing.assert_allclose(
        pixel(views, session, *place), cell_colours(shown(session).map, disc._colours)[row, ray], atol=25
    )


def test_handles_of_the_pose_are_not_drawn_into_it(drawn: tuple[Session, SlicerViews]) -> None:
    session, views = drawn
    before = views.slices[POLAR].picture()
    session.review.show_handles(True)
    np.testing.assert_array_equal(views.slices[POLAR].picture(), before)


def test_missing_wall_is_said(mapped: Session) -> None:
    from dataclasses import replace

    from MSSTUNetReorientLib.panel.state.map_words import under_cursor

    perfusion = shown(mapped)
    segments = perfusion.map.segments.copy()
    segments[0] = math.nan
    none = np.zeros_like(perfusion.map.usable)
    bare = replace(perfusion, scores=None, map=replace(perfusion.map, segments=segments, usable=none))
    assert under_cursor(bare, 0.0, 0.9).splitlines()[1] == "too little wall in the segment · here no wall"
    hot = replace(bare, map=replace(bare.map, outshone=~none))
    assert under_cursor(hot, 0.0, 0.9).endswith("here left out beside hotter tissue")
