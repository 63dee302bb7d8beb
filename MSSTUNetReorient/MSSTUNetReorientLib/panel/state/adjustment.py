"""A reader's correction of the model's pose, with undo, redo and a lock: values only, no Qt and no MRML.

A slider sets its number in whole tenths of a degree or millimetre; what the handles in the views did is kept as it
is. Record and scene hold these numbers, and nothing else is ever decoded from a matrix.
"""

from __future__ import annotations

from dataclasses import astuple
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

import numpy as np

from ...geometry.pose import MEAN_ROTATION
from ...geometry.pose import Correction
from ...geometry.pose import Pose
from ...geometry.pose import wrap_degrees
from ...geometry.septum import roll_to_septum

STEP = 0.1
"""Degrees and mm: what a reader can judge and set."""
TURNS = ("swing", "tilt", "roll")
SHIFTS = ("lateral", "inferior", "basal")
CONTROLS = (*TURNS, *SHIFTS)
MAX_TURN_DEG = 180.0
MAX_SHIFT_MM = 200.0
"""Further than this is another organ."""
NOISE_DIGITS = 6
"""Decimals of degrees that are meant."""
PAST_LIMIT = 200
"""Steps that can be undone; the oldest are forgotten, so that a long session does not grow."""

History = tuple[Correction, ...]


@dataclass(frozen=True)
class Adjustment:
    """The state of a reader's correction, from the model's pose to an accepted pose.

    Attributes:
        correction: in the SA frame; zero is the model's own answer.
        past, future: what undo and redo go to, the nearest last.
        locked: accepted; every change is ignored until it is unlocked.
        gesture: the control being moved; its changes are one undo step until :meth:`settled`.
    """

    correction: Correction = field(default_factory=Correction)
    past: History = ()
    future: History = ()
    locked: bool = False
    gesture: str = ""

    def pose(self, model: Pose) -> Pose:
        """The model's pose as corrected."""
        return model.corrected(self.correction)

    def moved(self, correction: Correction, gesture: str = "") -> Adjustment:
        """Go to another correction; with the same gesture as before it is no new step to undo."""
        target = limited(correction)
        if self.locked or target == self.correction:
            return self
        if gesture and gesture == self.gesture and self.past:
            return replace(self, correction=target, future=())
        past = (*self.past, self.correction)[-PAST_LIMIT:]
        return replace(self, correction=target, past=past, future=(), gesture=gesture)

    def nudged(self, control: str, value: float) -> Adjustment:
        """One of :data:`CONTROLS` set to a value in degrees or mm."""
        return self.moved(replace(self.correction, **{control: tenths(value)}), control)

    def settled(self) -> Adjustment:
        """The control was released: the next change is a separate step."""
        return replace(self, gesture="")

    def reset(self) -> Adjustment:
        """Back to the model's answer."""
        return self.settled().moved(Correction())

    def standard_angles(self, model: Pose) -> Adjustment:
        """The mean orientation of hearts, where the LV centre now is."""
        target = Pose(MEAN_ROTATION, self.pose(model).centre)
        return self.settled().moved(model.correction_to(target))

    def rolled_to_septum(self, model: Pose, angle: float) -> Adjustment:
        """The septum exactly at image left: only the roll changes.

        Args:
            angle: the septum angle, degrees (:mod:`...geometry.septum`).
        """
        roll = self.correction.roll + roll_to_septum(self.pose(model), angle).roll
        return self.settled().moved(replace(self.correction, roll=_rounded_turn(roll)))

    def undone(self) -> Adjustment:
        """One step back."""
        if self.locked or not self.past:
            return self
        *past, last = self.past
        return replace(self, correction=last, past=tuple(past), future=(*self.future, self.correction), gesture="")

    def redone(self) -> Adjustment:
        """One step forward again."""
        if self.locked or not self.future:
            return self
        *future, following = self.future
        return replace(self, correction=following, past=(*self.past, self.correction), future=tuple(future), gesture="")

    def lock(self, locked: bool) -> Adjustment:
        """Accept, or edit again."""
        return replace(self, locked=locked, gesture="")


def _rounded_turn(degrees: float) -> float:
    """Within half a turn, without the noise of matrices, so that what is asked for twice is no second step."""
    return round(float(wrap_degrees(degrees)), NOISE_DIGITS)


def tenths(value: float) -> float:
    """A slider's value without binary rounding."""
    return float(np.rint(value / STEP)) / round(1 / STEP)


def limited(correction: Correction) -> Correction:
    """Within what can be asked for; no negative zero."""
    limits = np.array([MAX_TURN_DEG] * 3 + [MAX_SHIFT_MM] * 3)
    return Correction(*(float(x) + 0.0 for x in np.clip(np.array(astuple(correction), dtype=float), -limits, limits)))
