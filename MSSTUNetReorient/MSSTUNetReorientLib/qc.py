"""Quality control: an honest verdict on a pose and its labels."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Literal

Status = Literal["pass", "review", "fail"]


@dataclass(frozen=True)
class Quality:
    """The verdict, its reasons in words, and what was measured for it.

    Attributes:
        status: "pass", "review" (look before you use it) or "fail" (nothing to show).
        reasons: one plain sentence each; empty for a pass.
        measures: the numbers behind it, by name with the unit (e.g. ``axis_disagreement_deg``).
    """

    status: Status
    reasons: tuple[str, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)
