"""How the command line speaks: progress and errors on stderr, results on stdout, signals as exceptions."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import redirect_stdout
from contextlib import suppress
from types import FrameType

PROGRAM = "msstunet-reorient"


class TerminatedError(BaseException):
    """SIGTERM, as an exception, so that a run cleans up behind itself."""


def tell(text: str) -> None:
    """A line on stderr."""
    sys.stderr.write(f"{PROGRAM}: {text}\n")
    sys.stderr.flush()


def tell_error(error: object) -> None:
    """Exactly one line on stderr, whatever the message holds."""
    tell("error: " + " ".join(str(error).split()))


def progress_lines(quiet: bool) -> Callable[[str], None]:
    """A function that shows one line per step with the time since the start; silent where nobody watches."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None
    from rich.console import Console
    from rich.text import Text

    console, start = Console(stderr=True, highlight=False), time.monotonic()

    def show(step: str) -> None:
        stamp = Text(f"{time.monotonic() - start:6.1f} s  ", style="cyan")
        console.print(stamp + Text(step), soft_wrap=True)

    return show


@contextmanager
def stdout_reserved() -> Iterator[None]:
    """What libraries print, also those in C++, goes to stderr; stdout stays for the one thing that was asked."""
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """SIGTERM raises :class:`TerminatedError` within; only the main thread of a process may ask for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with suppress(TypeError):  # None: the former handler was not set from Python
            signal.signal(signal.SIGTERM, former)
