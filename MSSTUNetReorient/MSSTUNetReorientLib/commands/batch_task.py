"""One task of a batch: a study, or stress and rest, from its files to its rows in the table.

A study that cannot be used gets a row that says why. Only an error of the output folder is raised: it ends the batch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from ..errors import InputError
from ..io.study_search import FoundStudy
from ..output.batch_rows import NO_RESULT
from ..output.batch_rows import Row
from ..output.batch_rows import row_without_result
from ..output.batch_rows import rows_of
from ..output.batch_rows import summary_of
from .run_pair import check_two_studies
from .run_pair import of_phase
from .run_study import result_of
from .terminal import print_nothing

if TYPE_CHECKING:
    from ..io import GatedStudy
    from ..output.pair import Pair
    from ..prediction.result import Result

FILE_NAME = re.compile(r"(?<![^\s:;,()])[^\s.:;,()][^\s:;,()]*\.[A-Za-z]\w{0,4}(?![\w.])")
"""Names of files in a message: they may be those of patients."""


@dataclass(frozen=True)
class Making:
    """How results are made; see :func:`.run_study.run_study`."""

    model: str | Path | None = None
    device: str = "auto"
    limits: str = "auto"
    colours: str = "perceptual"
    pictures: bool = True
    scene: bool = False

    @property
    def prediction(self) -> dict[str, Any]:
        """Arguments of :func:`.run_study.result_of`."""
        options = {"model": self.model, "device": self.device, "limits": self.limits, "short_axis": False}
        return options | {"progress": print_nothing}

    @property
    def delivery(self) -> dict[str, Any]:
        """Arguments of :func:`..output.result_files.deliver`."""
        files = {"scene": self.scene, "report": self.pictures, "thumbnail": self.pictures}
        return files | {"colours": self.colours}


@dataclass(frozen=True)
class Task:
    """What one process does at a time.

    Attributes:
        studies: one, or stress and rest.
        out: the folder of the batch.
        making: how.
    """

    studies: tuple[FoundStudy, ...]
    out: Path
    making: Making

    @property
    def folder(self) -> Path:
        """Of the result: named by the keys of its studies."""
        return self.out / "-".join(study.key for study in self.studies)

    @property
    def finished(self) -> bool:
        """Whether its result is there, which is all of it then."""
        return (self.folder / summary_of(self.folder.name)).is_file()

    def failed(self, reason: str) -> list[Row]:
        """Its rows without a result."""
        return [row_without_result(study.key, study.phase, reason) for study in self.studies]


def start_worker() -> None:
    """In each process, before its first task: one thread, as there is a process for each core.

    The results are then the same for any number of processes.
    """
    import SimpleITK as sitk
    import torch

    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def work(task: Task) -> list[Row]:
    """Make the result of a task, if it is not there yet.

    Where stress and rest cannot be a pair, each gets a result of its own.

    Returns:
        A row for each study.

    Raises:
        InputError: the output folder cannot be written, or a result in it cannot be read.
    """
    if task.finished:
        return rows_of(task.folder)
    if len(task.studies) == 1:
        return _single(task)
    try:
        pair = _pair(task)
    except Exception as error:
        reason = reason_of(error, task)
        rows = [row for study in task.studies for row in work(replace(task, studies=(study,)))]
        rows[0] |= {"pair_status": NO_RESULT, "pair_warnings": reason}
        return rows
    from ..output.pair_files import deliver_pair

    return _delivered(task, lambda: deliver_pair(pair, task.folder, **task.making.delivery))


def _single(task: Task) -> list[Row]:
    from ..io import read_files

    try:
        result = _result(read_files(task.studies[0].paths), task.making)
    except Exception as error:
        return task.failed(reason_of(error, task))
    from ..output.result_files import deliver

    return _delivered(task, lambda: deliver(result, task.folder, **task.making.delivery))


def _delivered(task: Task, deliver: Any) -> list[Row]:
    try:
        deliver()
    except InputError:
        if not task.finished:  # another process that was given up may have been faster
            raise
    except Exception as error:
        return task.failed(reason_of(error, task))
    return rows_of(task.folder)


def _result(study: GatedStudy, making: Making) -> Result:
    """Without the seconds it took, so that a result has the same bytes whenever it is made."""
    return replace(result_of(study, **making.prediction), timing_s={})


def _pair(task: Task) -> Pair:
    from ..io import read_files
    from ..output.pair import make_pair
    from ..output.pair_checks import Side

    read = [read_files(found.paths) for found in task.studies]
    studies = [replace(s, total=of_phase(s.total, phase)) for s, phase in zip(read, ("stress", "rest"), strict=True)]
    check_two_studies([study.total for study in studies], task.studies[1].paths[0])
    results = [_result(study, task.making) for study in studies]
    return make_pair(*(Side(result, s.identity) for result, s in zip(results, task.studies, strict=True)))


def reason_of(error: Exception, task: Task) -> str:
    """Why a study has no result, without the names of files and folders: they may be those of patients."""
    if not isinstance(error, InputError):
        return f"internal error: {type(error).__name__}"
    return without_names(str(error), [path for study in task.studies for path in study.paths])


def without_names(text: str, paths: Iterable[Path]) -> str:
    """A message without these paths and without names of files.

    >>> without_names("/in/Doe^Jane/a.nrrd: its data file Jane.raw is missing", [Path("/in/Doe^Jane/a.nrrd")])
    'its data file (a file) is missing'
    """
    names = {name for path in paths for name in (str(path), str(path.parent), path.name)}
    for name in sorted(names, key=len, reverse=True):  # a path before the folder that it begins with
        if name.strip(f".{os.sep}"):
            text = text.replace(f"{name}: ", "").replace(name, "(a file)")
    return FILE_NAME.sub("(a file)", text).replace("((a file))", "(a file)")
