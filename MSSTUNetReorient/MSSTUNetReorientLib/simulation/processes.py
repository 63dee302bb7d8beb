"""Tasks shared out among processes that leave Ctrl-C to the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from queue import SimpleQueue
from typing import Any
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")

KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**28)}
"""On Linux a process with these keeps its memory for the next task: giving it back to the system and fetching it again
takes a tenth of a batch's time, and a third of that of small networks in training."""


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
    finished: SimpleQueue[Future[Done]] = SimpleQueue()  # Ctrl-C within `as_completed` leaves locks behind
    try:
        with interrupts_held_back(), environment(KEPT_MEMORY):
            for task in tasks:
                pool.submit(work, task).add_done_callback(finished.put)
        for _ in tasks:
            yield finished.get().result()
    finally:
        pool.shutdown(cancel_futures=True)  # `with` would first work off all that is waiting


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables for processes started here, which need them from the start; what is set already stays as it is."""
    missing = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(missing)
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """A process started here does not hear Ctrl-C, not even while it imports; this one hears it at the end.

    Started processes inherit the mask. Here any other thread may still take the signal, so it is noted as well.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    noted: list[int] = []
    resource_tracker.ensure_running()  # started within the block, it would end the mask
    handler = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if noted:
        signal.raise_signal(signal.SIGINT)


def _start(start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start(*arguments)
