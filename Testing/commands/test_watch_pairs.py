"""Stress and rest in a watched folder: together, one after the other, half there, and where they cannot be a pair."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from archive.exports import save
from commands.test_watch import Place
from commands.test_watch import contents
from commands.test_watch import place
from commands.test_watch import predicted
from commands.test_watch import really
from commands.test_watch_killed import records
from commands.test_watch_killed import rows
from commands.watching import SLICES
from commands.watching import FolderArchive
from commands.watching import pet
from commands.watching import quick_work
from commands.watching import quickly
from commands.watching import spect
from MSSTUNetReorientLib.commands.crew import DiedError
from MSSTUNetReorientLib.commands.run_watch import Delivery
from MSSTUNetReorientLib.commands.run_watch import run_watch
from MSSTUNetReorientLib.commands.watch_task import Outcome
from MSSTUNetReorientLib.commands.watch_task import WatchTask
from MSSTUNetReorientLib.output.watch_records import BEGUN
from MSSTUNetReorientLib.output.watch_records import Record
from MSSTUNetReorientLib.output.watch_records import Records

__all__ = ["place", "predicted"]  # fixtures
DIED = "the process that worked on it ended with code -9"


def results(out: Path) -> list[str]:
    """The folders of results, those of pairs as ``pair``."""
    kinds = {"result.json": "alone", "pair.json": "pair"}
    return sorted(kinds[path.name] for name in kinds for path in out.glob(f"*/{name}"))


def states_of(out: Path, pairs: bool) -> list[str]:
    return [record["state"] for record in records(out) if ("-" in record["study"]) == pairs]


def sources_in(archive: Path) -> list[str]:
    """The objects that those in the archive were made from."""
    return [pydicom.dcmread(p).ReferencedImageSequence[0].ReferencedSOPInstanceUID for p in archive.iterdir()]


def test_both_come_at_once(place: Place) -> None:
    spect(place.inbox / "1.dcm", "Rest")
    spect(place.inbox / "2.dcm", "Stress")
    place.watch(send=FolderArchive(place.archive))
    assert (results(place.out), states_of(place.out, True)) == (["pair"], ["done"])
    assert states_of(place.out, False) == ["done", "done"]
    assert {row["result"].split("/")[1]: row["phase"] for row in rows(place.out)} == {
        "stress": "stress",
        "rest": "rest",
    }
    assert len(set(sources_in(place.archive))) == len(list(place.archive.iterdir())) == 2
    status = json.loads((place.out / "watch.json").read_text())
    assert (status["studies"], status["pairs"]) == ({"done": 2}, {"done": 1})
    before = contents(place.out)
    place.watch(doing=None, send=FolderArchive(place.archive))
    assert contents(place.out).keys() == before.keys()


@pytest.mark.parametrize("restarted", [True, False])
def test_the_second_comes_later(place: Place, restarted: bool) -> None:
    """The first has its result at once, and its objects are in the archive only once."""
    first = spect(place.inbox / "1.dcm", "Stress")
    left = iter(range(6))
    if restarted:
        place.watch(send=FolderArchive(place.archive))
        alone = contents(place.out / results_of_study(place.out))
        spect(place.inbox / "2.dcm", "Rest")
        place.watch(send=FolderArchive(place.archive))
    else:

        def until() -> bool:
            number = next(left)
            if number == 2:
                spect(place.inbox / "2.dcm", "Rest")
            return number == 5

        run_watch(
            place.inbox, place.out, delivery=Delivery(send=FolderArchive(place.archive)), wait_s=0.0, doing=quickly,
            log=place.log.append, until=until,
        )  # fmt: skip
        alone = contents(place.out / results_of_study(place.out))
    assert results(place.out) == ["alone", "pair"]
    assert alone == contents(place.out / results_of_study(place.out))
    assert [row["result"].split("/")[1] for row in sorted(rows(place.out), key=lambda row: row["phase"])] == [
        "rest", "stress",
    ]  # fmt: skip
    found = sources_in(place.archive)
    assert (len(found), found.count(pydicom.dcmread(first).SOPInstanceUID)) == (2, 1)
    assert list((place.out / "outgoing").iterdir()) == []
    assert sum(line.endswith(": sent") for line in place.log) == 2
    assert sum("stress and rest together" in line for line in place.log) == 1


def results_of_study(out: Path) -> str:
    [path] = out.glob("*/result.json")
    return path.parent.name


def look_on(place: Place, before_look: Callable[[int], None], rounds: int) -> None:
    """A watcher for which files are quiet after a tenth of a second; called with the number of looks so far."""
    looks = iter(range(1, rounds + 1))

    def until() -> bool:
        number = next(looks)
        before_look(number)
        return number == rounds

    run_watch(place.inbox, place.out, wait_s=0.1, doing=quickly, log=place.log.append, until=until)


def test_a_partner_that_is_coming_in_is_waited_for(place: Place) -> None:
    """The first is quiet long before the second is."""
    spect(place.inbox / "1.dcm", "Rest")
    second, made = spect(place.inbox / "2.dcm", "Stress"), dict[int, list[str]]()

    def before_look(number: int) -> None:
        if number < 6:
            second.write_bytes(second.read_bytes())
        made[number] = results(place.out)

    look_on(place, before_look, 12)
    assert made[6] == []
    assert results(place.out) == ["pair"]


def test_a_partner_that_vanishes_is_not_waited_for(place: Place) -> None:
    spect(place.inbox / "1.dcm", "Rest")
    second = spect(place.inbox / "2.dcm", "Stress")

    def before_look(number: int) -> None:
        if number < 4:
            second.write_bytes(second.read_bytes())
        elif number == 4:
            assert results(place.out) == []
            second.unlink()

    look_on(place, before_look, 8)
    assert (results(place.out), states_of(place.out, True)) == (["alone"], [])


def test_half_a_partner_is_not_waited_for(place: Place) -> None:
    pet(place.inbox / "rest", "Rest")
    paths = pet(place.inbox / "stress", "Stress")
    last = paths[-1].read_bytes()
    paths[-1].unlink()
    place.watch()
    assert results(place.out) == ["alone"]
    assert sum(f"waits, {SLICES - 1} of {SLICES} slices" in line for line in place.log) == 1
    paths[-1].write_bytes(last)
    place.watch()
    assert results(place.out) == ["alone", "pair"]


def test_where_it_is_not_clear_both_stay_alone(place: Place) -> None:
    """Two rests for one stress, another patient, and another kind of image."""
    for name, phase, patient in (("1", "Rest", "A"), ("2", "Rest", "A"), ("3", "Stress", "A"), ("4", "Rest", "B")):
        spect(place.inbox / f"{name}.dcm", phase, patient)
    pet(place.inbox / "5", "Stress", "B")
    place.watch()
    assert (results(place.out), states_of(place.out, True)) == (["alone"] * 5, [])


def pairs_die(tasks: list[WatchTask]) -> Iterator[tuple[WatchTask, list[Outcome] | DiedError]]:
    for watched in tasks:
        together = len(watched.task.studies) > 1
        yield watched, DiedError(DIED) if together else quick_work(watched)


def test_a_pair_that_cannot_be_made_leaves_each_alone(place: Place) -> None:
    first = spect(place.inbox / "1.dcm", "Rest")
    spect(place.inbox / "2.dcm", "Stress")
    place.watch(doing=pairs_die, send=FolderArchive(place.archive))
    place.watch(doing=None, send=FolderArchive(place.archive))
    assert (results(place.out), states_of(place.out, True)) == (["alone", "alone"], ["no result"])
    [told] = [row for row in rows(place.out) if row["pair_status"]]
    assert (told["pair_status"], told["pair_warnings"], told["status"]) == ("no result", DIED, "pass")
    assert sum(f"no pair, {DIED}" in line for line in place.log) == 1
    first.touch()
    place.watch(send=FolderArchive(place.archive))
    assert (results(place.out), states_of(place.out, True)) == (["alone", "alone", "pair"], ["done"])
    assert not [row for row in rows(place.out) if row["pair_status"] == "no result"]
    assert len(set(sources_in(place.archive))) == len(list(place.archive.iterdir())) == 2


def test_a_pair_that_was_begun_is_made_again(place: Place) -> None:
    """After a loss of power its folder may have files without content; what was sent before is not sent again."""
    spect(place.inbox / "1.dcm", "Rest")
    spect(place.inbox / "2.dcm", "Stress")
    place.watch(send=FolderArchive(place.archive))
    [name] = [record["study"] for record in records(place.out) if "-" in record["study"]]
    Records(place.out).keep(Record(name, BEGUN))
    for damaged in ("pair.json", "rest/result.json"):
        (place.out / name / damaged).write_bytes(b"")
    place.watch(send=FolderArchive(place.archive))
    assert json.loads((place.out / name / "rest" / "result.json").read_text())
    assert (states_of(place.out, True), len(rows(place.out))) == (["done"], 2)
    assert len(list(place.archive.iterdir())) == 2


def louder(path: Path) -> Path:
    """A study with other counts: two of the same cannot be a pair."""
    ds = pydicom.dcmread(path)
    pixels = ds.pixel_array.copy()
    pixels[:, ::2] //= 2
    ds.PixelData = pixels.tobytes()
    return save(ds, path)


def test_the_real_step_makes_a_pair_and_the_objects_of_each(place: Place, predicted: None, tmp_path: Path) -> None:
    """One of the two has no patient: its objects follow when it comes again, and the pair is not made twice."""
    whole, bare = spect(place.inbox / "1.dcm", "Rest"), louder(spect(place.inbox / "2.dcm", "Stress"))
    ds = pydicom.dcmread(bare)
    ds.StudyInstanceUID = pydicom.dcmread(whole).StudyInstanceUID
    del ds.PatientName, ds.PatientID
    save(ds, bare)
    place.watch(doing=really, dicom_out=tmp_path / "dicom")
    assert (results(place.out), states_of(place.out, True)) == (["pair"], ["done"])
    assert sorted(states_of(place.out, False)) == ["done", "no DICOM"]
    [made] = (tmp_path / "dicom").iterdir()
    before = contents(place.out / next(r["study"] for r in records(place.out) if "-" in r["study"]))
    ds.PatientID, ds.PatientName = "ID-4711", "Secret^Sophie"
    save(ds, bare)
    place.watch(doing=really, dicom_out=tmp_path / "dicom")
    assert states_of(place.out, False) == ["done", "done"]
    [pair] = [record["study"] for record in records(place.out) if "-" in record["study"]]
    assert (results(place.out), contents(place.out / pair)) == (["pair"], before)
    images = {pydicom.dcmread(path).SourceImageSequence[0].ReferencedSOPInstanceUID
              for path in (tmp_path / "dicom").rglob("short_axis.dcm")}  # fmt: skip
    assert images == {pydicom.dcmread(path).SOPInstanceUID for path in (whole, bare)}
    assert made.name in pair


def test_two_copies_are_no_pair(place: Place, predicted: None) -> None:
    spect(place.inbox / "1.dcm", "Rest")
    spect(place.inbox / "2.dcm", "Stress")
    place.watch(doing=really)
    place.watch(doing=None)
    assert (results(place.out), states_of(place.out, True)) == (["alone", "alone"], ["no result"])
    [told] = [row for row in rows(place.out) if row["pair_status"]]
    assert "same counts" in told["pair_warnings"]
    assert str(place.inbox) not in json.dumps(records(place.out)) + str(place.log)
