"""The remaining time of a run, estimated from earlier runs on this machine.

The first run of a session also starts the process and loads the network, so it has times of its own.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Protocol

KEEP = 5
"""Runs whose median is expected."""
KEY = "MSSTUNetReorient/RunSeconds"
LONGEST_S = 3600.0
"""A longer time was not a run: the machine slept."""


class Store(Protocol):
    """Keeps a text between sessions."""

    def read(self, key: str) -> str:
        """The text of a key; empty where there is none."""

    def write(self, key: str, text: str) -> None:
        """Keep a text."""


class Memory:
    """A :class:`Store` for this session only."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def read(self, key: str) -> str:
        """The text of a key; empty where there is none."""
        return self._texts.get(key, "")

    def write(self, key: str, text: str) -> None:
        """Keep a text."""
        self._texts[key] = text


class QtStore:
    """A :class:`Store` in the application's settings."""

    def read(self, key: str) -> str:
        """The text of a key; empty where there is none."""
        import qt

        return str(qt.QSettings().value(key) or "")

    def write(self, key: str, text: str) -> None:
        """Keep a text."""
        import qt

        qt.QSettings().setValue(key, text)


class RunTime:
    """The clock of the runs."""

    def __init__(self, store: Store | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store or Memory(), clock
        self._kind, self._start = "first", 0.0

    def start(self) -> None:
        """A run begins."""
        self._start = self._clock()

    def done(self) -> None:
        """The run has finished; the time of a cancelled or failed run is not used."""
        took, known = self._clock() - self._start, self._known()
        if 0.0 < took < LONGEST_S:
            known[self._kind] = [*known.get(self._kind, []), round(took, 2)][-KEEP:]
            self._store.write(KEY, json.dumps(known))
        self._kind = "next"

    def again_from_the_start(self) -> None:
        """The process was stopped: the next run starts it again."""
        self._kind = "first"

    @property
    def expected_s(self) -> float | None:
        """How long a run takes; None where none was timed yet."""
        times = self._known().get(self._kind)
        return statistics.median(times) if times else None

    @property
    def spent_s(self) -> float:
        """Since the run began."""
        return self._clock() - self._start

    @property
    def left_s(self) -> float | None:
        """Until the answer; None where that is not known, or the run takes longer than it should."""
        expected = self.expected_s
        return None if expected is None or self.spent_s > expected else expected - self.spent_s

    def _known(self) -> dict[str, list[float]]:
        """Damaged settings are ignored."""
        try:
            content = json.loads(self._store.read(KEY) or "{}")
            return {str(kind): [float(x) for x in times][-KEEP:] for kind, times in content.items()}
        except (ValueError, TypeError, AttributeError):
            return {}
