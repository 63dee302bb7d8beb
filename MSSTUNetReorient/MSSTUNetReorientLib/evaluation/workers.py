"""Tasks done one after the other, or by several processes that each have the methods."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import TypeVar

from ..simulation.processes import in_processes
from .candidates import Candidate

Task = TypeVar("Task")
Done = TypeVar("Done")


def each(
    work: Callable[[Task, Sequence[Candidate]], Done], tasks: Sequence[Task], candidates: Sequence[Candidate], jobs: int
) -> Iterator[Done]:
    """The results, in the order in which they are finished.

    Args:
        work: a function of a module; of several processes each gets it by name.
        jobs: processes.
    """
    if jobs == 1 or len(tasks) < 2:
        yield from (work(task, candidates) for task in tasks)
        return
    count = min(jobs, len(tasks))
    yield from in_processes(partial(_in_process, work), tasks, jobs, _start, (candidates, count))


_of_process: tuple[Candidate, ...] = ()


def _start(candidates: Sequence[Candidate], processes: int) -> None:
    """In each process: the cores are shared out."""
    import torch

    global _of_process
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
    _of_process = tuple(candidates)


def _in_process(work: Callable[[Any, Sequence[Candidate]], Done], task: Any) -> Done:
    return work(task, _of_process)
