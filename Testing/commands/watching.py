"""Studies, an archive and a cheap step for the tests of ``watch``; also for processes that are killed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pydicom
from archive.exports import nuclear_study
from archive.exports import pet_study
from archive.exports import result_of_study
from archive.exports import save
from archive.exports import save_series
from MSSTUNetReorientLib.archive.exporting import DICOM
from MSSTUNetReorientLib.commands import run_watch as module
from MSSTUNetReorientLib.commands.run_watch import Delivery
from MSSTUNetReorientLib.commands.run_watch import run_watch
from MSSTUNetReorientLib.commands.watch_task import Outcome
from MSSTUNetReorientLib.commands.watch_task import WatchTask
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io.durable import settle
from MSSTUNetReorientLib.io.study_identity import UNKNOWN
from MSSTUNetReorientLib.output import batch_page
from MSSTUNetReorientLib.output.batch_rows import rows_of
from MSSTUNetReorientLib.output.destination import PAIR
from MSSTUNetReorientLib.output.destination import RESULT
from MSSTUNetReorientLib.output.destination import replacing
from MSSTUNetReorientLib.output.pair import make_pair
from MSSTUNetReorientLib.output.pair_checks import Side
from MSSTUNetReorientLib.output.pair_files import pair_text
from MSSTUNetReorientLib.output.result_files import summary_text
from MSSTUNetReorientLib.prediction import models
from MSSTUNetReorientLib.prediction.result import Result
from pydicom.uid import generate_uid

SLICES = 4
PRELOADED = (batch_page, models)
"""What a watcher imports when it begins, and would take seconds in each of many."""


@cache
def shell() -> Result:
    return replace(result_of_study(), timing_s={})


SUMMARY = summary_text(shell())
PAIR_SUMMARY = pair_text(make_pair(Side(shell(), UNKNOWN), Side(shell(), UNKNOWN)))
"""Made once, before watchers are forked."""


def spect(path: Path, phase: str = "Rest", patient: str = "ID-4711") -> Path:
    """A new NM study of the patient who must not leak, copied into its place as a whole."""
    ds = nuclear_study(shell().study)
    ds.SeriesInstanceUID, ds.StudyInstanceUID = generate_uid(), generate_uid()
    ds.SeriesDescription, ds.PatientID = f"{phase} Secret", patient
    path.parent.mkdir(parents=True, exist_ok=True)
    return save(ds, path.with_name(f".{path.name}")).rename(path)


def pet(folder: Path, phase: str = "Rest", patient: str = "ID-4711") -> list[Path]:
    """A new PET series of few slices."""
    series = pet_study(shell().study)[:SLICES]
    uid, examination = generate_uid(), generate_uid()
    for ds in series:
        ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.NumberOfSlices = uid, examination, SLICES
        ds.SeriesDescription, ds.PatientID = f"{phase} Secret", patient
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    return sorted(save_series(series, folder).iterdir())


def quick_work(watched: WatchTask) -> list[Outcome]:
    """The folders of a task without any computing: results, and one DICOM object of each that refers to its source."""
    task = watched.task
    if not task.finished:
        together = len(task.studies) > 1
        with replacing(task.folder, False, PAIR if together else RESULT) as fresh:
            for folder in [fresh / phase for phase in PAIR.folders] if together else [fresh]:
                folder.mkdir(exist_ok=True)
                (folder / "polar_map.csv").write_text("0\n" * 1000)
                (folder / "result.json").write_text(SUMMARY)
            if together:
                (fresh / "pair.json").write_text(PAIR_SUMMARY)
    for study, dicom in zip(task.studies, watched.dicom, strict=True):
        if dicom is not None and not dicom.is_dir():
            quick_object(study.paths[0], dicom)
    for made in (task.folder, *watched.dicom):
        if made is not None:
            settle(made)
    return [Outcome(row) for row in rows_of(task.folder)]


def quick_object(source: Path, folder: Path) -> None:
    """A new object that refers to its source."""
    ds = pydicom.dcmread(source, stop_before_pixels=True)
    ds.ReferencedImageSequence, ds.SOPInstanceUID = [pydicom.Dataset()], generate_uid()
    ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    with replacing(folder, False, DICOM) as fresh:
        save(ds, fresh / "short_axis.dcm")


def quickly(tasks: Sequence[WatchTask]) -> Iterator[tuple[WatchTask, list[Outcome]]]:
    yield from ((task, quick_work(task)) for task in tasks)


class FolderArchive:
    """An archive that takes objects into a folder, once each; it fails at random, perhaps after some objects."""

    def __init__(self, folder: Path, failing: float = 0.0) -> None:
        self.folder, self.failing = folder, failing

    def __call__(self, dicom: Path) -> None:
        for path in sorted(dicom.glob("*.dcm")):
            self._fail()
            uid = str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
            with suppress(FileExistsError):
                (self.folder / uid).hardlink_to(path)
            self._fail()

    def _fail(self) -> None:
        if random.random() < self.failing:
            msg = "PACS: the archive failed"
            raise InputError(msg)


def watch_quickly(inbox: Path, out: Path, archive: Path, failing: float, log: Path, ready: Path) -> None:
    """In a process of its own, until it is killed."""
    module.settings_of = lambda _: {"model": "none"}  # type: ignore[assignment]
    module.FIRST_PAUSE_S = 0.02
    lines = log.open("a")
    run_watch(
        inbox, out, delivery=Delivery(send=FolderArchive(archive, failing)), wait_s=0.02, doing=quickly,
        log=lambda text: print(text, file=lines, flush=True), begin=ready.touch,
    )  # fmt: skip


def within(seconds: float) -> Iterator[None]:
    """Rounds of waiting; the last one is too late."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
