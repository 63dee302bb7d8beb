"""One figure for a reader, and the reasons that withhold every figure of a study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

NO_VERDICT = "the quality verdict is fail: no usable left ventricle was found"
CUT_OFF = "apex or base is cut off by the edge of the field of view"


@dataclass(frozen=True)
class Figure:
    """A figure that is given, or withheld with its reason.

    Attributes:
        value: None where it is withheld.
        verdict: of the quality control, which the figure rests on: "pass", "review" or "fail".
        reason: why it is withheld; empty where it is given.
        unit: "ml", "%", ...; empty where the figure's name has it.
    """

    value: float | int | None
    verdict: str
    reason: str = ""
    unit: str = ""

    def as_dict(self, digits: int = 1) -> dict[str, Any]:
        """As in ``result.json``; whole numbers stay whole.

        >>> Figure(12.345, "pass").as_dict()
        {'value': 12.3, 'verdict': 'pass', 'withheld': None}
        """
        value = rounded(self.value, digits) if isinstance(self.value, float) else self.value
        unit = {"unit": self.unit} if self.unit else {}
        return {"value": value, **unit, "verdict": self.verdict, "withheld": self.reason or None}


def rounded(value: float, digits: int = 1) -> float | None:
    """A number as it is written to files, never minus zero; None where it is not known."""
    return round(float(value), digits) + 0.0 if math.isfinite(value) else None
