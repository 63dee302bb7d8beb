"""What one process does of a watched folder: a study, or stress and rest; results and DICOM objects, on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from ..errors import InputError
from ..io.durable import settle
from ..io.study_search import FoundStudy
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
        task: of one study, or of stress and rest.
        dicom: for each study the folder to make for its DICOM objects; None for none.
        anonymous: pseudonyms in them.
    """

    task: Task
    dicom: tuple[Path | None, ...] = (None,)
    anonymous: bool = False


@dataclass(frozen=True)
class Outcome:
    """What has become of a study.

    Attributes:
        row: of the table.
        refused: why there are no DICOM objects though they were wanted.
        left_out: which of them could not be made, mostly because an optional package is missing, and why.
    """

    row: Row
    refused: str = ""
    left_out: dict[str, str] = field(default_factory=dict)


def work_on(watched: WatchTask) -> list[Outcome]:
    """Make what is not there yet.

    Returns:
        An outcome for each study.

    Raises:
        InputError: the output cannot be written; it can be tried again.
    """
    task = watched.task
    rows = work(task)
    parts = zip(task.studies, rows, watched.dicom, strict=True)
    outcomes = [_exported(watched, study, row, dicom) for study, row, dicom in parts]
    results = {task.out / row["result"].split("/")[0] for row in rows if row.get("result")}
    for folder in (*sorted(results), *watched.dicom):
        if folder is not None and folder.is_dir():
            with writing_errors(folder):
                settle(folder)
    return outcomes


def _exported(watched: WatchTask, study: FoundStudy, row: Row, out: Path | None) -> Outcome:
    """Write the DICOM objects of a study once, for they get new UIDs each time."""
    if out is None or out.is_dir() or row["status"] == NO_RESULT:
        return Outcome(row)
    from ..archive.exporting import ExportOptions
    from ..archive.exporting import export_result

    source, result = dicom_source(study.paths[0], watched.anonymous), watched.task.out / row["result"]
    try:
        done = export_result(result, source, out, ExportOptions(watched.anonymous))
    except Exception as error:
        reason = reason_of(error, watched.task)
        if isinstance(error, InputError) and isinstance(error.__cause__, OSError):  # the disk, not the study
            raise InputError(reason) from error
        return Outcome(row, reason)
    return Outcome(row, left_out=done.left_out)
