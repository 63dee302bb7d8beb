"""The interface of a method: it takes a study and returns the pose of the left ventricle, its labels, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from typing import Protocol

from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..prediction.qc import Status


@dataclass(frozen=True, eq=False)
class Answer:
    """The result of a method on one study.

    Attributes:
        pose: SA frame to LPS mm; None from a method that only segments.
        labels: 0/1/2 on a grid of its own, LPS mm; None from a method that only reorients.
        verdict: "pass", "review" or "fail" of the method's own quality control; empty where it has none.
        septum_deg: see :mod:`..geometry.septum`; None from a method that does not look for it.
        bound_deg, centre_bound_mm, septum_bound_deg: what long axis, centre and septum angle of nine in ten such
            studies err by less than, by the method's own judgement.
        cut_off: the field of view cuts a part of the LV off, by the method's own judgement.
        presence: probability that an LV is in view; None from a method that does not say.
        mirrored: the heart is told to look like the mirror image of one.
        seconds: that pose and labels took, of a method that does more besides; None where they are all it does.
    """

    pose: Pose | None
    labels: Volume | None
    verdict: Status | Literal[""] = ""
    septum_deg: float | None = None
    bound_deg: float | None = None
    centre_bound_mm: float | None = None
    septum_bound_deg: float | None = None
    seconds: float | None = None
    cut_off: bool = False
    presence: float | None = None
    mirrored: bool = False


class Method(Protocol):
    """A model, or a classical algorithm, under the name that tables show."""

    @property
    def name(self) -> str:
        """As in the tables, e.g. "Rot Op1-Seg Op1"."""

    @property
    def parameters(self) -> int:
        """Trained numbers; 0 of a classical algorithm."""

    def answer(self, study: Volume) -> Answer:
        """Pose and labels of transaxial counts."""
