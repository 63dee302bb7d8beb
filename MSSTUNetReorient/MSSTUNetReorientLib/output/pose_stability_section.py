"""How far the perfusion figures of a result move within its own bounds: for ``result.json`` and the report."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.pose_stability import PoseStability
from ..perfusion.pose_stability import Range
from ..perfusion.pose_stability import pose_stability
from ..prediction.good_to import whole
from ..prediction.qc import Quality
from ..prediction.result import Result
from .limits_choice import choose_limits
from .perfusion_text import perfusion_against
from .perfusion_text import perfusion_of

NO_BOUND = "the model has no bound for this study"

_MEASURED: WeakKeyDictionary[Volume, tuple[Pose, Quality, PoseStabilitySection]] = WeakKeyDictionary()
"""Report and ``result.json`` need the same numbers, also for a copy of a result; they are freed with its labels."""


@dataclass(frozen=True)
class PoseStabilitySection:
    """The stability of a result, or why it is withheld.

    Attributes:
        verdict: of the quality control; stability: None where it is withheld, and then the reason.
    """

    verdict: str
    stability: PoseStability | None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The section ``pose_stability`` of ``result.json``; the same keys whether withheld or not."""
        s = self.stability
        return {
            "verdict": self.verdict,
            "withheld": self.reason or None,
            "axis_deg": None if s is None else round(s.axis_deg, 1),
            "centre_mm": None if s is None else round(s.centre_mm, 1),
            "poses": 0 if s is None else s.poses,
            "poses_withheld": 0 if s is None else s.withheld,
            "summed_score": None if s is None else _content(s.summed_score),
            "scar_burden_percent": None if s is None else _content(s.scar_percent),
            "segment": None if s is None else s.segment,
            "segment_percent": None if s is None else _content(s.segment_percent),
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """For the report."""
        s = self.stability
        if s is None:
            return (f"How far the figures depend on the pose is withheld: {self.reason}.",)
        moved = [_stays("the summed score", s.summed_score, 0, ""), _stays("the scar burden", s.scar_percent, 1, " %")]
        if s.segment is not None and s.segment_percent is not None:
            name = f"{s.segment} {SEGMENTS[s.segment - 1].name}"
            moved.append(f"segment {name} moves most, {_between(s.segment_percent, 0, ' %')}")
        where = (
            f"Within the model's own bound for this study (axis {whole(s.axis_deg)}°, centre {whole(s.centre_mm)} mm)"
        )
        sentences = [f"{where} {'; '.join(text for text in moved if text)}."]
        if s.withheld:
            sentences.append(f"At {s.withheld} of the {s.poses} poses tried, some of these figures are withheld.")
        if self.verdict == "review":
            sentences.append("Review: the quality verdict asks to check the pose first.")
        return tuple(sentences)


def pose_stability_section(result: Result) -> PoseStabilitySection:
    """The stability of a result, or the reason why it is withheld; measured once (about 0.2 s)."""
    pose, quality, section = _MEASURED.get(result.labels, (None, None, None))
    if section is None or pose is not result.pose or quality is not result.quality:
        section = _section(result)
        _MEASURED[result.labels] = (result.pose, result.quality, section)
    return section


def _section(result: Result) -> PoseStabilitySection:
    own, good_to = perfusion_of(result), result.quality.good_to
    if own.map is None:
        return PoseStabilitySection(own.verdict, None, own.reason)
    if good_to.axis_deg is None or good_to.centre_mm is None:
        return PoseStabilitySection(own.verdict, None, NO_BOUND)
    choice = choose_limits(result.normal_limits, result.study.info)
    found = pose_stability(
        result.pose,
        lambda pose: own if pose is result.pose else perfusion_against(replace(result, pose=pose), choice),
        axis_deg=good_to.axis_deg,
        centre_mm=good_to.centre_mm,
    )
    return PoseStabilitySection(own.verdict, found)


def _stays(name: str, found: Range | None, digits: int, unit: str) -> str:
    return "" if found is None else f"{name} stays {_between(found, digits, unit)}"


def _between(found: Range, digits: int, unit: str) -> str:
    low, high = f"{found.low:.{digits}f}", f"{found.high:.{digits}f}"
    return f"at {low}{unit}" if low == high else f"between {low} and {high}{unit}"


def _content(found: Range | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {name: round(value, 1) for name, value in (("own", found.own), ("low", found.low), ("high", found.high))}
