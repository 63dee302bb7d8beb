"""The panel's views as 3D Slicer's own displayable managers draw them, offscreen: by their pixels and their events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.views import SA
from MSSTUNetReorientLib.io.terminology import BLOOD_POOL_STYLE
from MSSTUNetReorientLib.io.terminology import MYOCARDIUM_STYLE
from MSSTUNetReorientLib.panel.screen.annotations import AXIS_COLOUR
from MSSTUNetReorientLib.panel.screen.layout_description import ROWS
from MSSTUNetReorientLib.panel.screen.layout_description import TRANSAXIAL
from MSSTUNetReorientLib.panel.screen.overlay import EDGES
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.arrays import to_matrix4x4
from MSSTUNetReorientLib.scene.host import quiet
from MSSTUNetReorientLib.scene.slice_views import slice_to_ras
from MSSTUNetReorientLib.scene.view_camera import camera_of
from numpy.typing import NDArray
from results import POSE
from results import make_result
from results import septum_in_image

from panel.conftest import SEPTUM
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.slicer_views import SlicerViews
from panel.slicer_views import can_render
from panel.test_panel_labels import paint

BOUND_DEG = 8.0
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module", autouse=True)
def _drawing() -> None:
    if not can_render():
        pytest.skip("VTK cannot draw without a screen here (no EGL); see .ci/run for the packages it needs")


@pytest.fixture
def views(scene: Any) -> Iterator[SlicerViews]:
    with quiet():
        made = SlicerViews(scene)
        yield made
        made.close()


@pytest.fixture
def shown(scene: Any, study: Any, worker: HandWorker, delay: HandDelay, views: SlicerViews) -> Iterator[Session]:
    """A session whose study was run, with views."""
    worker.quality = Quality("pass", (), {"presence": 0.99, "axis_bound_deg": BOUND_DEG, **SEPTUM})
    session = Session(scene, worker, delay, views=views, soon=HandDelay())
    session.show_again()
    session.review.run()
    worker.answer()
    yield session
    session.close()


def near(picture: Picture, colour: tuple[float, float, float], tolerance: int = 60) -> NDArray[np.bool_]:
    """Pixels of a colour, 0 to 1."""
    apart = np.abs(picture[..., :3].astype(int) - np.rint(np.array(colour) * 255).astype(int))
    return np.asarray(apart.max(axis=-1) <= tolerance)


def edges(view: Any) -> tuple[str, ...]:
    return tuple(view.annotation.GetText(place) or "" for place in EDGES)


def test_edges_say_what_lies_there(shown: Session, views: SlicerViews) -> None:
    assert edges(views.slices[TRANSAXIAL]) == ("R", "L", "A", "P")
    assert edges(views.slices["Red"]) == ("SEP", "LAT", "ANT", "INF")
    assert edges(views.slices["Green"]) == ("SEP", "LAT", "APEX", "BASE")
    assert edges(views.slices["Yellow"]) == ("BASE", "APEX", "ANT", "INF")


def test_edges_are_blank_where_a_view_was_turned_away(shown: Session, views: SlicerViews) -> None:
    red = views.slices["Red"].node
    turned = slice_to_ras(SA, POSE.corrected(Correction(roll=45.0)))
    red.GetSliceToRAS().DeepCopy(to_matrix4x4(turned))
    red.UpdateMatrices()
    assert edges(views.slices["Red"]) == ("", "", "", "")


def test_nothing_is_drawn_before_there_is_a_pose_and_after_leaving(
    scene: Any, study: Any, worker: HandWorker, delay: HandDelay, views: SlicerViews
) -> None:
    session = Session(scene, worker, delay, views=views)
    session.show_again()
    assert all(edges(view) == ("", "", "", "") for view in views.slices.values())
    session.review.run()
    worker.answer()
    session.show_rows(True)
    overlays = [*session.screen.annotations._overlays.values(), session.screen.rows._overlay]
    drawn = [(over.view.renderer, d.actor) for over in overlays for d in over.drawings]
    drawn += [(over.view.renderer, actor) for over in overlays for actor in over.fixed]
    assert len(drawn) > 10
    assert all(renderer.HasViewProp(actor) for renderer, actor in drawn)
    session.put_away()
    assert all(edges(view) == ("", "", "", "") for view in views.slices.values())
    assert not any(renderer.HasViewProp(actor) for renderer, actor in drawn)
    session.close()


def test_contours_are_two_pixels_in_their_colours(shown: Session, views: SlicerViews) -> None:
    views.slices["Red"].picture()
    with_contours = views.slices["Red"].picture()
    row = with_contours[with_contours.shape[0] // 2]
    for style in (MYOCARDIUM_STYLE, BLOOD_POOL_STYLE):
        crossings = np.flatnonzero(near(row, style.colour_rgb01, 90))
        assert 2 <= len(crossings) <= 8, style.name  # two walls of the ring, each about two pixels
    shown.show_contours(False)
    without = views.slices["Red"].picture()
    assert not near(without, MYOCARDIUM_STYLE.colour_rgb01).any()


def test_the_long_axis_ends_at_the_apex(shown: Session, views: SlicerViews) -> None:
    view = views.slices[TRANSAXIAL]
    lines = near(view.picture(), AXIS_COLOUR)
    assert lines.sum() > 60
    apex = shown.screen.annotations._apex.actor
    matrix = np.linalg.inv(_matrix(view.node.GetXYToRAS()))
    low = shown.review.record.axis_mm[0]
    x, y = (matrix @ [*(POSE.apply([(0.0, 0.0, low)])[0] * [-1, -1, 1]), 1.0])[:2]
    at = np.array(apex.GetPosition())
    assert apex.GetInput() == "APEX"
    assert np.linalg.norm(at - [x, y]) < 30.0


def test_the_bound_is_drawn_in_the_long_axes(shown: Session, views: SlicerViews) -> None:
    """Two lines that cross at the LV centre, each as far off the axis as the bound says."""
    for name, across in (("Green", 0), ("Yellow", 1)):
        ras = shown.screen.annotations._bounds[name].ras
        local = POSE.apply_inverse(ras * [-1, -1, 1])
        assert np.abs(local[:, 1 - across]).max() < 1e-6
        angles = np.rad2deg(np.arctan(local[:, across] / local[:, 2]))
        np.testing.assert_allclose(np.sort(np.unique(angles.round(6))), [-BOUND_DEG, BOUND_DEG], atol=1e-5)
        before = near(views.slices[name].picture(), AXIS_COLOUR, 110).sum()
        assert before > 40


def septum_lines(session: Session) -> NDArray[np.float64]:
    """Stroke and arc, to the right and up in the SA picture, mm from the LV centre."""
    pose = session.review.record.pose
    return pose.apply_inverse(session.screen.annotations._septum.ras * [-1, -1, 1])[:, :2] * [1, -1]


def test_the_septum_angle_is_drawn_at_the_rim_of_the_short_axis(
    shown: Session, views: SlicerViews, worker: HandWorker
) -> None:
    pose = shown.review.record.pose
    points = septum_lines(shown)
    stroke, arc = points[:2], points[2:]
    outer = np.hypot(*stroke.T).max()
    np.testing.assert_allclose(stroke[0], outer * np.array(septum_in_image(pose, 165.0)), atol=1e-6)
    np.testing.assert_allclose(arc[0], outer * np.array(septum_in_image(pose, 165.0 - 9.2)), atol=1e-6)
    np.testing.assert_allclose(arc[-1], outer * np.array(septum_in_image(pose, 165.0 + 9.2)), atol=1e-6)
    view = views.slices["Red"]
    xy = np.linalg.inv(_matrix(view.node.GetXYToRAS())) @ [*shown.screen.annotations._septum.ras[0], 1.0]
    column, row = np.rint(xy[:2]).astype(int)
    picture = view.picture()
    there = picture[picture.shape[0] - row - 4 : picture.shape[0] - row + 4, column - 4 : column + 4]
    assert near(there, AXIS_COLOUR, 110).any()
    assert view.node.GetFieldOfView()[0] / 2 > outer
    shown.review.roll_to_septum()
    np.testing.assert_allclose(septum_lines(shown)[0], (-outer, 0.0), atol=1e-5)


def test_without_a_septum_angle_nothing_is_drawn_for_it(shown: Session, worker: HandWorker) -> None:
    worker.quality = Quality("pass", (), {"presence": 0.99})
    shown.review.run()
    worker.answer()
    assert len(shown.screen.annotations._septum.ras) == 0


def test_a_pose_without_a_bound_has_no_lines(
    scene: Any, study: Any, worker: HandWorker, delay: HandDelay, views: SlicerViews
) -> None:
    session = Session(scene, worker, delay, views=views)
    session.show_again()
    session.review.run()
    worker.answer()
    assert len(session.screen.annotations._bounds["Green"].ras) == 0
    session.close()


def test_what_is_drawn_follows_a_nudge_and_a_zoom(shown: Session, views: SlicerViews) -> None:
    view = views.slices[TRANSAXIAL]
    before = np.array(shown.screen.annotations._apex.actor.GetPosition())
    shown.review.nudge("swing", 25.0)
    turned = np.array(shown.screen.annotations._apex.actor.GetPosition())
    assert np.linalg.norm(turned - before) > 10.0
    x, y, z = view.node.GetFieldOfView()
    view.node.SetFieldOfView(x / 2, y / 2, z)
    zoomed = np.array(shown.screen.annotations._apex.actor.GetPosition())
    middle, offset = np.array(view.window.GetSize()) / 2, np.array([6, 4])
    np.testing.assert_allclose(zoomed - offset - middle, 2 * (turned - offset - middle), atol=1.5)


def test_a_nudge_keeps_the_surfaces(shown: Session) -> None:
    """A changed labelmap would have 3D Slicer drop them and make them anew: 400 ms at review, 35 ms here."""
    import slicer

    segmentation = shown.review.nodes.node("segmentation").GetSegmentation()
    seen: list[str] = []
    events = ("SourceRepresentationModified", "ContainedRepresentationNamesModified")
    tags = [
        segmentation.AddObserver(getattr(slicer.vtkSegmentation, name), lambda *_, name=name: seen.append(name))
        for name in events
    ]
    shown.review.nudge("swing", 5.0)
    shown.review.nudge("basal", 3.0)
    for tag in tags:
        segmentation.RemoveObserver(tag)
    assert seen == []
    images = {segmentation.GetNthSegment(n).GetRepresentation("Binary labelmap") for n in (0, 1)}
    assert len(images) == 1  # both segments still share one labelmap


def test_a_nudge_asks_each_view_for_few_pictures(shown: Session, views: SlicerViews) -> None:
    views.render()
    for view in views.all:
        view.requests = 0
    shown.review.nudge("tilt", 4.0)
    assert all(0 < views.slices[name].requests <= 24 for name in ("Red", "Green", "Yellow"))  # one picture each
    before = views.slices["Red"].picture()
    shown.review.nudge("tilt", 14.0)
    assert np.abs(views.slices["Red"].picture().astype(int) - before).max() > 50


def test_contours_are_smooth_again_after_the_segment_editor(shown: Session) -> None:
    node = shown.review.nodes.node("segmentation")
    shown.put_away()
    node.GetDisplayNode().SetPreferredDisplayRepresentationName2D("Binary labelmap")
    paint(node)
    for n in range(2):
        node.GetSegmentation().GetNthSegment(n).RemoveRepresentation("Closed surface")
    shown.show_again()
    assert node.GetDisplayNode().GetPreferredDisplayRepresentationName2D() == "Closed surface"
    surfaces = [node.GetSegmentation().GetNthSegment(n).GetRepresentation("Closed surface") for n in range(2)]
    assert all(surface.GetNumberOfPoints() > 100 for surface in surfaces)
    assert shown.review.record.edited


def test_the_scale_is_drawn_and_says_per_cent(shown: Session, views: SlicerViews) -> None:
    bar = shown.screen.annotations._scale.actor
    assert bar.GetLookupTable().GetRange() == pytest.approx((0.0, 100.0))
    shown.set_window(60.0)
    assert bar.GetLookupTable().GetRange() == pytest.approx((0.0, 60.0))
    shown.set_table(1)
    picture = views.slices["Red"].picture()
    right = picture[: picture.shape[0] // 2, int(picture.shape[1] * 0.9) :]
    assert (right.max(axis=-1) > 200).any()
    assert np.ptp(right.astype(int), axis=-1).max() < 30  # gray, but for nothing
    display = shown.review.study.GetDisplayNode()
    display.SetWindowLevelMinMax(0.0, display.GetWindowLevelMax() / 2)  # with the mouse
    assert bar.GetLookupTable().GetRange() == pytest.approx((0.0, 30.0))


def test_rows_are_drawn_with_contours_and_titles(shown: Session, views: SlicerViews) -> None:
    view = views.slices[ROWS]
    view.resize(900, 500)
    shown.show_rows(True)
    picture = view.picture()
    assert near(picture, MYOCARDIUM_STYLE.colour_rgb01, 90).sum() > 500
    assert (picture.max(axis=-1) > 200).mean() > 0.01
    page = shown.screen.rows.page
    assert page.percent.shape == (4 * page.tile, 8 * page.tile)
    shown.show_contours(False)
    assert not near(view.picture(), MYOCARDIUM_STYLE.colour_rgb01, 60).any()
    composite = view.scene.GetSingletonNode(ROWS, "vtkMRMLSliceCompositeNode")
    volume = view.scene.GetNodeByID(composite.GetBackgroundVolumeID())
    shown.set_window(50.0)
    assert volume.GetDisplayNode().GetWindowLevelMax() == pytest.approx(50.0)


def test_rows_fit_their_view_whatever_its_size(shown: Session, views: SlicerViews) -> None:
    """The view gets its size only after its layout was set."""
    view = views.slices[ROWS]
    shown.show_rows(True)
    for width, height in ((900, 500), (560, 700), (1300, 600)):
        view.resize(width, height)
        shown.screen._soon.rest()  # the event loop is back
        lit = view.picture().max(axis=-1) > 6
        rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
        assert rows[0] > 0
        assert rows[-1] < height - 1
        assert columns[0] >= 0
        assert columns[-1] < width - 1
        assert max(np.ptp(rows) / height, np.ptp(columns) / width) > 0.7  # the outer tiles are nearly black
    x, y, z = view.node.GetFieldOfView()
    view.node.SetFieldOfView(x / 2, y / 2, z)  # the reader zooms in: that stays
    shown.review.nudge("roll", 3.0)
    shown.review.settle()
    assert shown.screen._soon.then is None
    assert view.node.GetFieldOfView()[0] == pytest.approx(x / 2)


def test_rows_show_the_anterior_wall_above(shown: Session, views: SlicerViews) -> None:
    """By eye and by pixel: the shell's defect is inferior, so the lower half of a short-axis tile is darker."""
    view = views.slices[ROWS]
    view.resize(900, 500)
    shown.show_rows(True)
    shown.show_contours(False)
    shown.set_table(1)
    picture, page = view.picture()[..., 0].astype(float), shown.screen.rows.page
    matrix = np.linalg.inv(_matrix(view.node.GetXYToRAS()))
    from MSSTUNetReorientLib.panel.screen.rows_view import _ras

    column, row = np.array([1.5 * page.tile, 1.5 * page.tile]), np.array([1.0, 2.0]) * page.tile  # SA, second row
    (left, top), (_, bottom) = ((matrix @ [*point, 1.0])[:2] for point in _ras(page, column, row))
    half = (top - bottom) / 2
    x0, x1 = round(left - half), round(left + half)
    rows = picture.shape[0] - np.rint([top, (top + bottom) / 2, bottom]).astype(int)
    upper, lower = picture[rows[0] : rows[1], x0:x1], picture[rows[1] : rows[2], x0:x1]
    assert upper.max() > 220
    assert lower[lower.shape[0] // 2 :].max() < 200 < upper[: upper.shape[0] // 2].max()


def test_a_scene_of_the_command_line_shows_the_heart_in_3d(tmp_path: Path) -> None:
    """In a 3D Slicer without this module: the camera of the file looks at it."""
    far = Pose(POSE.rotation, (18.0, -35.0, 1012.0))  # as scanners place patients: no default camera sees it
    with quiet(), new_scene() as scene:
        add_result(scene, make_result(far))
        path = save_scene(scene, tmp_path / "result.mrb")
    with quiet(), new_scene() as scene:
        load_scene(scene, path)
        np.testing.assert_allclose(camera_of(scene).focal_point, far.ras_matrix[:3, 3], atol=1e-6)
        views = SlicerViews(scene)
        picture = views.view_3d.picture()
        views.close()
    wall = np.array(MYOCARDIUM_STYLE.colour_rgb01)
    heart = (picture[..., 0].astype(int) - picture[..., 1] > 40) & (wall[0] > wall[1])
    rows, columns = np.nonzero(heart)
    assert len(rows) > 2000
    height, width = heart.shape
    assert abs(rows.mean() - height / 2) < height / 8
    assert abs(columns.mean() - width / 2) < width / 8


def test_no_deprecated_call_of_the_camera(shown: Session) -> None:
    from vtkmodules.vtkCommonCore import vtkOutputWindow
    from vtkmodules.vtkCommonCore import vtkStringOutputWindow

    shown.scene.AddNewNodeByClass("vtkMRMLCameraNode").SetLayoutName("1")
    before, listening = vtkOutputWindow.GetInstance(), vtkStringOutputWindow()
    vtkOutputWindow.SetInstance(listening)
    assert camera_of(shown.scene) is not None
    vtkOutputWindow.SetInstance(before)
    assert "deprecated" not in listening.GetOutput()


def test_closing_the_scene_leaves_nothing_drawn(shown: Session, views: SlicerViews) -> None:
    shown.show_rows(True)
    shown.on_scene_closing()
    assert all(edges(view) == ("", "", "", "") for view in views.slices.values())
    assert shown.screen.rows.page is None


def test_the_two_studies_of_a_scene_are_not_mixed(shown: Session, worker: HandWorker, views: SlicerViews) -> None:
    first = shown.review.study
    shown.review.nudge("swing", 20.0)
    rest = add_study(shown.scene, "Rest")
    shown.choose(rest)
    assert shown.screen.annotations.pose is None
    shown.review.run()
    worker.answer()
    assert shown.screen.annotations.pose.rotation_error(POSE) < 1e-9
    shown.choose(first)
    assert shown.screen.annotations.pose.rotation_error(POSE.corrected(Correction(swing=20.0))) < 1e-9


def _matrix(matrix: Any) -> NDArray[np.float64]:
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])


def test_a_loaded_scene_is_drawn_though_views_sleep_while_it_loads(shown: Session, views: SlicerViews) -> None:
    """What 3D Slicer's module does in two steps: nothing in the event, everything once the event loop is back."""
    scene = shown.scene
    scene.StartState(scene.ImportState)
    views.render()
    for view in views.all:
        view.requests = 0
    shown.show_again()
    assert all(view.requests == 0 for view in views.all)  # whoever works in the event asks in vain
    scene.EndState(scene.ImportState)
    shown.show_again()
    asked = {name: view.requests for name, view in views.slices.items() if name != ROWS}
    assert all(asked.values()), asked
