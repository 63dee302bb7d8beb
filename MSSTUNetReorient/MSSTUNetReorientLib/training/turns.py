"""Several runs, in turn or in processes of their own; all stop together, and go on where they were."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event

from ..simulation.processes import in_processes
from .training_run import TrainingRequest
from .training_run import studies_of
from .training_run import train_model

Say = Callable[[str], None]


@dataclass(frozen=True)
class Turn:
    """One run.

    Attributes:
        limit_minutes: the longest that it may take now; None is no limit.
        say: where its lines go; can be pickled.
    """

    request: TrainingRequest
    limit_minutes: float | None
    say: Say

    @property
    def name(self) -> str:
        """Of the recipe."""
        return self.request.recipe.name

    def take(self, stopped: Callable[[], bool]) -> bool:
        """Train until the end, the limit, or a stop; whether it is finished."""
        end = None if self.limit_minutes is None else time.monotonic() + 60 * self.limit_minutes
        return train_model(self.request, self.say, lambda: not stopped() and (end is None or time.monotonic() < end))


class Stop:
    """A request to stop that other processes see."""

    def __init__(self) -> None:
        self.event = get_context("spawn").Event()


def take_all(turns: Sequence[Turn], jobs: int, stop: Stop) -> list[str]:
    """Train all, ``jobs`` at once, each on one thread; the names of those that are finished.

    Reduced pools are made before, so that no two processes make them.

    Raises:
        InputError: of the first run that raises it; the others save and stop.
    """
    for turn in turns[:1]:
        studies_of(turn.request, turn.request.pools, None, turn.say)
    done = []
    try:
        for name, finished in in_processes(_take, turns, jobs, _start, (stop.event,)):
            done += [name] if finished else []
    except BaseException:
        stop.event.set()
        raise
    return done


_stopped: Event


def _start(stopped: Event) -> None:
    import torch

    global _stopped
    _stopped = stopped
    torch.set_num_threads(1)


def _take(turn: Turn) -> tuple[str, bool]:
    return turn.name, (not _stopped.is_set()) and turn.take(_stopped.is_set)
