"""One study of a watched folder: its result and, if asked, its DICOM objects, both on the disk at the end."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from ..errors import InputError
from ..io.durable import settle
from ..output.batch_rows import NO_RESULT
from ..output.batch_rows import Row
from ..output.destination import writing_errors
from .batch_task import Task
from .batch_task import reason_of
from .batch_task import work
from .run_study import dicom_source


@dataclass(frozen=True)
class WatchTask:
    """What one process does at a time.

    Attributes:
        task: of one study.
        dicom: the folder to make for its DICOM objects; None for none.
        anonymous: pseudonyms in them.
    """

    task: Task
    dicom: Path | None = None
    anonymous: bool = False


@dataclass(frozen=True)
class Outcome:
    """What has become of it.

    Attributes:
        row: of the table.
        refused: why there are no DICOM objects though they were wanted.
        left_out: which of them could not be made, mostly because an optional package is missing, and why.
    """

    row: Row
    refused: str = ""
    left_out: dict[str, str] = field(default_factory=dict)


def work_on(watched: WatchTask) -> Outcome:
    """Make what is not there yet.

    Raises:
        InputError: the output cannot be written; it can be tried again.
    """
    [row] = work(watched.task)
    if watched.dicom is None or row["status"] == NO_RESULT:
        outcome = Outcome(row)
    else:
        outcome = _exported(watched, watched.dicom, row)
    for folder in (watched.task.folder, watched.dicom):
        if folder is not None and folder.is_dir():
            with writing_errors(folder):
                settle(folder)
    return outcome


def _exported(watched: WatchTask, out: Path, row: Row) -> Outcome:
    """Write the DICOM objects once, for they get new UIDs each time."""
    from ..archive.exporting import ExportOptions
    from ..archive.exporting import export_result

    task, source = watched.task, dicom_source(watched.task.studies[0].paths[0], watched.anonymous)
    if out.is_dir():
        return Outcome(row)
    try:
        done = export_result(task.folder, source, out, ExportOptions(watched.anonymous))
    except Exception as error:
        reason = reason_of(error, task)
        if isinstance(error, InputError) and isinstance(error.__cause__, OSError):  # the disk, not the study
            raise InputError(reason) from error
        return Outcome(row, reason)
    return Outcome(row, left_out=done.left_out)
