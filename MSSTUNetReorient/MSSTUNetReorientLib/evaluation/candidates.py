"""The methods to measure: shipped models, weight files and classical methods, by their command line names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..prediction.models import load_model
from ..prediction.models import read_manifest
from ..prediction.models import weights_folder
from .comparisons import load_method
from .mean_heart import mean_heart
from .method import Answer
from .method import Method
from .template import MeanPose
from .template import TemplateRegistration

TEMPLATE, MEAN_POSE = "template", "mean-pose"
"""Names of the methods that need no weights."""


@dataclass(frozen=True)
class Candidate:
    """A method with its description for the tables.

    Attributes:
        method: can be pickled, for each process has its own.
        sha256: of its weights or its template, "-" without any.
        made_from: what the weights or the template are, in words.
    """

    method: Method
    sha256: str
    made_from: str

    @property
    def name(self) -> str:
        """As in the tables."""
        return self.method.name

    @property
    def trained(self) -> str:
        """Steps, and studies a step, of its training, where its weight file or the manifest says it."""
        return " + ".join(f"{run['steps']:,} steps of {run['batch']}" if run else "-" for run in self._runs) or "-"

    @property
    def training_minutes(self) -> float | None:
        """Likewise."""
        minutes = [run["minutes"] for run in self._runs if run]
        return sum(minutes) if minutes and len(minutes) == len(self._runs) else None

    @property
    def _runs(self) -> list[dict[str, Any] | None]:
        """None of a classical algorithm."""
        return getattr(self.method, "runs", [])

    @property
    def at_true_pose(self) -> bool:
        """Whether the method only segments upright studies: it gets the true pose, as in Ni 2023, Table 4."""
        return bool(getattr(self.method, "upright", False)) and getattr(self.method, "locator", None) is None

    def answer(self, study: Volume, true: Pose) -> Answer:
        """The method's result; a given pose is not part of it.

        Raises:
            InputError: the method refuses the study.
        """
        if not self.at_true_pose:
            return self.method.answer(study)
        told = self.method.answer_at(study, true)  # type: ignore[attr-defined]
        return Answer(None, told.labels, told.verdict)


def candidates(asked: Iterable[str], template_from: Path | None) -> list[Candidate]:
    """What ``--model`` names, in its order: ``template``, ``mean-pose``, a shipped model, a weight file.

    ``NAME=WEIGHTS`` gives a model the name that tables show.

    Raises:
        InputError: an unknown model, a damaged file, no hearts for the template, two of one name.
    """
    found = [_candidate(text, template_from) for text in asked]
    names = [c.name for c in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        msg = (
            f"--model: methods must have different names, but found {', '.join(sorted(twice))} twice; use NAME=WEIGHTS"
        )
        raise InputError(msg)
    return found


def default_models() -> list[str]:
    """The default model, the classical peer, and the floor."""
    return [str(read_manifest(weights_folder())["default"]), TEMPLATE, MEAN_POSE]


def _candidate(text: str, template_from: Path | None) -> Candidate:
    label, _, model = text.rpartition("=")
    if model == MEAN_POSE:
        return Candidate(MeanPose(), MeanPose().sha256, "no training")
    if model == TEMPLATE:
        registration = TemplateRegistration(mean_heart(template_from))
        return Candidate(registration, registration.sha256, registration.heart.source)
    method = load_method(model)
    if label:
        method = replace(method, name=label)  # type: ignore[type-var]
    sha256, versions = zip(*(_weights(part) for part in model.split("+")), strict=True)
    return Candidate(method, "+".join(sha256), " + ".join(versions))


def _weights(model: str) -> tuple[str, str]:
    """sha256, and a version or a file name, of a shipped model or a weight file."""
    path = Path(model)
    if path.suffix:
        return hashlib.sha256(path.read_bytes()).hexdigest(), path.name
    identity = load_model(model)[1]
    return identity.sha256, f"{identity.name} {identity.version}"
