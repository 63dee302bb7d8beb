"""Tasks shared out among processes that leave Ctrl-C to the one that started them."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import as_completed
from contextlib import contextmanager
from typing import Any
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")


def in_processes(
    work: Callable[[Task], Done],
    tasks: Sequence[Task],
    jobs: int,
    start: Callable[..., None],
    arguments: tuple[Any, ...],
) -> Iterator[Done]:
    """The results, in the order in which they are finished.

    If this process is interrupted, tasks that are running are finished and the others are dropped.

    Args:
        work, start: functions of a module; each process gets them by name.
        start: called with ``arguments`` in each process before its first task.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        min(jobs, len(tasks)), mp_context=context, initializer=_start, initargs=(start, arguments)
    )
    try:
        with _interrupts_held_back():
            waiting = [pool.submit(work, task) for task in tasks]
        for done in as_completed(waiting):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)  # `with` would first work off all that is waiting


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A process started here does not hear Ctrl-C, not even while it imports; this one hears it at the end."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _start(start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start(*arguments)
