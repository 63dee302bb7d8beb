"""The child process through ``QProcess``: networks run without blocking the application, and a run can be cancelled.

It is started by the first request and kept, for loading torch takes seconds and a request does not. What PythonQt
and 3D Slicer's launcher make of it is described in Testing/panel/README.md.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from typing import Protocol

from ..i18n import tr as _
from .worker_main import MARK

Listener = Callable[[dict[str, Any]], None]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from MSSTUNetReorientLib.panel.worker.worker_main import main; main()"
)
"""What the child's Python runs; its argument is the folder that holds the package."""
PACKAGE_FOLDER = Path(__file__).resolve().parents[3]
PATIENCE_MS = 2000
"""A killed process is gone in a few milliseconds."""
TAIL_CHARACTERS = 2000
"""How much of what a dying child said is kept."""
PYTHON_ERROR = re.compile(r"[A-Za-z_.]*(?:Error|Exception)\b")
"""How the last line of a Python traceback begins."""
KILLED = (9, 137, -9)
"""Exit codes of a process that was killed, or of the shell that ran it."""


class Worker(Protocol):
    """Answers requests, in order, from the application's event loop."""

    def ask(self, request: dict[str, Any], listener: Listener) -> None:
        """Send a request of :mod:`.worker_main`; the listener gets ``progress``, then ``done`` or ``error``."""

    def stop(self) -> None:
        """Drop every request; their listeners are not called again."""


class ChildProcess:
    """A :class:`Worker` in a process of its own."""

    def __init__(self) -> None:
        self._process: Any = None
        self._ended: Any = None
        self._listeners: list[Listener] = []
        self._pending = ""
        self._said = ""

    def ask(self, request: dict[str, Any], listener: Listener) -> None:
        """Send a request; the process is started where there is none."""
        if self._process is None:
            self._start()
        self._listeners.append(listener)
        self._process.write((json.dumps(request) + "\n").encode())

    def stop(self) -> None:
        """Kill it; the next request starts a new one."""
        process, self._process = self._process, None
        self._listeners, self._pending, self._said = [], "", ""
        if process is not None:
            # Kept until the next one is started: PythonQt deletes what nobody refers to, even while it still signals.
            self._ended = process
            process.closeWriteChannel()  # where the process is only a launcher, this is what ends its child
            process.kill()  # what it still signals is ignored: it is ours no more
            process.waitForFinished(PATIENCE_MS)

    def _start(self) -> None:
        import qt

        self._ended = None
        self._process = qt.QProcess()
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_error_output)
        self._process.finished.connect(self._on_end)
        self._process.errorOccurred.connect(self._on_error)
        self._process.start(python_executable(), ["-u", "-c", BOOT, str(PACKAGE_FOLDER)])

    def _on_output(self) -> None:
        if self._process is None:
            return
        self._pending += _text(self._process.readAllStandardOutput())
        *lines, self._pending = self._pending.split("\n")
        for line in lines:
            content = _content(line)
            if content is not None:
                self._tell(content)

    def _on_error_output(self) -> None:
        if self._process is not None:
            self._said = (self._said + _text(self._process.readAllStandardError()))[-TAIL_CHARACTERS:]

    def _tell(self, content: dict[str, Any]) -> None:
        if not self._listeners:
            return
        last = "progress" not in content
        listener = self._listeners.pop(0) if last else self._listeners[0]
        listener(content)

    def _on_error(self, *error: Any) -> None:
        """A program that cannot be started never finishes; every other error is followed by an end."""
        import qt

        if self._process is not None and (not error or error[0] == qt.QProcess.FailedToStart):
            self._ended_by_itself(str(self._process.errorString()))

    def _on_end(self, *status: Any) -> None:
        """It ended by itself."""
        if self._process is not None:
            self._on_error_output()
            self._ended_by_itself(self._reason())

    def _ended_by_itself(self, reason: str) -> None:
        """Inform all listeners."""
        listeners = self._listeners
        self.stop()
        for listener in listeners:
            listener({"error": _("The process that runs the network ended: {0}").format(reason), "unexpected": True})

    def _reason(self) -> str:
        """Why it ended: Python's own error, if it named one. The output of a shell or a launcher is not useful."""
        import qt

        errors = [line for line in self._said.splitlines() if PYTHON_ERROR.match(line.strip())]
        if errors:
            return errors[-1].strip()
        if self._process.exitStatus() == qt.QProcess.CrashExit or self._process.exitCode() in KILLED:
            return _("it was killed, possibly for lack of memory")
        return _("it exited with code {0}").format(self._process.exitCode())


def python_executable() -> str:
    """Python with the application's packages: inside 3D Slicer ``PythonSlicer``."""
    return shutil.which("PythonSlicer") or sys.executable


def _content(line: str) -> dict[str, Any] | None:
    """What a line of ours says; None of any other, and of one that is damaged."""
    if not line.startswith(MARK):
        return None
    try:
        content = json.loads(line[len(MARK) :])
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _text(data: Any) -> str:
    raw = data.data()
    return raw if isinstance(raw, str) else bytes(raw).decode("utf-8", "replace")
