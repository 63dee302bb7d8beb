"""Tasks done by processes that may die: the task of a dead one is tried again, and every task has an outcome.

Each process gets one task at a time, so that little waits in memory and a dead one's task is known.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
from typing import Any
from typing import Generic
from typing import TypeVar

from ..simulation.processes import KEPT_MEMORY
from ..simulation.processes import environment
from ..simulation.processes import interrupts_held_back

Task = TypeVar("Task")
Done = TypeVar("Done")

TRIES = 2
"""Of a task whose process dies."""
PATIENCE_S = 60.0
"""For tasks that are running at the end; then their processes are ended."""
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", **KEPT_MEMORY}
"""Of each process, where this one's does not say otherwise: NumPy calculates in one thread, and memory is kept."""


class DiedError(Exception):
    """The process that worked on a task ended, each time that it was tried."""


def by_processes(
    work: Callable[[Task], Done],
    tasks: Iterable[Task],
    jobs: int,
    start: Callable[..., None],
    arguments: tuple[Any, ...],
) -> Iterator[tuple[Task, Done | DiedError]]:
    """Each task with its result, in the order in which they are finished.

    If this process is interrupted, tasks that are running are finished and the others are dropped; if it is killed, the
    others end at once.

    Args:
        work, start: functions of a module; each process gets them by name.
        start: called with ``arguments`` in each process before its first task.

    Raises:
        Exception: the first that ``work`` or ``start`` raises.
    """
    waiting = deque(_Tried(task) for task in tasks)
    members: list[_Member[Task]] = []
    try:
        while waiting or any(member.task is not None for member in members):
            idle = [member for member in members if member.task is None]
            while waiting and not idle and len(members) < jobs:
                members.append(_hired(work, start, arguments))
                _give(members[-1], waiting)
            for member in idle[: len(waiting)]:
                _give(member, waiting)
            busy = {m.connection: m for m in members if m.task is not None}
            for connection in wait(list(busy)):
                yield from _outcome(busy[connection], members, waiting)  # type: ignore[index]
    finally:
        _dismiss(members)


@dataclass
class _Tried(Generic[Task]):
    """A task, and how often it was begun."""

    task: Task
    tries: int = 0


@dataclass(eq=False)
class _Member(Generic[Task]):
    """A process, the connection to it, and its task."""

    process: Any
    connection: Connection
    task: _Tried[Task] | None = None


def _hired(work: Callable[..., Any], start: Callable[..., None], arguments: tuple[Any, ...]) -> _Member[Any]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work, start, arguments), daemon=True)
    with interrupts_held_back(), environment(ENVIRONMENT):
        process.start()
    theirs.close()  # so that its end is seen here
    return _Member(process, ours)


def _give(member: _Member[Task], waiting: deque[_Tried[Task]]) -> None:
    """Send the next task; that a process is dead is seen when its answer is awaited."""
    member.task = waiting.popleft()
    member.task.tries += 1
    with suppress(OSError):
        member.connection.send(member.task.task)


def _outcome(
    member: _Member[Task], members: list[_Member[Task]], waiting: deque[_Tried[Task]]
) -> Iterator[tuple[Task, Any]]:
    tried, member.task = member.task, None
    assert tried is not None
    try:
        done, error = member.connection.recv()
    except (EOFError, OSError):
        members.remove(member)
        member.process.join()
        if tried.tries < TRIES:
            waiting.appendleft(tried)
        else:
            yield tried.task, DiedError(f"the process that worked on it ended with code {member.process.exitcode}")
        return
    if error is not None:
        raise error
    yield tried.task, done


def _dismiss(members: list[_Member[Any]]) -> None:
    """Let running tasks end; each process ends when its connection does."""
    for member in members:
        member.connection.close()
    for member in members:
        member.process.join(PATIENCE_S)
        if member.process.is_alive():
            member.process.kill()


def _serve(connection: Connection, work: Callable[[Any], Any], start: Callable[..., None], arguments: Any) -> None:
    """The life of a process: leave Ctrl-C to the one that started it, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    started = False
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        try:
            if not started:
                start(*arguments)
                started = True
            answer = work(task), None
        except Exception as error:
            answer = None, error  # type: ignore[assignment]
        with suppress(OSError):
            connection.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
