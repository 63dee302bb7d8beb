"""Tasks done by the workers of a Dask scheduler, on any number of machines; outcomes as in :mod:`.crew`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from typing import TypeVar

from ..errors import InputError
from .crew import DiedError

Task = TypeVar("Task")
Done = TypeVar("Done")

IN_SIGHT = 1000
"""Tasks that the scheduler knows of at a time, so that it stays small: more than there are workers."""
TIMEOUT_S = 30


def by_scheduler(
    address: str, work: Callable[[Task], Done], tasks: Iterable[Task], start: Callable[[], None]
) -> Iterator[tuple[Task, Done | DiedError]]:
    """Each task with its result, in the order in which they are finished.

    The task of a worker that dies is given to another one, as often as the scheduler's ``allowed-failures`` says, and
    as often again when all others are done.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        work, start: functions of a module that the workers can import; ``start`` is called once in each process.

    Raises:
        InputError: the scheduler cannot be reached, or is lost.
        Exception: the first that ``work`` raises.
    """
    from distributed import KilledWorker
    from distributed import as_completed

    with _loss_told(address), _client_of(address) as client:
        left, given, suspects = iter(tasks), dict[str, Task](), list[Task]()

        def submitted(task: Task) -> Any:
            future = client.submit(_once_started, work, start, task, pure=False)
            given[future.key] = task
            return future

        finished = as_completed(map(submitted, islice(left, IN_SIGHT)), loop=client.loop)
        for future in finished:
            task = given.pop(future.key)
            try:
                outcome = future.result()
            except KilledWorker:  # perhaps it only waited on workers that others ended
                suspects.append(task)
            else:
                yield task, outcome
            finished.update(map(submitted, islice(left, 1)))
        for task in suspects:
            try:
                yield task, submitted(task).result()
            except KilledWorker as error:
                yield task, DiedError(f"{error.allowed_failures + 1} workers ended while they worked on it alone")


def _client_of(address: str) -> Any:
    from distributed import Client

    try:
        return Client(address, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"--scheduler {address}: a Dask scheduler must answer at this address, but none does; check the address"
        raise InputError(msg) from error


@contextmanager
def _loss_told(address: str) -> Iterator[None]:
    """The loss of a scheduler in one line."""
    from distributed import CancelledError

    try:
        yield
    except CancelledError as error:
        msg = f"--scheduler {address}: the scheduler was lost; start it again, and run the batch again"
        raise InputError(msg) from error


_lock = threading.Lock()
_started = False


def _once_started(work: Callable[[Task], Done], start: Callable[[], None], task: Task) -> Done:
    """On a worker: one task at a time, although a worker may have several threads."""
    global _started
    with _lock:
        if not _started:
            start()
            _started = True
        return work(task)
