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
from MSSTUNetReorientLib.output import batch_page
from MSSTUNetReorientLib.output.batch_rows import rows_of
from MSSTUNetReorientLib.output.destination import replacing
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
"""Made once, before watchers are forked."""


def spect(path: Path) -> Path:
    """A new NM study of the patient who must not leak, copied into its place as a whole."""
    ds = nuclear_study(shell().study)
    ds.SeriesInstanceUID, ds.StudyInstanceUID = generate_uid(), generate_uid()
    path.parent.mkdir(parents=True, exist_ok=True)
    return save(ds, path.with_name(f".{path.name}")).rename(path)


def pet(folder: Path) -> list[Path]:
    """A new PET series of few slices."""
    series = pet_study(shell().study)[:SLICES]
    uid = generate_uid()
    for ds in series:
        ds.SeriesInstanceUID, ds.NumberOfSlices = uid, SLICES
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    return sorted(save_series(series, folder).iterdir())


def quick_work(watched: WatchTask) -> Outcome:
    """The folders of a study without any computing: a result, and one DICOM object that refers to its source."""
    task, dicom = watched.task, watched.dicom
    if not task.finished:
        with replacing(task.folder, False) as fresh:
            (fresh / "polar_map.csv").write_text("0\n" * 1000)
            (fresh / "result.json").write_text(SUMMARY)
    if dicom is not None and not dicom.is_dir():
        ds = pydicom.dcmread(task.studies[0].paths[0], stop_before_pixels=True)
        ds.ReferencedImageSequence, ds.SOPInstanceUID = [pydicom.Dataset()], generate_uid()
        ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        with replacing(dicom, False, DICOM) as fresh:
            save(ds, fresh / "short_axis.dcm")
    for folder in (task.folder, *([dicom] if dicom is not None else [])):
        settle(folder)
    return Outcome(rows_of(task.folder)[0])


def quickly(tasks: Sequence[WatchTask]) -> Iterator[tuple[WatchTask, Outcome]]:
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
