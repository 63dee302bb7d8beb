"""Requests to the worker about one study, and their answers: files, steps, and dropped requests.

The worker has one request at a time. While it works the newest request waits; an older one that waits is dropped,
because its answer is no longer needed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ...errors import InputError
from ...geometry.volume import Volume
from ...prediction.result import Result
from ...scene.arrays import from_matrix4x4
from ...scene.arrays import to_matrix4x4
from ...scene.figure_tables import Figures
from ..i18n import tr as _
from ..nodes.gate_nodes import gate_nodes
from ..nodes.study_node import read_loaded_study
from .session_folder import SessionFolder
from .session_folder import remove_abandoned
from .worker_files import Answer
from .worker_files import read_answer
from .worker_files import read_figures_content
from .worker_files import write_state
from .worker_files import write_study
from .worker_process import Worker

Listener = Callable[[dict[str, Any]], None]
DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile, zlib.error)
"""What reading a damaged answer raises."""


class WorkerClient:
    """Asks; an answer that comes when another was asked since is dropped.

    Attributes:
        model: path of another model than the default one.
        on_step: called with the current step of the worker.
        on_error: called with the reason why there is no answer.
    """

    def __init__(self, worker: Worker, model: str | None = None) -> None:
        self.worker, self.model = worker, model
        self.on_step: Callable[[str], None] = lambda step: None
        self.on_error: Callable[[str], None] = lambda error: None
        remove_abandoned()
        self._folder = SessionFolder()
        self._ticket = self._count = 0
        self._written: tuple[Any, Path, Volume] | None = None
        self._asked: Listener | None = None
        self._waiting: tuple[dict[str, Any], Listener] | None = None

    def ask(self, study: Any, request: dict[str, Any], take: Callable[[Answer, Volume], None]) -> None:
        """Send a request of :mod:`.worker_main` about a volume node; ``take`` is given the answer and the study.

        Raises:
            InputError: the node is no study, or it cannot be written for the worker.
        """
        self.drop()
        path, volume, answer_path = self._files_for(study)
        ticket = self._ticket

        def listen(content: dict[str, Any]) -> None:
            current = ticket == self._ticket
            if "progress" in content:
                if current:
                    self.on_step(str(content["progress"]))
                return
            self._ended(listen)
            if current and "error" in content:
                self.on_error(_with_advice(content))
            elif current:
                self._deliver(answer_path, volume, take)
            answer_path.unlink(missing_ok=True)

        self._send({**request, "study": str(path), "answer": str(answer_path), "model": self.model}, listen)

    def ask_figures(self, study: Any, result: Result, take: Callable[[Figures | str], None]) -> None:
        """Ask for the figures of a result as it stands, unless something else is asked meanwhile.

        ``take`` is given them, or the reason why there are none.

        Raises:
            InputError: the result cannot be written for the worker.
        """
        try:
            path, _volume = self._study(study)
            state = self._new_file("state")
            write_state(result, state)
        except OSError as error:
            raise InputError(_cannot_write(error)) from error
        ticket = self._ticket

        def listen(content: dict[str, Any]) -> None:
            self._ended(listen)
            state.unlink(missing_ok=True)
            if ticket == self._ticket:
                take(_with_advice(content) if "error" in content else read_figures_content(content["figures"]))

        self._send({"op": "figures", "study": str(path), "state": str(state), "model": self.model}, listen)

    def drop(self) -> None:
        """Let what is still answered, and what waits, be forgotten."""
        self._ticket += 1
        self._waiting = None

    def stop(self) -> None:
        """Stop the worker."""
        self.drop()
        self._asked = None
        self.worker.stop()

    def forget_study(self) -> None:
        """Another study is next."""
        self.drop()
        if self._written is not None:
            self._written[1].unlink(missing_ok=True)
        self._written = None

    def close(self) -> None:
        """Stop, and leave no file behind."""
        self.stop()
        self._folder.close()

    @property
    def files(self) -> list[Path]:
        """What lies in the folder now, but for its lock."""
        return sorted(self._folder.path.glob("*.npz"))

    def _send(self, request: dict[str, Any], listen: Listener) -> None:
        """To the worker, or into the one place where a request waits."""
        if self._asked is not None:
            self._waiting = request, listen
            return
        self._asked = listen
        self.worker.ask(request, listen)

    def _ended(self, listen: Listener) -> None:
        """The worker is free again: what waits is next. The end of a stopped one is ignored."""
        if self._asked is not listen:
            return
        self._asked = None
        if self._waiting is not None:
            (request, following), self._waiting = self._waiting, None
            self._send(request, following)

    def _deliver(self, path: Path, volume: Volume, take: Callable[[Answer, Volume], None]) -> None:
        try:
            answer = read_answer(path)
        except DAMAGED as error:
            self.on_error(_("The result of the network could not be read ({0}): try again.").format(_words(error)))
            return
        take(answer, volume)

    def _files_for(self, study: Any) -> tuple[Path, Volume, Path]:
        """The study as a file, checked, and a place for the answer."""
        try:
            path, volume = self._study(study)
            return path, volume, self._new_file("answer")
        except OSError as error:
            raise InputError(_cannot_write(error)) from error

    def _study(self, node: Any) -> tuple[Path, Volume]:
        """The study, checked; written for the worker, with its gates, once for each state of the node."""
        stamp = _stamp(node)
        if self._written is None or self._written[0] != stamp or not self._written[1].is_file():
            loaded = read_loaded_study(node)
            self.forget_study()
            path = self._new_file("study")
            try:
                write_study(loaded.volume, path, loaded.gates, loaded.fault)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            self._written = (stamp, path, loaded.volume)
        return self._written[1], self._written[2]

    def _new_file(self, kind: str) -> Path:
        self._count += 1
        return self._folder.file(f"{kind}-{self._count}.npz")


def _cannot_write(error: OSError) -> str:
    text = _("The study could not be written for the network ({0}): free disk space for temporary files.")
    return text.format(_words(error))


def _with_advice(content: dict[str, Any]) -> str:
    """An error of the worker, with advice if it is unexpected."""
    error = str(content["error"])
    if not content.get("unexpected"):
        return error
    advice = _(
        "No data are lost: press the button again. If it fails again, close other programs or restart 3D Slicer, and "
        "report the error with the log from View > Error Log."
    )
    return f"{error.rstrip('. ')}. {advice}"


def _words(error: BaseException) -> str:
    """Of an error, short."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)[:100] or type(error).__name__


def _stamp(node: Any) -> tuple[Any, ...]:
    """Changes when voxels, geometry or parent transform of a study do, but not with the gate that is shown."""
    return (node.GetID(), node.GetTransformNodeID(), *map(_image_stamp, gate_nodes(node).nodes or (node,)))


def _image_stamp(node: Any) -> tuple[Any, ...]:
    image, matrix = node.GetImageData(), to_matrix4x4(np.eye(4))
    node.GetIJKToRASMatrix(matrix)
    return (image.GetMTime() if image is not None else 0, *from_matrix4x4(matrix).ravel().tolist())
