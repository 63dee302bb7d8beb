"""The command ``watch``: what comes into a folder, is half there, comes twice, cannot be written, sent or asked for."""

from __future__ import annotations

import errno
import json
import shutil
import sys
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from archive.exports import save
from archive.orthanc import free_port
from commands.test_watch_killed import records
from commands.test_watch_killed import rows
from commands.test_watch_killed import states
from commands.watching import SLICES
from commands.watching import FolderArchive
from commands.watching import pet
from commands.watching import quickly
from commands.watching import shell
from commands.watching import spect
from MSSTUNetReorientLib.archive import listener
from MSSTUNetReorientLib.archive.listener import listening
from MSSTUNetReorientLib.commands import run_watch as module
from MSSTUNetReorientLib.commands.batch_task import Making
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.commands.crew import DiedError
from MSSTUNetReorientLib.commands.run_watch import Delivery
from MSSTUNetReorientLib.commands.run_watch import run_watch
from MSSTUNetReorientLib.commands.send import send_folder
from MSSTUNetReorientLib.commands.watch_task import Outcome
from MSSTUNetReorientLib.commands.watch_task import WatchTask
from MSSTUNetReorientLib.commands.watch_task import work_on
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.io.inbox import Inbox
from MSSTUNetReorientLib.io.study_completeness import what_is_missing
from MSSTUNetReorientLib.io.study_search import FoundStudy
from MSSTUNetReorientLib.output import watch_records
from MSSTUNetReorientLib.prediction.result import Result

ROUNDS = 3
"""Looks: one notes what is there, and one finds it quiet."""
SECRETS = ("Secret", "ID-4711", "19510203")


class Place(SimpleNamespace):
    """The folders of a watcher, and what it logged."""

    inbox: Path
    out: Path
    log: list[str]

    def watch(self, rounds: int = ROUNDS, doing: Any = quickly, wait_s: float = 0.0, **delivery: Any) -> None:
        left = iter(range(1, rounds + 1))
        run_watch(
            self.inbox, self.out, Making(pictures=False), Delivery(**delivery), wait_s=wait_s, doing=doing,
            log=self.log.append, until=lambda: next(left) == rounds,
        )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Without a network; what fails is tried again at once."""
    monkeypatch.setattr(module, "settings_of", lambda _: {"model": "none"})
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.0)
    (tmp_path / "in").mkdir()
    (tmp_path / "archive").mkdir()
    return Place(inbox=tmp_path / "in", out=tmp_path / "out", archive=tmp_path / "archive", log=[])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_each_study_once_and_not_again(place: Place) -> None:
    spect(place.inbox / "Secret" / "one.dcm")
    pet(place.inbox / "two")
    (place.inbox / "read me.txt").write_text("not a study")
    place.watch()
    keys = [record["study"] for record in records(place.out)]
    assert (states(place.out), len(keys)) == ({"done": 2}, 2)
    assert [row["study"] for row in rows(place.out)] == keys
    assert sorted(line.split(": ")[1] for line in place.log) == ["result made, pass"] * 2
    before = contents(place.out)
    place.watch(doing=None)  # nothing that would do anything
    after = contents(place.out)
    assert after.pop("index.html").count(b"pass") == before.pop("index.html").count(b"pass")
    assert after == before


def test_a_study_that_comes_twice(place: Place) -> None:
    """In another folder, later; and then its files are removed."""
    paths = pet(place.inbox / "one")
    place.watch(send=FolderArchive(place.archive))
    shutil.copytree(place.inbox / "one", place.inbox / "two")
    place.watch(send=FolderArchive(place.archive))
    for path in paths:
        path.unlink()
    place.watch(send=FolderArchive(place.archive))
    assert (states(place.out), len(rows(place.out)), len(list(place.archive.iterdir()))) == ({"done": 1}, 1, 1)


def test_half_a_study_waits_for_the_other_half(place: Place) -> None:
    paths = pet(place.inbox / "study")
    rest = [(path, path.read_bytes()) for path in paths[SLICES // 2 :]]
    for path, _ in rest:
        path.unlink()
    place.watch()
    assert states(place.out) == {}
    [line] = place.log
    assert line.endswith(f"waits, {SLICES // 2} of {SLICES} slices are there")
    assert list(json.loads((place.out / "watch.json").read_text())["waiting"].values()) == [line.split("waits, ")[1]]
    for path, content in rest:
        path.write_bytes(content)
    place.watch()
    assert states(place.out) == {"done": 1}
    assert json.loads((place.out / "watch.json").read_text()) == {
        "studies": {"done": 1},
        "pairs": {},
        "waiting": {},
        "to_send": {},
    }


def test_half_a_file_waits_for_its_end(place: Place) -> None:
    path = spect(place.inbox / "study.dcm")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    place.watch()
    assert place.log[0].endswith("waits, 1 of 1 files end before their pixels do")
    path.write_bytes(content)
    place.watch()
    assert states(place.out) == {"done": 1}


def test_the_count_of_a_gated_series(tmp_path: Path) -> None:
    paths = tuple(pet(tmp_path))
    assert what_is_missing(FoundStudy("", paths)) == ""
    for path in paths:
        ds = pydicom.dcmread(path)
        ds.NumberOfTimeSlots = 8
        save(ds, path)
    assert what_is_missing(FoundStudy("", paths)) == f"{SLICES} of {8 * SLICES} slices are there"
    ds.InConcatenationTotalNumber, ds.Modality = 9, "NM"
    save(ds, paths[0])
    assert what_is_missing(FoundStudy("", paths)) == f"{SLICES} of 9 parts are there"


def test_files_are_quiet_when_nothing_has_happened_to_them(tmp_path: Path) -> None:
    now = [0.0]
    (tmp_path / "a").write_text("1")
    (tmp_path / ".hidden").write_text("1")
    (tmp_path / "loop").symlink_to(tmp_path)
    watched = Inbox(tmp_path, 10.0, lambda: now[0])
    assert not watched.look()
    now[0] = 9.0
    (tmp_path / "b").write_text("1")
    assert not watched.look()
    now[0] = 11.0
    assert watched.look()
    assert (watched.is_quiet([tmp_path / "a"]), watched.is_quiet([tmp_path / "b"])) == (True, False)
    watched.handled()
    assert not watched.look()
    now[0] = 20.0
    assert watched.look()
    watched.handled()
    before = watched.stamp([tmp_path / "a"])
    (tmp_path / "a").write_text("22")
    assert not watched.look()
    now[0] = 40.0
    assert watched.look()
    assert watched.stamp([tmp_path / "a"]) != before


def full_disk(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int) -> None:
    """The next calls of a function find the disk full."""
    left, real = [times], getattr(owner, name)

    def call(*arguments: Any, **options: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, call)


@pytest.mark.parametrize("times", range(1, 8))
def test_a_full_disk_loses_nothing(place: Place, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Records, folders and table fail one after the other, as often as it takes."""
    spect(place.inbox / "Secret.dcm")
    full_disk(monkeypatch, watch_records, "put_in_place", times)
    place.watch(rounds=ROUNDS + times, send=FolderArchive(place.archive))
    assert sum("No space left on device" in line and "trying again in 0 s" in line for line in place.log) == times
    assert (states(place.out), len(rows(place.out)), len(list(place.archive.iterdir()))) == ({"done": 1}, 1, 1)
    assert not [word for word in SECRETS if word in "".join(place.log)]


def test_a_disk_that_is_full_at_the_result(place: Place) -> None:
    """The error of a process that cannot write; and an inbox that vanishes for a while."""
    path, failures = spect(place.inbox / "Secret.dcm"), iter([True, True, False])

    def doing(tasks: list[WatchTask]) -> Iterator[tuple[WatchTask, list[Outcome]]]:
        if next(failures):
            msg = f"{place.out}: cannot write here: No space left on device"
            raise InputError(msg)
        yield from quickly(tasks)

    place.watch(rounds=5, doing=doing)
    assert [line for line in place.log if "No space" in line] == place.log[:2]
    assert states(place.out) == {"done": 1}
    path.unlink()
    place.inbox.rename(place.inbox.with_name("away"))
    with pytest.raises(InputError, match="no such folder"):
        place.watch()


def test_what_was_begun_is_made_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a loss of power its folders may have files without content."""
    spect(place.inbox / "study.dcm")
    place.watch(send=FolderArchive(place.archive))
    [record] = records(place.out)
    key, store = record["study"], watch_records.Records(place.out)
    store.keep(watch_records.Record(key, watch_records.BEGUN))
    (place.out / key / "result.json").write_bytes(b"")
    (place.out / "outgoing" / key).mkdir()
    (place.out / "studies" / "0123456789abcdef.json").write_bytes(b"")
    place.watch(send=FolderArchive(place.archive))
    assert states_of_readable(place.out) == ["done"]
    assert json.loads((place.out / key / "result.json").read_text())
    assert list((place.out / "outgoing").iterdir()) == []


def states_of_readable(out: Path) -> list[str]:
    return [record.state for record in watch_records.Records(out)]


def test_a_study_that_cannot_be_used_is_told_and_tried_again_when_it_changes(place: Place) -> None:
    path = spect(place.inbox / "Secret.dcm")

    def doing(tasks: list[WatchTask]) -> Iterator[tuple[WatchTask, list[Outcome] | DiedError]]:
        yield from ((task, DiedError("the process that worked on it ended with code -9")) for task in tasks)

    place.watch(doing=doing)
    place.watch(doing=None)
    [record], [row] = records(place.out), rows(place.out)
    assert (record["state"], row["status"], row["reasons"]) == ("no result", "no result", record["reason"])
    assert "code -9" in place.log[0]
    path.touch()
    place.watch()
    assert (states(place.out), rows(place.out)[0]["status"]) == ({"done": 1}, "pass")


def test_an_archive_that_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses for three rounds, and a restart is between them; the objects are the same each time, and wait."""
    spect(place.inbox / "study.dcm")
    seen = []

    def fail(dicom: Path) -> None:
        seen.append(contents(dicom))
        msg = "PACS@host:104: the archive failed: it was refused (status 0xA700); send the folder again"
        raise InputError(msg)

    place.watch(rounds=4, send=fail)
    place.watch(rounds=1, send=fail)
    place.watch()  # without an archive they stay
    assert "1 studies of a former run wait to be sent" in place.log[-1]
    [record] = records(place.out)
    assert (record["state"], record["tries"]) == ("to send", len(seen))
    assert len(seen) >= 3
    assert all(content == seen[0] for content in seen)
    assert "0xA700" in json.loads((place.out / "watch.json").read_text())["to_send"][record["study"]]["reason"]
    place.watch(rounds=1, send=FolderArchive(place.archive))
    assert (states(place.out), list((place.out / "outgoing").iterdir())) == ({"done": 1}, [])
    [name] = [path.name for path in place.archive.iterdir()]
    assert name.encode() in seen[0][f"{record['study']}/short_axis.dcm".split("/")[1]]


def test_an_archive_that_is_gone_is_left_alone_for_a_while(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 60.0)
    for name in ("a", "b", "c"):
        spect(place.inbox / f"{name}.dcm")
    asked = []

    def fail(dicom: Path) -> None:
        asked.append(dicom)
        raise ConnectionError(SECRETS[0])

    place.watch(rounds=5, send=fail)
    assert len(asked) == 1
    assert "internal error: ConnectionError; trying again in 60 s" in place.log[1]
    pauses = module._Pauses()
    assert [pauses.begin("x") for _ in range(6)] == [60, 120, 240, 480, 900, 900]
    assert [pauses.begin("x", tries) for tries in (0, 1, 99)] == [60, 120, 900]


def test_an_archive_that_refuses_and_vanishes_and_then_takes(place: Place) -> None:
    """By C-STORE, as the command sends."""
    pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (extra dicom)")
    from archive.test_sending import archive

    spect(place.inbox / "study.dcm")
    with archive(lambda n: {1: 0xA700, 2: -1}.get(n, 0x0000)) as there:
        place.watch(rounds=6, send=partial(send_folder, to=str(there.address), title="SCU", progress=lambda _: None))
    assert (states(place.out), len(there.stored)) == ({"done": 1}, 1)
    failures = [line.split("failed: ")[1] for line in place.log if "not sent" in line]
    assert [("0xA700" in line, "does not answer" in line) for line in failures] == [(True, False), (False, True)]


def test_dicom_that_is_kept(place: Place, tmp_path: Path) -> None:
    spect(place.inbox / "study.dcm")
    place.watch(dicom_out=tmp_path / "dicom", send=FolderArchive(place.archive))
    [record] = records(place.out)
    assert contents(tmp_path / "dicom" / record["study"]).keys() == {"short_axis.dcm"}
    assert not (place.out / "outgoing").exists()
    assert len(list(place.archive.iterdir())) == 1


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A predictor that knows the pose."""
    from dataclasses import replace

    def predict(volume: Volume, **_: Any) -> Result:
        return replace(shell(), study=volume, short_axis=resample(volume, shell().short_axis.grid))

    fake = SimpleNamespace(predict=predict, choose_device=lambda _: None)
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", fake)  # type: ignore[arg-type]


def really(tasks: list[WatchTask]) -> Iterator[tuple[WatchTask, list[Outcome]]]:
    yield from ((task, work_on(task)) for task in tasks)


def test_the_step_exports_what_it_makes(place: Place, predicted: None, tmp_path: Path) -> None:
    """A source without a patient gets a result and no DICOM objects, until it comes again with one."""
    whole, bare = spect(place.inbox / "whole.dcm"), spect(place.inbox / "Secret^Sophie.dcm")
    ds = pydicom.dcmread(bare)
    del ds.PatientName, ds.PatientID
    save(ds, bare)
    place.watch(doing=really, dicom_out=tmp_path / "dicom")
    assert states(place.out) == {"done": 1, "no DICOM": 1}
    [refused] = [record for record in records(place.out) if record["state"] == "no DICOM"]
    assert "no patient module" in refused["reason"]
    assert not [word for word in (*SECRETS, str(tmp_path)) if word in json.dumps(records(place.out)) + str(place.log)]
    [made] = (tmp_path / "dicom").iterdir()
    source = pydicom.dcmread(whole)
    for path in made.glob("*.dcm"):
        ds = pydicom.dcmread(path)
        assert (ds.PatientID, ds.StudyInstanceUID) == (source.PatientID, source.StudyInstanceUID)
    [line] = [line for line in place.log if "left out" in line]
    assert "the result has no report.html" in line
    before = contents(made)
    ds = pydicom.dcmread(bare)
    ds.PatientID, ds.PatientName = "ID-4711", "Secret^Sophie"
    save(ds, bare)
    place.watch(doing=really, dicom_out=tmp_path / "dicom")
    assert states(place.out) == {"done": 2}
    assert contents(made) == before


def test_a_second_watcher_is_refused(place: Place, tmp_path: Path) -> None:
    refusals = []

    def second(out: Path) -> None:
        with pytest.raises(InputError) as caught:
            run_watch(place.inbox, out, until=lambda: True, doing=quickly)
        refusals.append(str(caught.value))

    def begin() -> None:
        second(place.out)
        second(tmp_path / "another")

    run_watch(place.inbox, place.out, begin=begin, until=lambda: True, doing=quickly)
    assert [line.count("\n") for line in refusals] == [0, 0]
    assert all("another run is working in this folder" in line for line in refusals)
    assert not (tmp_path / "another").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{in}/none", "--out", "{out}"], "no such folder"),
        (["{in}", "--out", "{in}/out"], "must lie outside the folder that is watched"),
        (["{in}", "--out", "{out}", "--send", "PACS@host:104", "--dicom-out", "{in}"], "must lie outside"),
        (["{in}", "--out", "{out}", "--send", "PACS"], "AE@HOST:PORT"),
        (["{in}", "--out", "{out}", "--listen", "70000"], "65535"),
        (["{in}", "--out", "{out}", "--accept", "PACS"], "--listen is not given"),
        (["{in}", "--out", "{out}", "--anonymous"], "neither --send nor --dicom-out"),
        (["{in}", "--out", "{out}", "--listen", "{taken}"], "nobody can listen there"),
        (["{in}", "--out", "{out}", "--listen", "11112", "--title", "A" * 17], "1 to 16"),
        (["{in}", "--out", "{out}", "--wait", "-1"], "--wait"),
        (["{in}", "--out", "{out}", "--colours", "pink"], "pink"),
        (["{in}", "--out", "{out}", "--device", "abacus"], "abacus"),
        (["{in}", "--out", "{full}"], "but no batch.json of this program"),
    ],
)
def test_bad_options(place: Place, arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]) -> None:
    import socket

    (place.archive / "file").write_text("foreign")
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        names = {"in": place.inbox, "out": place.out, "full": place.archive, "taken": taken.getsockname()[1]}
        assert main(["watch", *(argument.format(**names) for argument in arguments), "--quiet"]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err


@pytest.fixture
def sender() -> Callable[..., Any]:
    """pynetdicom's own SCU: the status of each object, or None if the connection is refused."""
    pynetdicom = pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (extra dicom)")

    def send_all(port: int, paths: list[Path], title: str = "SCU") -> list[int] | None:
        entity = pynetdicom.AE(title)
        datasets = [pydicom.dcmread(path) for path in paths]
        for uid in {ds.SOPClassUID for ds in datasets}:
            entity.add_requested_context(uid, "1.2.840.10008.1.2.1")
        entity.add_requested_context("1.2.840.10008.1.1")
        association = entity.associate("127.0.0.1", port, ae_title="MSSTUNET")
        if not association.is_established:
            return None
        try:
            assert association.send_c_echo().Status == 0
            return [int(association.send_c_store(ds).Status) for ds in datasets]
        finally:
            association.release()

    return send_all


def test_the_listener_takes_a_study_as_it_is(place: Place, tmp_path: Path, sender: Callable[..., Any]) -> None:
    paths = [*pet(tmp_path / "pet"), spect(tmp_path / "spect.dcm")]
    with listening(place.inbox, 0, "MSSTUNET") as port:
        assert sender(port, paths) == [0] * len(paths)
        before = contents(place.inbox)
        assert sender(port, paths) == [0] * len(paths)
    assert contents(place.inbox) == before
    assert len(before) == len(paths)
    assert not [word for word in SECRETS if word in str(list(before))]
    found = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, place.inbox.rglob("*.dcm"))}
    assert all(found[ds.SOPInstanceUID] == ds for ds in map(pydicom.dcmread, paths))
    place.watch()
    assert states(place.out) == {"done": 2}


def test_the_listener_of_the_command(place: Place, tmp_path: Path, sender: Callable[..., Any]) -> None:
    """A study is sent to the port of a watcher and comes out of it."""
    paths, port, looks = pet(tmp_path / "pet"), free_port(), iter(range(200))

    def begin() -> None:
        server = listening(place.inbox, port, "MSSTUNET")
        server.__enter__()
        place.server = server
        assert sender(port, paths) == [0] * SLICES

    run_watch(
        place.inbox, place.out, wait_s=0.0, doing=quickly, begin=begin,
        until=lambda: states(place.out) == {"done": 1} or next(looks) > 100,
    )  # fmt: skip
    place.server.__exit__(None, None, None)
    assert states(place.out) == {"done": 1}


def test_what_the_listener_refuses(
    place: Place, tmp_path: Path, sender: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = spect(tmp_path / "spect.dcm"), list[str]()
    with listening(place.inbox, 0, "MSSTUNET", accepted=["PACS"], note=told.append) as port:
        assert sender(port, [path]) is None
        assert sender(port, [path], "PACS") == [0]
    kept = contents(place.inbox)
    other = spect(tmp_path / "other.dcm")
    full_disk(monkeypatch, listener, "put_in_place", 1)
    with listening(place.inbox, 0, "MSSTUNET", note=told.append) as port:
        assert sender(port, [other]) == [0xA700]
        ds = pydicom.dcmread(other)
        del ds.SeriesInstanceUID
        assert sender(port, [save(ds, tmp_path / "bad.dcm")]) == [0xC000]
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        with pytest.raises(ValueError, match="presentation context"):
            sender(port, [save(ds, tmp_path / "ct.dcm")])
    assert contents(place.inbox) == kept
    assert "No space left on device" in told[0]
    assert not [word for word in SECRETS if word in "".join(told)]
    left = place.inbox / "series" / ".x.partial"
    left.parent.mkdir()
    left.touch()
    with listening(place.inbox, 0, "MSSTUNET"):
        assert not left.exists()
