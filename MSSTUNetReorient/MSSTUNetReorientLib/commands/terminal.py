"""Terminal output: progress and errors on stderr, results on stdout, signals as exceptions."""

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
from typing import TextIO

PROGRAM = "msstunet-reorient"


class TerminatedError(BaseException):
    """SIGTERM or SIGHUP, as an exception, so that a run cleans up."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(number)
        self.number = number


def print_line(text: str) -> None:
    """Print a line to stderr, if there is one."""
    write(sys.stderr, f"{PROGRAM}: {text}\n")


def write(stream: TextIO | None, text: str) -> str | None:
    """Write to a stream of any encoding; return the reason if it fails, else None.

    What cannot be encoded is escaped. A stream that is closed, full or without a reader is not used again, so that
    it causes no message at exit.
    """
    if stream is None:
        return "it is closed"
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError) as error:
        _silence(stream)
        return (error.strerror if isinstance(error, OSError) else None) or "it is closed"
    return None


def _silence(stream: TextIO | None) -> None:
    """Redirect a stream that cannot be written to the null device, so that it causes no message at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]


def open_standard_streams() -> None:
    """Open the null device for closed descriptors 0 to 2: the next file opened would get one of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w")


def print_error(error: object) -> None:
    """Print exactly one line to stderr, even if the message has several."""
    print_line("error: " + " ".join(str(error).split()))


def progress_lines(quiet: bool) -> Callable[[str], None]:
    """A function that prints one line per step with the time since the start; silent if stderr is no terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return print_nothing
    from rich.console import Console
    from rich.text import Text

    console, start = Console(stderr=True, highlight=False), time.monotonic()

    def show(step: str) -> None:
        stamp = Text(f"{time.monotonic() - start:6.1f} s  ", style="cyan")
        console.print(stamp + Text(step), soft_wrap=True)

    return show


@contextmanager
def progress_bar(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar if stderr is a terminal; the function takes how many are done, of how many."""
    from rich.console import Console
    from rich.progress import BarColumn
    from rich.progress import MofNCompleteColumn
    from rich.progress import Progress
    from rich.progress import TimeRemainingColumn

    console = Console(stderr=True)
    columns = (title, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def stdout_reserved() -> Iterator[None]:
    """What libraries print, also those in C++, goes to stderr; stdout stays for the requested output."""
    if sys.stdout is not None:
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
def termination_raises() -> Iterator[None]:
    """SIGTERM and SIGHUP raise :class:`TerminatedError` within; only the main thread of a process may install it.

    A signal that is ignored, as SIGHUP is under nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        raise TerminatedError(number)

    signals = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    former = {s: signal.signal(s, stop) for s in signals if signal.getsignal(s) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in former.items():
            with suppress(TypeError):  # None: the former handler was not set from Python
                signal.signal(number, handler)


def print_nothing(_: str) -> None:
    """Take a line and print nothing."""
