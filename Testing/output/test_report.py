"""The report: its pictures, its text, and what it must not contain."""

from __future__ import annotations

import base64
import gc
import re
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_euler
from MSSTUNetReorientLib.geometry.views import HLA
from MSSTUNetReorientLib.geometry.views import SA
from MSSTUNetReorientLib.geometry.views import VLA
from MSSTUNetReorientLib.geometry.views import View
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.output.report import NOT_A_MEDICAL_DEVICE
from MSSTUNetReorientLib.output.report import overview_figure
from MSSTUNetReorientLib.output.report import report_content
from MSSTUNetReorientLib.output.report import write_overview
from MSSTUNetReorientLib.output.report import write_report
from MSSTUNetReorientLib.output.view_slices import display_maximum
from MSSTUNetReorientLib.output.view_slices import long_axis_range
from MSSTUNetReorientLib.output.view_slices import lv_window
from MSSTUNetReorientLib.output.view_slices import study_slice
from MSSTUNetReorientLib.output.view_slices import view_stack
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from places import REPOSITORY
from results import FOUND
from results import make_result
from results import septum_in_image

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

MARKER_MM = 30.0


def with_marker(at_sa_mm: tuple[float, float, float]) -> Result:
    """A result whose SA volume contains nothing but a blob at a place in the SA frame."""
    result = make_result()
    points = result.pose.apply_inverse(result.short_axis.grid.points())
    blob = np.exp(-np.sum((points - np.array(at_sa_mm)) ** 2, axis=-1) / 50.0)
    return replace(result, short_axis=Volume(blob.astype(np.float32), result.short_axis.grid))


def brightest(result: Result, view: View) -> tuple[float, float, float]:
    """Slice position, mm to the right and mm down of the brightest pixel, read as matplotlib places the pixels."""
    stack = view_stack(result.short_axis, result.pose, view)
    n, row, column = np.unravel_index(np.argmax(stack.images), stack.images.shape)
    left, right, bottom, top = stack.extent
    x = left + (column + 0.5) * (right - left) / stack.images.shape[2]
    y = top + (row + 0.5) * (bottom - top) / stack.images.shape[1]
    return float(stack.positions[n]), float(x), float(y)


@pytest.mark.parametrize(
    ("view", "wall", "place"),
    [
        (SA, (-MARKER_MM, 0, 0), (0, -MARKER_MM, 0)),  # septum left
        (SA, (0, -MARKER_MM, 0), (0, 0, -MARKER_MM)),  # anterior up
        (SA, (0, 0, -MARKER_MM), (-MARKER_MM, 0, 0)),  # apex first
        (HLA, (-MARKER_MM, 0, 0), (0, -MARKER_MM, 0)),  # septum left
        (HLA, (0, 0, -MARKER_MM), (0, 0, -MARKER_MM)),  # apex up
        (VLA, (0, -MARKER_MM, 0), (0, 0, -MARKER_MM)),  # anterior up
        (VLA, (0, 0, -MARKER_MM), (0, MARKER_MM, 0)),  # apex right
    ],
)
def test_marker_appears_where_readers_expect_it(
    view: View, wall: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    assert brightest(with_marker(wall), view) == pytest.approx(place, abs=1.6)


def test_letters_of_the_first_short_axis_picture_stand_at_their_edges() -> None:
    axes = overview_figure(make_result()).subfigs[1].axes[0]
    places = {t.get_text(): t.get_position() for t in axes.texts}
    assert places["SEP"][0] < 0.1
    assert places["LAT"][0] > 0.9
    assert places["ANT"][1] > 0.9
    assert places["INF"][1] < 0.1


def test_overview_shows_twelve_short_axis_slices_apex_first() -> None:
    result = make_result()
    short_axis = overview_figure(result).subfigs[1].axes
    shown = [float(ax.texts[1].get_text().split()[0]) for ax in short_axis]
    apex, base = long_axis_range(result)
    assert len(shown) == 12
    assert shown == sorted(shown)
    assert apex <= shown[0] < apex + 8
    assert base - 8 < shown[-1] <= base


def test_every_picture_has_the_scale_of_the_ventricle_not_of_the_gut() -> None:
    result = make_result()
    counts = result.short_axis.array.copy()
    counts[:, :10] = 1000.0
    hot = replace(result, short_axis=Volume(counts, result.short_axis.grid))
    assert display_maximum(hot.short_axis.array, hot.labels.array) == pytest.approx(100.0)
    figure = overview_figure(hot)
    pictures = [ax.images[0] for part in (figure.subfigs[1], *figure.subfigs[2].subfigs) for ax in part.axes]
    assert {p.get_clim() for p in pictures} == {(0.0, 100.0)}


def test_every_picture_has_its_scale_with_the_maximum_in_the_colours_asked_for() -> None:
    figure = overview_figure(make_result(), "gray")
    for part in (figure.subfigs[1], *figure.subfigs[2].subfigs):
        (scale,) = part.axes[-1].child_axes
        assert [t.get_text() for t in scale.texts] == ["0", "100 counts, the LV's maximum"]
        for image in (scale.images[0], part.axes[0].images[0]):
            assert np.allclose(image.cmap([0.0, 0.5, 1.0])[:, :3], [[x] * 3 for x in (0.0, 0.5, 1.0)], atol=0.01)


@pytest.mark.parametrize("prone", [False, True])
def test_study_slice_is_in_patient_orientation_whatever_the_voxel_order(prone: bool) -> None:
    direction = np.diag([-1.0, -1.0, 1.0]) if prone else np.eye(3)
    grid = Grid((40, 40, 30), np.full(3, 6.0), -direction @ np.array([117.0, 117.0, 87.0]), direction)
    marker = np.array([50.0, -40.0, 0.0])  # left and anterior
    blob = np.exp(-np.sum((grid.points() - marker) ** 2, axis=-1) / 150.0).astype(np.float32)
    plane = study_slice(Volume(blob, grid), np.zeros(3), np.array([1, 0, 0]), np.array([0, 1, 0]))
    row, column = np.unravel_index(np.argmax(plane.images[0]), plane.images[0].shape)
    left, _, _, top = plane.extent
    assert (left + (column + 0.5) * 2.0, top + (row + 0.5) * 2.0) == pytest.approx((50, -40), abs=2.0)


def test_long_axis_drawn_in_the_study_ends_at_the_apex() -> None:
    result = make_result()
    transaxial = overview_figure(result).subfigs[2].subfigs[1].axes[0]
    line = transaxial.lines[0].get_xydata()
    apex, base = long_axis_range(result)
    assert np.allclose(line[0], apex * result.pose.long_axis[:2])
    assert np.allclose(line[1], base * result.pose.long_axis[:2])


def test_window_contains_the_whole_ventricle() -> None:
    left, right, bottom, top = lv_window(make_result(), HLA)
    assert left < -32
    assert right > 32
    assert top < -45
    assert bottom > 24


def test_contour_is_on_the_edge_of_the_label() -> None:
    result = make_result(Pose(rotation_from_euler(0, 0, 0), np.zeros(3)))
    hla = overview_figure(result).subfigs[2].subfigs[0].axes[0]
    outline = np.concatenate(hla.collections[0].get_paths()[0].to_polygons())
    assert outline[:, 0].min() == pytest.approx(-32, abs=2.5)
    assert outline[:, 0].max() == pytest.approx(32, abs=2.5)
    assert outline[:, 1].min() == pytest.approx(-45, abs=3.5)


def known(**measures: float) -> Result:
    return make_result(quality=Quality("pass", (), {**FOUND, **measures}))


def test_short_axis_pictures_mark_the_septum_at_the_rim() -> None:
    result = known()
    right, up = septum_in_image(result.pose, 172.0)
    first, *others = overview_figure(result).subfigs[1].axes
    assert not first.lines  # the edge letters are there
    box = lv_window(result, SA)
    for ax in others:
        stroke, arc = (line.get_xydata() for line in ax.lines)
        length = np.hypot(*stroke.T)
        np.testing.assert_allclose(stroke, np.outer(length, (right, -up)), atol=1e-6)
        assert length.min() > 40.0  # the shell is 34 mm wide
        assert np.hypot(*arc.T) == pytest.approx(length.max())
        assert (arc.min(axis=0) > (box[0], box[3])).all()
        between = np.rad2deg(np.arccos(arc[0] @ arc[-1] / length.max() ** 2))
        assert between == pytest.approx(2 * 9.6, abs=1e-6)


def test_long_axis_pictures_show_the_bound_to_either_side() -> None:
    for ax in overview_figure(known(axis_bound_deg=7.0)).subfigs[2].subfigs[0].axes:
        axis, *sides = (line.get_xydata() for line in ax.lines)
        along = (axis[1] - axis[0]) / np.linalg.norm(axis[1] - axis[0])
        across = np.array([-along[1], along[0]])
        turns = [np.rad2deg(np.arctan2(across @ side[1], along @ side[1])) for side in sides]
        assert sorted(turns) == pytest.approx([-7.0, 7.0])


def test_report_states_the_bounds(tmp_path: Path) -> None:
    write_report(known(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The long axis is good to 4°, the centre to 3 mm, in nine of ten studies like this one." in page
    assert "172°, good to 10° (180° is left)" in page
    texts = [text.get_text() for text in overview_figure(known()).subfigs[0].texts]
    assert any(
        "long axis good to 4°, centre to 3 mm (9 in 10 studies); septum at 172°, good to 10°" in t for t in texts
    )


def test_report_states_and_draws_no_bounds_that_are_not_there(tmp_path: Path) -> None:
    write_report(make_result(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"good to|Septum angle|septum angle|thin lines", page)
    figure = overview_figure(make_result())
    assert not any(ax.lines for ax in figure.subfigs[1].axes)
    assert [len(ax.lines) for ax in figure.subfigs[2].subfigs[0].axes] == [1, 1]


def test_result_without_a_ventricle_can_still_be_shown(tmp_path: Path) -> None:
    result = make_result(quality=Quality("fail", ("No left ventricle was found.",)))
    empty = replace(result, labels=Volume(np.zeros_like(result.labels.array), result.labels.grid))
    write_overview(empty, tmp_path / "overview.png")
    write_report(empty, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No left ventricle was found." in page
    assert "The polar map is withheld: the quality verdict is fail" in page
    assert page.count("<img") == 3


def test_report_is_one_file_with_pictures_inside(tmp_path: Path) -> None:
    write_report(make_result(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == page.count("<img") == 4
    assert all(base64.b64decode(p).startswith(b"\x89PNG") for p in pictures)
    assert not re.search(r"https?://|<script|<link|url\(|@import", page)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_report_states_the_numbers_the_verdict_and_what_it_is_not(tmp_path: Path) -> None:
    result = make_result(quality=Quality("review", ("The two long axes differ by 14 <deg>.",)))
    write_report(result, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in ("-1.000 rad", "-0.950 rad", "+1.200 rad", "+18.0 mm", "-35.0 mm", "+12.0 mm", "000000000000"):
        assert text in page
    assert f"{result.volumes_ml['myocardium']:.0f} ml" in page
    assert "differ by 14 &lt;deg&gt;." in page
    assert "review" in page
    assert NOT_A_MEDICAL_DEVICE in page


def test_report_contains_nothing_personal(tmp_path: Path) -> None:
    result = make_result()
    study = Volume(result.study.array, result.study.grid, {"PatientName": "DOE^JANE", "kind": "NRRD"})
    write_report(replace(result, study=study), tmp_path / "report.html")
    assert "DOE^JANE" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_overview_is_big_enough_to_read(tmp_path: Path) -> None:
    write_overview(make_result(), tmp_path / "overview.png")
    head = (tmp_path / "overview.png").read_bytes()[:24]
    assert int.from_bytes(head[16:20]) >= 1400
    assert int.from_bytes(head[20:24]) >= 900


def test_report_is_imported_without_matplotlib_and_drawn_without_pyplot() -> None:
    code = (
        "import sys; import MSSTUNetReorientLib.output.report as r; assert 'matplotlib' not in sys.modules;"
        "from results import make_result; r.overview_figure(make_result());"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    path = [str(REPOSITORY / "MSSTUNetReorient"), str(REPOSITORY / "Testing")]
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {path}; {code}"], check=True)


def test_pictures_do_not_keep_their_result_alive(tmp_path: Path) -> None:
    result = make_result()
    write_overview(result, tmp_path / "overview.png")
    write_report(result, tmp_path / "report.html")
    seen = weakref.ref(result)
    del result
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"gates": 8, "gate": "sum"}, "8, summed"),
        ({"gates": 8, "gate": 3}, "8, gate 3"),
        ({"windows": 2, "window": 2}, "2 of 2"),
        ({"time_frames": 20, "frames": "12-20"}, "12-20 of 20, summed"),
        ({"orientation": "RAS"}, "RAS, as stated"),
        ({"reoriented": {"view": "short axis"}}, "short axis, as stated by the study"),
    ],
)
def test_what_was_read_of_a_study_with_parts(info: dict[str, Any], words: str) -> None:
    result = make_result()
    study = replace(result.study, info=result.study.info | info)
    assert words in [text for _, text in report_content(replace(result, study=study))["facts"]]
