"""What is drawn over the views, the rows, colours and window: as values and as nodes; what it looks like is drawn in
``test_panel_drawn.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import lps_from_ras
from MSSTUNetReorientLib.geometry.views import SA
from MSSTUNetReorientLib.geometry.views import VIEWS
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io.terminology import SEGMENTS
from MSSTUNetReorientLib.panel.screen.edge_words import HEART
from MSSTUNetReorientLib.panel.screen.edge_words import PATIENT
from MSSTUNetReorientLib.panel.screen.edge_words import edge_words
from MSSTUNetReorientLib.panel.screen.rows import PIXEL_MM
from MSSTUNetReorientLib.panel.screen.rows import Heart
from MSSTUNetReorientLib.panel.screen.rows import make_page
from MSSTUNetReorientLib.panel.screen.rows import stress_first
from MSSTUNetReorientLib.panel.screen.study_window import percent_of
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.state.run_time import KEY
from MSSTUNetReorientLib.panel.state.run_time import Memory
from MSSTUNetReorientLib.panel.state.run_time import RunTime
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.colours import TABLES
from MSSTUNetReorientLib.scene.colours import colour_node
from MSSTUNetReorientLib.scene.colours import sampled
from MSSTUNetReorientLib.scene.colours import table_of
from MSSTUNetReorientLib.scene.slice_views import slice_to_ras
from results import POSE
from results import make_result

from panel.conftest import HandWorker
from panel.conftest import add_study

WORDS = {"septal": "SEP", "lateral": "LAT", "anterior": "ANT", "inferior": "INF", "apex": "APEX", "base": "BASE"}


def axes_in_ras(pose: Pose) -> np.ndarray:
    return np.diag([-1.0, -1.0, 1.0]) @ pose.rotation


# --- words at the edges ---


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_edges_say_the_walls_that_readers_expect(view: Any) -> None:
    words = edge_words(slice_to_ras(view, POSE), axes_in_ras(POSE), HEART)
    assert words == tuple(WORDS[edge] for edge in view.edges)


def test_edges_of_a_transaxial_view_say_the_patients_sides() -> None:
    axial = np.diag([-1.0, 1.0, 1.0, 1.0])  # right of the screen is the patient's left
    assert edge_words(axial, np.eye(3), PATIENT) == ("R", "L", "A", "P")


def test_edges_follow_the_view_and_not_its_name() -> None:
    """A view that somebody turned must never keep the old words."""
    turned = slice_to_ras(SA, POSE) @ np.diag([-1.0, -1.0, 1.0, 1.0])
    assert edge_words(turned, axes_in_ras(POSE), HEART) == ("LAT", "SEP", "INF", "ANT")
    oblique = slice_to_ras(SA, POSE.corrected(Correction(roll=45.0)))
    assert edge_words(oblique, axes_in_ras(POSE), HEART) == ("", "", "", "")
    nearly = slice_to_ras(SA, POSE.corrected(Correction(roll=30.0)))
    assert edge_words(nearly, axes_in_ras(POSE), HEART) == ("SEP", "LAT", "ANT", "INF")


# --- colours ---


def lightness_and_colour(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of sRGB, by the definition in CIE 15."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = linear @ to_xyz.T / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_contours_are_read_on_every_colour_of_every_table(scene: Any, table: Any) -> None:
    counts = lightness_and_colour(sampled(colour_node(scene, table)))
    for style in SEGMENTS:
        contour = lightness_and_colour(np.array(style.colour_rgb01))
        assert np.linalg.norm(counts - contour, axis=1).min() > 28.0, style.name  # 2.3 can just be told apart


def test_more_counts_are_never_darker_in_the_perceptual_table(scene: Any) -> None:
    (table,) = (t for t in TABLES if t.name == "Perceptual")
    lightness = lightness_and_colour(sampled(colour_node(scene, table)))[:, 0]
    steps = np.diff(lightness[::16])
    assert (steps > 0).all()
    assert steps.max() < 2.0 * steps.mean()


def test_ten_steps_are_ten(scene: Any) -> None:
    (table,) = (t for t in TABLES if t.name == "10 steps")
    assert len(np.unique(sampled(colour_node(scene, table)), axis=0)) == 10


def test_a_table_is_made_once_and_known_again(scene: Any) -> None:
    for table in TABLES:
        node = colour_node(scene, table)
        assert colour_node(scene, table) is node
        assert table_of(node) is table
    assert table_of(scene.GetNodeByID("vtkMRMLColorTableNodeRainbow")) is None


def test_colours_and_window_come_back_with_the_scene(done: Session, tmp_path: Any) -> None:
    from MSSTUNetReorientLib.scene import load_scene
    from MSSTUNetReorientLib.scene import save_scene

    from panel.conftest import HandDelay

    done.set_table(2)
    done.set_window(80.0)
    path = save_scene(done.scene, tmp_path / "left.mrb")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        assert back.screen.table is TABLES[2]
        assert back.screen.percent == pytest.approx(80.0)
        back.close()


def test_the_window_is_of_the_lv_and_not_of_the_gut(done: Session, study: Any) -> None:
    hottest = float(make_result().short_axis.array[make_result().labels.array > 0].max())
    done.set_window(60.0)
    display = study.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx((0.0, 0.6 * hottest))
    assert done.screen.percent == pytest.approx(60.0)
    display.SetWindowLevelMinMax(0.0, 0.9 * hottest)  # with the mouse in a view
    assert done.screen.percent == pytest.approx(90.0)
    done.put_away()
    assert percent_of(study.GetDisplayNode()) == 100.0  # the study's own, of which nothing is known


def test_colours_and_window_of_a_scene_of_the_command_line(scene: Any) -> None:
    from MSSTUNetReorientLib.scene import add_result

    from panel.conftest import HandDelay

    result = make_result()
    nodes = add_result(scene, result)
    session = Session(scene, HandWorker(), HandDelay())
    session.on_scene_loaded()
    session.set_window(50.0)
    session.set_table(3)
    hottest = float(result.short_axis.array[result.labels.array > 0].max())
    assert session.screen.percent == pytest.approx(50.0)
    assert nodes.study.GetDisplayNode().GetWindowLevelMax() == pytest.approx(hottest / 2)
    assert session.screen.table is TABLES[3]
    session.close()


def test_a_window_of_an_older_version_learns_the_lv(done: Session, study: Any) -> None:
    from MSSTUNetReorientLib.panel.screen.study_window import HOTTEST

    study.GetDisplayNode().RemoveAttribute(HOTTEST)
    done.choose(None)
    done.choose(study)
    done.set_window(40.0)
    assert done.screen.percent == pytest.approx(40.0)


def test_another_run_keeps_the_readers_window_in_per_cent(done: Session, worker: HandWorker) -> None:
    done.set_window(70.0)
    done.review.run()
    worker.answer()
    assert done.screen.percent == pytest.approx(70.0)


# --- rows ---


def heart(pose: Pose = POSE, name: str = "Stress", scale: float = 1.0) -> Heart:
    result = make_result(pose)
    return Heart(name, pose, Volume(result.short_axis.array * scale, result.short_axis.grid), result.labels)


def test_rows_are_sa_then_vla_then_hla_and_stress_above_rest() -> None:
    page = make_page([heart(), heart(name="Rest")])
    assert [(row.view.name, row.heart) for row in page.rows] == [
        ("SA", 0), ("SA", 1), ("SA", 0), ("SA", 1), ("VLA", 0), ("VLA", 1), ("HLA", 0), ("HLA", 1),
    ]  # fmt: skip
    assert page.percent.shape == (8 * page.tile, 8 * page.tile)
    assert all(row.positions == page.rows[n - n % 2].positions for n, row in enumerate(page.rows))


def test_short_axis_runs_from_apex_to_base() -> None:
    page = make_page([heart()])
    first, last = page.rows[0].positions, page.rows[1].positions
    positions = (*first, *last)
    assert np.allclose(np.diff(positions), np.diff(positions)[0])
    low, high = heart().box[:, 2]
    half_step = (positions[1] - positions[0]) / 2
    assert positions[0] + (low + high) / 2 == pytest.approx(low + half_step)
    assert positions[-1] + (low + high) / 2 == pytest.approx(high - half_step)
    areas = [page.wall[: page.tile, n * page.tile : (n + 1) * page.tile].sum() for n in range(8)]
    assert areas[0] == min(areas)  # the apex is small


def tile(image: np.ndarray, page: Any, row: int, column: int) -> np.ndarray:
    return image[row * page.tile : (row + 1) * page.tile, column * page.tile : (column + 1) * page.tile]


def test_tiles_stand_as_readers_expect() -> None:
    """By the inferior defect of the shell: below in SA and VLA, and in the first HLA slices."""
    page = make_page([heart()])
    for row, column in ((1, 1), (2, 4)):
        counts, wall = tile(page.percent, page, row, column), tile(page.wall - page.pool, page, row, column)
        upper, lower = (counts[part][wall[part] > 0] for part in (np.s_[: page.tile // 2], np.s_[page.tile // 2 :]))
        assert upper.min() > 80.0
        assert lower.min() < 60.0
    wall = page.wall - page.pool
    inferior, anterior = (tile(page.percent, page, 3, n)[tile(wall, page, 3, n) > 0].min() for n in (0, 7))
    assert inferior < 60.0 < anterior


def test_long_axes_have_the_apex_up_and_right() -> None:
    page = make_page([heart()])
    rows, columns = np.nonzero(tile(page.pool, page, 3, 4))  # HLA: the pool is open at the base, below
    wall_rows = np.nonzero(tile(page.wall, page, 3, 4))[0]
    assert rows.min() - wall_rows.min() > 3 > wall_rows.max() - rows.max()
    wall_columns = np.nonzero(tile(page.wall, page, 2, 4))[1]
    columns = np.nonzero(tile(page.pool, page, 2, 4))[1]
    assert wall_columns.max() - columns.max() > 3 > columns.min() - wall_columns.min()


def test_each_study_is_normalised_to_its_own_lv() -> None:
    page = make_page([heart(), heart(name="Rest", scale=7.3)])
    for row in (0, 4, 6):
        np.testing.assert_allclose(tile(page.percent, page, row, 3), tile(page.percent, page, row + 1, 3), rtol=1e-5)
    assert page.percent[page.wall > 0].max() == pytest.approx(100.0, abs=0.5)


def test_a_small_heart_stands_below_a_large_one_slice_by_slice() -> None:
    """Positions are mm from the middle of each LV, also where the rest study lies elsewhere in the patient."""
    elsewhere = POSE.corrected(Correction(swing=20.0, roll=-30.0, lateral=40.0))
    page = make_page([heart(), heart(elsewhere, "Rest")])
    for row in (0, 2, 4, 6):
        for column in range(8):
            stress, rest = (tile(page.wall, page, row + n, column) for n in (0, 1))
            assert np.abs(stress - rest).mean() < 0.05


def test_tiles_are_voxels_of_the_short_axis_and_nothing_between() -> None:
    page, one = make_page([heart()]), heart()
    known = np.unique((one.counts.array * np.float32(100.0 / one.hottest)).astype(np.float32))
    assert np.isin(page.percent, np.append(known, 0.0)).all()
    assert one.counts.grid.spacing[0] == PIXEL_MM


def test_an_lv_without_labels_still_has_rows() -> None:
    one = heart()
    page = make_page([Heart("Stress", POSE, one.counts, Volume(np.zeros_like(one.labels.array), one.labels.grid))])
    assert page.percent.max() > 0
    assert page.wall.max() == 0


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["Rest AC", "Stress AC"], [1, 0]),
        (["Stress", "Rest"], [0, 1]),
        (["5: FBP", "REST_GATED"], [0, 1]),
        (["MIBI rst", "MIBI exercise"], [1, 0]),
        (["A", "B"], [0, 1]),
    ],
)
def test_stress_is_read_first(names: list[str], order: list[int]) -> None:
    assert stress_first(names) == order


def test_rows_follow_the_pose_once_it_rests(done: Session, delay: Any) -> None:
    done.show_again()
    done.show_rows(True)
    before = done.screen.rows.page
    done.review.nudge("swing", 8.0)
    assert done.screen.rows.page is before
    delay.rest()
    after = done.screen.rows.page
    assert np.abs(after.percent - before.percent).max() > 20.0
    np.testing.assert_array_equal(after.wall, before.wall)  # labels follow the pose until they are made anew


def test_rows_of_a_pair(done: Session, worker: HandWorker) -> None:
    study = done.review.study
    rest = add_study(done.scene, "Rest")
    done.show_again()
    done.choose_paired(rest)
    done.show_rows(True)
    assert done.screen.rows.page.names == ("Stress",)  # the other one was not run yet
    done.choose(rest)
    done.review.run()
    worker.answer()
    assert done.screen.rows.page.names == ("Stress", "Rest")
    done.choose(study)
    assert done.screen.rows.page.names == ("Stress", "Rest")


def test_leaving_takes_the_rows_away(done: Session) -> None:
    done.show_again()
    nodes = done.scene.GetNumberOfNodes()
    done.show_rows(True)
    done.put_away()
    volumes = done.scene.GetNodesByClass("vtkMRMLScalarVolumeNode")
    names = {volumes.GetItemAsObject(n).GetName() for n in range(volumes.GetNumberOfItems())}
    assert names == {"Stress", "Stress short axis"}
    assert done.scene.GetNumberOfNodes() <= nodes + 3  # its empty view


def test_the_transaxial_view_follows_shifts(done: Session) -> None:
    node = done.scene.GetSingletonNode("Transaxial", "vtkMRMLSliceNode")
    done.review.nudge("basal", 30.0)
    origin = [node.GetSliceToRAS().GetElement(n, 3) for n in range(3)]
    np.testing.assert_allclose(origin, lps_from_ras(done.review.record.pose.centre), atol=1e-6)


def test_a_markup_of_an_older_version_is_replaced(done: Session, study: Any) -> None:
    """The long axis was a node; it would lie where it was."""
    from MSSTUNetReorientLib.panel.nodes.record_node import link

    old = done.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Stress long axis")
    link(done.review.nodes.record_node, "axis", old)
    done.choose(None)
    done.choose(study)
    assert not done.scene.IsNodePresent(old)


# --- time left ---


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_known_from_the_last_runs() -> None:
    clock, store = Clock(), Memory()
    first = RunTime(store, clock)
    assert first.expected_s is None
    for seconds in (20.0, 4.0, 6.0, 5.0):
        first.start()
        clock.now += seconds
        first.done()
    assert first.expected_s == 5.0
    first.start()
    clock.now += 2.0
    assert first.left_s == pytest.approx(3.0)
    clock.now += 4.0
    assert first.left_s is None
    later = RunTime(store, clock)
    assert later.expected_s == 20.0  # the first run of a session starts the process, too


def test_damaged_settings_are_none() -> None:
    for text in ("[", "[1]", '{"first": "x"}', '{"first": [null]}'):
        store = Memory()
        store.write(KEY, text)
        assert RunTime(store).expected_s is None


def test_a_session_times_its_runs(session: Session, study: Any, worker: HandWorker) -> None:
    clock = Clock()
    session.review.run_time = RunTime(Memory(), clock)
    session.choose(study)
    session.review.run()
    clock.now += 3.0
    session.review.cancel()
    assert session.review.run_time.expected_s is None  # a cancelled run says nothing
    session.review.run()
    clock.now += 3.0
    worker.answer()
    session.review.run()
    assert session.review.run_time.expected_s is None  # no second run was timed yet
    clock.now += 2.0
    worker.answer()
    session.review.run()
    assert session.review.run_time.left_s == pytest.approx(2.0)
    session.review.cancel()
    session.review.run()
    assert session.review.run_time.left_s == pytest.approx(3.0)


# --- what is said of a study ---


def test_nm_by_add_data_is_told_from_its_file(scene: Any, study: Any, tmp_path: Any) -> None:
    """Without the DICOM module nothing in the scene says the modality; the file that the volume came from does."""
    import pydicom
    from MSSTUNetReorientLib.panel.nodes.study_node import look_at
    from MSSTUNetReorientLib.panel.state.study_check import describe_study
    from pydicom.uid import ExplicitVRLittleEndian
    from pydicom.uid import NuclearMedicineImageStorage

    header = pydicom.Dataset()
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = NuclearMedicineImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = "1.2.3"
    header.Modality = "NM"
    header.save_as(tmp_path / "study.dcm", enforce_file_format=True)
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    study.SetAndObserveStorageNodeID(storage.GetID())
    for name, words in (("study.dcm", "SPECT ·"), ("none.dcm", "modality not stated"), ("text.nrrd", "modality not")):
        (tmp_path / "text.nrrd").write_text("NRRD0004")
        storage.SetFileName(str(tmp_path / name))
        assert describe_study(look_at(study).volume).startswith(words)
