"""A pause after the last nudge; a timer of the application's event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

SETTLE_MS = 400
"""How long a reader's hand must rest before the labels are segmented again."""


class Delay(Protocol):
    """Calls back once, some time after the last start."""

    def start(self, then: Callable[[], None]) -> None:
        """Wait (again) and then call."""

    def stop(self) -> None:
        """Do not call."""


class NoDelay:
    """Where there is no event loop: at once."""

    def start(self, then: Callable[[], None]) -> None:
        """Call."""
        then()

    def stop(self) -> None:
        """Nothing waits."""


class QtDelay:
    """By a ``QTimer``."""

    def __init__(self, milliseconds: int = SETTLE_MS) -> None:
        import qt

        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(milliseconds)
        self._timer.timeout.connect(self._fire)
        self._then: Callable[[], None] | None = None

    def start(self, then: Callable[[], None]) -> None:
        """Wait (again) and then call."""
        self._then = then
        self._timer.start()

    def stop(self) -> None:
        """Do not call."""
        self._timer.stop()

    def _fire(self) -> None:
        if self._then is not None:
            self._then()


class QtBeat:
    """Calls again and again while something runs."""

    def __init__(self, milliseconds: int, call: Callable[[], None]) -> None:
        import qt

        self._timer = qt.QTimer()
        self._timer.setInterval(milliseconds)
        self._timer.timeout.connect(call)
        self._running = False

    def run(self, running: bool) -> None:
        """Start, or stop."""
        if running != self._running:
            self._running = running
            (self._timer.start if running else self._timer.stop)()
