"""Scenes that somebody else edited or damaged, disks that are full, workers that answer rubbish: one message each."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.panel.nodes.record_node import STATE
from MSSTUNetReorientLib.panel.nodes.record_node import find_record
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.worker import session_folder
from MSSTUNetReorientLib.panel.worker import worker_client
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.arrays import to_matrix4x4
from MSSTUNetReorientLib.scene.nodes import PREFIX
from places import REPOSITORY
from results import make_result

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together

# --- scenes of the command line ---


def scaled(node: Any) -> None:
    node.SetMatrixTransformToParent(to_matrix4x4(np.diag([2.0, 1.0, 1.0, 1.0])))


def sheared(node: Any) -> None:
    node.SetMatrixTransformToParent(to_matrix4x4(np.eye(4) + np.eye(4, k=1)))


def not_a_number(node: Any) -> None:
    node.SetMatrixTransformToParent(to_matrix4x4(np.full((4, 4), np.nan)))


def without_row(name: str) -> Callable[[Any], None]:
    def change(table: Any) -> None:
        rows = [r for r in range(table.GetNumberOfRows()) if table.GetCellText(r, 0) == name]
        table.SetLocked(False)
        for row in reversed(rows):
            table.RemoveRow(row)

    return change


def with_text(name: str) -> Callable[[Any], None]:
    def change(table: Any) -> None:
        table.SetLocked(False)
        for row in range(table.GetNumberOfRows()):
            if table.GetCellText(row, 0) == name:
                table.SetCellText(row, 1, "Sophie's notes")

    return change


def without_column(table: Any) -> None:
    table.SetLocked(False)
    table.RemoveColumn(1)


def empty(table: Any) -> None:
    table.RemoveAllColumns()


ADOPTED = {
    "scaled": ("pose", scaled),
    "sheared": ("pose", sheared),
    "NaN": ("pose", not_a_number),
    "a row short": ("parameters", without_row("alpha")),
    "no centre": ("parameters", without_row("LV centre P (LPS)")),
    "no quality": ("parameters", without_row("QC status")),
    "text for a number": ("parameters", with_text("beta")),
    "an unknown quality": ("parameters", with_text("QC status")),
    "a column short": ("parameters", without_column),
    "no rows": ("parameters", empty),
}


@pytest.mark.parametrize("name", ADOPTED)
def test_a_damaged_result_of_the_command_line(name: str, scene: Any, session: Session, worker: HandWorker) -> None:
    role, damage = ADOPTED[name]
    nodes = add_result(scene, make_result(), "Study")
    before = scene.GetNumberOfNodes()
    damage(getattr(nodes, role))
    session.choose(nodes.study)
    assert "damaged" in session.review.message
    assert "run Reorient & Segment again" in session.review.message
    assert session.review.stage is Stage.READY
    assert scene.GetNumberOfNodes() >= before
    session.choose(None)
    session.choose(nodes.study)  # again, as often as one likes
    assert session.review.stage is Stage.READY
    session.review.run()
    worker.answer()
    assert session.review.stage is Stage.ADJUSTING
    assert session.review.message == ""
    check_together(session)


# --- scenes of the panel ---


def json_change(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any, Session], None]:
    def damage(record: Any, _: Session) -> None:
        content = json.loads(record.GetParameter(STATE))
        changed = change(content)
        record.SetParameter(STATE, json.dumps(content if changed is None else changed))

    return damage


def text_change(text: str) -> Callable[[Any, Session], None]:
    return lambda record, _: record.SetParameter(STATE, text)


def wrong_node(role: str) -> Callable[[Any, Session], None]:
    """A role played by a node of another kind."""

    def damage(record: Any, session: Session) -> None:
        other = session.scene.AddNewNodeByClass("vtkMRMLTextNode", "somebody else's")
        record.SetNodeReferenceID(PREFIX + role, other.GetID())

    return damage


def removed(role: str) -> Callable[[Any, Session], None]:
    return lambda record, session: session.scene.RemoveNode(record.GetNodeReference(PREFIX + role))


def nonlinear(record: Any, session: Session) -> None:
    grid = session.scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "bent")
    record.SetNodeReferenceID(PREFIX + "pose", grid.GetID())


def scaled_pose(record: Any, _: Session) -> None:
    scaled(record.GetNodeReference(PREFIX + "pose"))


def emptied_table(record: Any, _: Session) -> None:
    record.GetNodeReference(PREFIX + "table").RemoveAllColumns()


def no_segments(record: Any, _: Session) -> None:
    record.GetNodeReference(PREFIX + "segmentation").GetSegmentation().RemoveAllSegments()


def no_voxels(record: Any, _: Session) -> None:
    segmentation = record.GetNodeReference(PREFIX + "segmentation").GetSegmentation()
    for n in range(segmentation.GetNumberOfSegments()):
        segmentation.GetNthSegment(n).RemoveAllRepresentations()


def no_image(record: Any, _: Session) -> None:
    record.GetNodeReference(PREFIX + "short_axis").SetAndObserveImageData(None)


ROLES = ("short_axis", "segmentation", "pose", "table", "window")
JSON: dict[str, Callable[[Any, Session], None]] = {
    "not JSON": text_change("{"),
    "a list": text_change("[]"),
    "a number": text_change("7"),
    "nothing in it": text_change("{}"),
    "scaled pose": json_change(lambda c: c["model_pose"][0].__setitem__(0, 3.0)),
    "short pose": json_change(lambda c: c["model_pose"].pop()),
    "NaN in the correction": json_change(lambda c: c["correction"].__setitem__(2, float("nan"))),
    "five numbers": json_change(lambda c: c["correction"].pop()),
    "text in the past": json_change(lambda c: c["past"].append(["a"] * 6)),
    "unknown quality": json_change(lambda c: c["quality"].__setitem__("status", "fine")),
    "reasons missing": json_change(lambda c: c["quality"].pop("reasons")),
    "measure of text": json_change(lambda c: c["quality"]["measures"].__setitem__("presence", "x")),
    "no cube": json_change(lambda c: c.__setitem__("cube", None)),
    "no model": json_change(lambda c: c.__setitem__("model", [])),
    "events of text": json_change(lambda c: c.__setitem__("events", ["run"])),
    "format of text": json_change(lambda c: c.__setitem__("format", "three")),
}
NODES: dict[str, Callable[[Any, Session], None]] = {
    **{f"no {role}": removed(role) for role in ROLES},
    **{f"wrong {role}": wrong_node(role) for role in ROLES},
    "bent pose": nonlinear, "scaled pose node": scaled_pose, "emptied table": emptied_table,
    "no segments": no_segments, "no voxels": no_voxels, "no short-axis image": no_image,
}  # fmt: skip


@pytest.mark.parametrize("name", JSON)
def test_a_damaged_record(name: str, done: Session, study: Any, worker: HandWorker) -> None:
    scene, labels = done.scene, done.review.nodes.node("segmentation")
    done.choose(None)
    JSON[name](find_record(scene, study), done)
    done.choose(study)
    assert "record of the study in this scene is damaged" in done.review.message
    assert done.review.stage is Stage.READY
    done.review.run()
    worker.answer()
    assert done.review.stage is Stage.ADJUSTING
    assert done.review.message == ""
    assert scene.IsNodePresent(labels)
    names = [scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode").GetName() for n in range(2)]
    assert "Stress LV edited" in names  # the old labels are kept
    check_together(done)


def test_an_event_of_another_version_is_shown_as_it_is(done: Session, study: Any) -> None:
    done.choose(None)
    add = json_change(lambda c: c["events"].append({"what": "signed", "when": "2027-01-01", "correction": [0] * 6}))
    add(find_record(done.scene, study), done)
    done.choose(study)
    assert done.review.message == ""
    done.review.nudge("swing", 1.0)
    done.review.accept("Ada")


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("accepted", [False, True])
def test_damaged_nodes_are_made_again(
    name: str, accepted: bool, done: Session, study: Any, worker: HandWorker, delay: HandDelay
) -> None:
    done.review.nudge("tilt", 3.0)
    delay.rest()
    worker.answer()
    if accepted:
        done.review.accept("Ada")
    pose = done.review.record.pose
    done.choose(None)
    NODES[name](find_record(done.scene, study), done)
    done.choose(study)
    delay.rest()
    worker.answer()
    np.testing.assert_allclose(done.review.record.pose.matrix, pose.matrix, atol=1e-9)
    if accepted:
        done.review.edit_again()
    done.review.nudge("tilt", 4.0)
    delay.rest()
    worker.answer()
    done.review.run()
    worker.answer()
    assert done.review.stage is Stage.ADJUSTING
    assert done.review.message == ""
    check_together(done)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    damage=st.lists(st.sampled_from([*JSON.items(), *NODES.items()]), min_size=1, max_size=4),
    actions=st.lists(st.sampled_from(["nudge", "rest", "answer", "run", "accept", "again", "edit"]), max_size=6),
)
def test_no_damage_gets_past_the_session(damage: list[Any], actions: list[str]) -> None:
    with new_scene() as scene:
        worker, delay = HandWorker(), HandDelay()
        session, study = Session(scene, worker, delay), add_study(scene)
        session.choose(study)
        session.review.run()
        worker.answer()
        session.review.nudge("swing", 2.0)
        pose = session.review.record.pose
        session.choose(None)
        for _, change in damage:
            record = find_record(scene, study)
            try:
                change(record, session)
            except (AttributeError, ValueError, TypeError, KeyError, IndexError):
                continue  # two damages may exclude each other
        session.choose(study)
        if session.review.record is None:
            assert "damaged" in session.review.message
        else:
            np.testing.assert_allclose(session.review.record.pose.matrix, pose.matrix, atol=1e-9)
        act = {
            "nudge": lambda: session.review.nudge("roll", 5.0), "rest": delay.rest, "answer": worker.answer,
            "run": session.review.run, "accept": session.review.accept, "edit": session.review.edit_again,
            "again": lambda: (session.choose(None), session.choose(study)),
        }  # fmt: skip
        for action in actions:
            act[action]()
        worker.answer()
        assert session.review.stage in (Stage.READY, Stage.ADJUSTING, Stage.ACCEPTED)
        session.close()


# --- disks and workers ---


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_while_the_study_is_written(
    session: Session, study: Any, worker: HandWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.choose(study)
    with monkeypatch.context() as patch:
        patch.setattr(worker_client, "write_study", full)
        session.review.run()
        assert session.review.stage is Stage.READY
        assert "No space left on device" in session.review.message
        assert session.review.client.files == []
    session.review.run()
    worker.answer()
    assert session.review.stage is Stage.ADJUSTING


def test_a_temporary_folder_that_disappears(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    import shutil

    shutil.rmtree(done.review.client._folder.path)
    done.review.nudge("tilt", 3.0)
    delay.rest()
    worker.answer()
    assert done.review.message == ""
    assert not done.review.record.labels_follow


@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"PK\x03\x04 cut"])
def test_an_answer_that_cannot_be_read(content: bytes | None, session: Session, study: Any, worker: HandWorker) -> None:
    session.choose(study)
    session.review.run()
    request, listener = worker.requests.pop(0)
    if content is not None:
        Path(request["answer"]).write_bytes(content)
    listener({"done": request["answer"]})
    assert session.review.stage is Stage.READY
    assert "could not be read" in session.review.message
    session.review.run()
    worker.answer()
    assert session.review.stage is Stage.ADJUSTING


def test_an_answer_beyond_all_bounds(
    session: Session, study: Any, worker: HandWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("MSSTUNetReorientLib.panel.worker.worker_files.MAX_UNPACKED", 3_000_000)
    session.choose(study)
    session.review.run()
    worker.answer()
    assert "unpacks to" in session.review.message


@pytest.mark.parametrize("line", ["@reorient {", "@reorient 7", "@reorient []", "noise"])
def test_lines_that_say_nothing(line: str) -> None:
    from MSSTUNetReorientLib.panel.worker.worker_process import _content

    assert _content(line) is None


def test_only_the_last_of_many_nudges_is_segmented(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    """One request at work, one that waits: the newest."""
    asked = len(worker.seen)
    for value in range(1, 11):
        done.review.nudge("tilt", float(value))
        delay.rest()
    assert len(worker.seen) == asked + 1
    worker.answer()
    assert len(worker.seen) == asked + 2
    np.testing.assert_allclose(worker.seen[-1]["pose"], done.review.record.pose.matrix)
    assert not done.review.record.labels_follow
    assert not done.review.segmenting
    check_together(done)


def test_a_run_waits_for_what_is_at_work_and_is_not_lost(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    for value in (1.0, 2.0):
        done.review.nudge("tilt", value)
        delay.rest()
    done.review.run()
    worker.answer()
    assert [request["op"] for request in worker.seen[-2:]] == ["segment", "predict"]
    assert done.review.stage is Stage.ADJUSTING
    assert done.review.adjustment.correction.tilt == 0.0


def test_after_a_cancel_the_next_request_is_sent(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    done.review.nudge("tilt", 1.0)
    delay.rest()
    done.review.run()
    done.review.cancel()
    delay.rest()
    worker.answer()
    assert not done.review.record.labels_follow


# --- what a crashed session leaves ---

HOLD = (
    "import sys, time; from MSSTUNetReorientLib.panel.worker.session_folder import SessionFolder\n"
    "folder = SessionFolder(); folder.file('study-1.npz').write_bytes(b'counts')\n"
    "print(folder.path, flush=True); time.sleep(60)\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_counts_of_a_killed_session_go_and_those_of_a_running_one_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY / "MSSTUNetReorient")}
    sessions = [
        subprocess.Popen([sys.executable, "-c", HOLD], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    killed, running = (Path(process.stdout.readline().strip()) for process in sessions if process.stdout)
    sessions[0].send_signal(signal.SIGKILL)
    sessions[0].wait()
    (tmp_path / "reorient-of-somebody-else").mkdir()
    own = session_folder.SessionFolder()
    assert session_folder.remove_abandoned() == [killed]
    assert (running / "study-1.npz").exists()
    assert own.path.exists()
    assert (tmp_path / "reorient-of-somebody-else").exists()
    own.close()
    sessions[1].kill()
    sessions[1].wait()


def test_a_folder_that_is_just_being_made_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    young, old = (tmp_path / f"{session_folder.PREFIX}{name}" for name in ("young", "old"))
    young.mkdir()
    old.mkdir()
    os.utime(old, (0, 0))
    assert session_folder.remove_abandoned() == [old]


# --- volumes that are no study ---


def without_image(study: Any) -> None:
    study.SetAndObserveImageData(None)


def without_scalars(study: Any) -> None:
    study.GetImageData().GetPointData().SetScalars(None)


def without_spacing(study: Any) -> None:
    study.SetIJKToRASMatrix(to_matrix4x4(np.diag([0.0, 5.0, 6.0, 1.0])))


def under_a_transform(study: Any) -> None:
    node = study.GetScene().AddNewNodeByClass("vtkMRMLGridTransformNode", "warp")
    study.SetAndObserveTransformNodeID(node.GetID())


@pytest.mark.parametrize("damage", [without_image, without_scalars, without_spacing, under_a_transform])
def test_volumes_that_cannot_be_a_study(damage: Callable[[Any], None], session: Session, study: Any) -> None:
    damage(study)
    session.choose(study)
    session.review.run()
    assert session.review.message != ""
    assert session.review.stage is Stage.READY


@pytest.mark.parametrize("damage", [without_image, without_scalars, under_a_transform])
def test_a_study_that_is_damaged_after_its_run(
    damage: Callable[[Any], None], done: Session, study: Any, worker: HandWorker, delay: HandDelay
) -> None:
    damage(study)
    done.review.nudge("swing", 4.0)
    delay.rest()
    worker.answer()
    assert done.review.message != ""
    assert done.review.stage is Stage.ADJUSTING
    assert not done.review.segmenting


def test_a_session_folder_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another session that starts takes the lock of the first folder, and removes the second before it is locked."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made: list[Path] = []

    def lock(file: IO[str]) -> bool:
        made.append(Path(file.name).parent)
        if len(made) == 2:
            shutil.rmtree(made[1])
        return len(made) > 1

    monkeypatch.setattr(session_folder, "take_lock", lock)
    folder = session_folder.SessionFolder()
    assert folder.path == made[2]
    assert folder.path.is_dir()
    folder.close()
    monkeypatch.setattr(session_folder, "take_lock", lambda _: False)
    with pytest.raises(OSError, match="cannot be locked"):
        session_folder.SessionFolder()
