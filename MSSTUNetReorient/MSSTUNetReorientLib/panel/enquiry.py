"""Questions to the worker about one study, and their answers: files, steps, and what is not wanted any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..scene.arrays import from_matrix4x4
from ..scene.arrays import to_matrix4x4
from ..volume import Volume
from .child import Worker
from .exchange import Answer
from .exchange import read_answer
from .exchange import write_study
from .study_node import read_study_node


class Enquiry:
    """Asks one question at a time; an answer that comes when another was asked since is dropped.

    Attributes:
        model: path of another model than the default one.
        on_step: told what the worker does, in its words.
        on_error: told in words why there is no answer.
    """

    def __init__(self, worker: Worker, model: str | None = None) -> None:
        self.worker, self.model = worker, model
        self.on_step: Callable[[str], None] = lambda step: None
        self.on_error: Callable[[str], None] = lambda error: None
        self._folder = TemporaryDirectory(prefix="reorient-", ignore_cleanup_errors=True)
        self._ticket = self._count = 0
        self._written: tuple[Any, Path, Volume] | None = None

    def ask(self, study: Any, request: dict[str, Any], take: Callable[[Answer, Volume], None]) -> None:
        """Send a request of :mod:`.worker` about a volume node; ``take`` is given the answer and the study.

        Raises:
            InputError: the node is no study.
        """
        self.drop()
        path, volume = self._study(study)
        ticket, answer_path = self._ticket, self._new_file("answer")

        def listen(content: dict[str, Any]) -> None:
            current = ticket == self._ticket
            if current and "progress" in content:
                self.on_step(content["progress"])
            elif current and "error" in content:
                self.on_error(content["error"])
            elif "done" in content:
                answer = read_answer(answer_path) if current else None
                answer_path.unlink(missing_ok=True)
                if answer is not None:
                    take(answer, volume)

        whole = {**request, "study": str(path), "answer": str(answer_path), "model": self.model}
        self.worker.ask(whole, listen)

    def drop(self) -> None:
        """Let what is still answered be forgotten."""
        self._ticket += 1

    def stop(self) -> None:
        """Stop the worker."""
        self.drop()
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
        self._folder.cleanup()

    @property
    def files(self) -> list[Path]:
        """What lies in the folder now."""
        return sorted(Path(self._folder.name).iterdir())

    def _study(self, node: Any) -> tuple[Path, Volume]:
        """The study, checked; written for the worker once for each state of the node."""
        stamp = _stamp(node)
        if self._written is None or self._written[0] != stamp:
            volume = read_study_node(node)
            self.forget_study()
            self._written = (stamp, self._new_file("study"), volume)
            write_study(volume, self._written[1])
        return self._written[1], self._written[2]

    def _new_file(self, kind: str) -> Path:
        self._count += 1
        return Path(self._folder.name) / f"{kind}-{self._count}.npz"


def _stamp(node: Any) -> tuple[Any, ...]:
    """Changes when voxels, geometry or parent transform of a volume node do."""
    image, matrix = node.GetImageData(), to_matrix4x4(np.eye(4))
    node.GetIJKToRASMatrix(matrix)
    place = (*from_matrix4x4(matrix).ravel().tolist(), node.GetTransformNodeID())
    return (node.GetID(), image.GetMTime() if image is not None else 0, place)
