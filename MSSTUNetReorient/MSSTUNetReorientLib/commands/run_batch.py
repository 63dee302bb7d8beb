"""Many studies in one call: files and folders in, a folder with all results, their table and their index out."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..io.atomic_file import write_text
from ..io.study_pairs import in_pairs
from ..io.study_search import Search
from ..io.study_search import find_studies
from ..output.batch_folder import batch_folder
from ..output.batch_rows import NO_RESULT
from ..output.batch_rows import Row
from ..output.batch_table import BatchTable
from ..output.colour_tables import check_colours
from ..output.limits_choice import check_request
from .batch_task import Making
from .batch_task import Task
from .batch_task import start_worker
from .batch_task import work
from .crew import DiedError
from .crew import by_processes

Outcomes = Generator[tuple[Task, "list[Row] | DiedError"], None, None]

MOST_ON_GPU = 4
"""Processes that share a GPU by default: it is fast, but each holds a part of its memory."""


@dataclass(frozen=True)
class BatchReport:
    """What a batch has come to.

    Attributes:
        statuses: studies by status: "pass", "review", "fail", "no result".
        pairs: how many of them are stress and rest together.
        without_result: studies, and pairs of studies, that have no result.
        twice: folders of results of single studies that have another one with their partner, which is in the table.
        left_out: what the search left out, and how many.
        files_left_out: files that need an optional package, and why.
    """

    statuses: dict[str, int]
    pairs: int
    without_result: int
    twice: tuple[str, ...]
    left_out: dict[str, int]
    files_left_out: dict[str, str]


def run_batch(
    inputs: Sequence[Path],
    out: Path,
    making: Making = Making(),  # noqa: B008 -- frozen
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    overwrite: bool = False,
    parquet: bool = False,
    sources: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BatchReport:
    """Find the studies among files and folders, and make a result of each that has none.

    A run that was stopped is continued by the same call; what is finished is kept.

    Args:
        inputs: files and folders; see :func:`..io.study_search.find_studies`.
        out: the folder; each result is a folder in it, named by a hash.
        making: how results are made.
        jobs: processes; by default one for each core.
        scheduler: address of a Dask scheduler (extra ``dask``), whose workers do it instead and have the same paths.
        overwrite: remove the results of a batch with other settings, and begin again.
        parquet: write ``results.parquet`` too (pyarrow).
        sources: a file to write which study came from where. Paths may hold names, so it is not in ``out``.
        progress: called with studies done, and all.

    Raises:
        InputError: no study is found, an option is wrong, or the output folder breaks a rule or cannot be written.
    """
    check_colours(making.colours)
    check_request(making.limits)
    out = out.expanduser().absolute()
    _check_sources(sources, out)
    if scheduler is None:
        from ..prediction.predictor import choose_device

        choose_device(making.device)
    settings = settings_of(making)
    search = find_studies([place.expanduser().absolute() for place in inputs])
    if not search.studies:
        told = "; ".join(f"{number} {what}" for what, number in search.left_out.items()) or "nothing"
        msg = f"{', '.join(map(str, inputs))}: no study was found, but {told}; give other folders or files"
        raise InputError(msg)
    if sources is not None:
        write_text(sources, _source_table(search))
    with batch_folder(out, settings, overwrite):
        making = with_whole_paths(making)
        tasks = [Task(studies, out, making) for studies in in_pairs(search.studies)]
        table = BatchTable(out, search.left_out, parquet)
        todo = [task for task in tasks if not task.finished]
        total = len(search.studies)
        done = total - sum(len(task.studies) for task in todo)
        show = progress or (lambda *_: None)
        show(done, total)
        try:
            with closing(_outcomes(todo, making, jobs, scheduler)) as outcomes:
                for task, outcome in outcomes:
                    table.add(task.failed(str(outcome)) if isinstance(outcome, DiedError) else outcome)
                    done += len(task.studies)
                    show(done, total)
        finally:
            table.complete()
    return _report(table, search)


def _report(table: BatchTable, search: Search) -> BatchReport:
    """Of the studies that were found in this run."""
    rows = [table.rows[study.key] for study in search.studies]
    without = sum(NO_RESULT in (row["status"], row.get("pair_status")) for row in rows)
    statuses = dict(Counter(row["status"] for row in rows))
    pairs = sum(bool(row.get("pair_status")) and row["pair_status"] != NO_RESULT for row in rows)
    return BatchReport(statuses, pairs, without, table.replaced, search.left_out, table.files_left_out)


def _outcomes(tasks: list[Task], making: Making, jobs: int | None, scheduler: str | None) -> Outcomes:
    if not tasks:
        return
    if scheduler is not None:
        from .dask_crew import by_scheduler

        yield from by_scheduler(scheduler, work, tasks, start_worker)
    elif jobs == 1:
        yield from _in_this_process(tasks)
    else:
        yield from by_processes(work, tasks, min(jobs or default_jobs(making), len(tasks)), start_worker, ())


def _in_this_process(tasks: list[Task]) -> Outcomes:
    import SimpleITK as sitk
    import torch

    threads = torch.get_num_threads(), sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    start_worker()
    try:
        for task in tasks:
            yield task, work(task)
    finally:
        torch.set_num_threads(threads[0])
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads[1])


def default_jobs(making: Making) -> int:
    from ..prediction.predictor import choose_device

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if choose_device(making.device).type == "cpu" else min(cores, MOST_ON_GPU)


def settings_of(making: Making) -> dict[str, Any]:
    """On what the content of a result depends, besides its study."""
    from ..prediction.models import load_compact

    _, identity = load_compact(making.model, "the prediction")
    limits = Path(making.limits)
    content = hashlib.sha256(limits.read_bytes()).hexdigest() if limits.is_file() else making.limits
    return {
        "model": identity.sha256,
        "limits": content,
        "colours": making.colours,
        "pictures": making.pictures,
        "scene": making.scene,
    }


def with_whole_paths(making: Making) -> Making:
    """Files that are named, for processes in other folders."""
    from ..prediction.models import SUFFIX
    from ..prediction.models import is_path

    model, limits = making.model, Path(making.limits)
    if model is not None and is_path(model, SUFFIX):
        model = Path(model).absolute()
    return replace(making, model=model, limits=str(limits.absolute()) if limits.is_file() else making.limits)


def _check_sources(sources: Path | None, out: Path) -> None:
    if sources is not None and sources.expanduser().absolute().is_relative_to(out):
        msg = f"{sources}: the table of sources may hold names and must be outside the output folder; choose another"
        raise InputError(msg)


def _source_table(search: Search) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("study", "phase", "files", "first_file"))
    writer.writerows((study.key, study.phase, len(study.paths), study.paths[0]) for study in search.studies)
    return text.getvalue()
