"""The words of a polar map, for translation."""

from __future__ import annotations

import textwrap

import numpy as np

from ...output.figures import counts_text
from ...perfusion.polar_drawing import sample_at
from ...perfusion.polar_drawing import segment_at
from ...perfusion.polar_map import PolarMap
from ...perfusion.quantification import Perfusion
from ..i18n import tr as _
from .record import Record

LINE = 34
"""Letters in a line of a reason that stands where the map would be."""


def word_of(record: Record) -> str:
    """The word that a map carries: of its verdict, or that there is none yet for this pose; empty for a pass."""
    if record.labels_follow:
        return _("not checked yet")
    return {"pass": "", "review": _("review"), "fail": _("fail")}[record.quality.status]


def title(name: str, perfusion: Perfusion, word: str) -> str:
    """Above a map: the study, what the percentages refer to, and the word."""
    mapped = perfusion.map
    scale = "" if mapped is None else _("Uptake, 100 % = {0} counts").format(counts_text(mapped.maximum))
    return "\n".join(line for line in (name, scale, word) if line)


def withheld(perfusion: Perfusion) -> str:
    """Why there is no map, in lines; empty where there is one."""
    if perfusion.map is not None:
        return ""
    return textwrap.fill(_("No polar map: {0}.").format(perfusion.reason), LINE)


def segment_text(mapped: PolarMap, number: int) -> str:
    """The value written into a segment, 1 to 17."""
    value = mapped.segments[number - 1]
    return f"{value:.0f}" if np.isfinite(value) else "–"


def under_cursor(perfusion: Perfusion, x: float, y: float) -> str:
    """Segment, territory and values at a point of the disc of radius 1; empty outside it or without a map."""
    mapped, segment = perfusion.map, segment_at(x, y)
    if mapped is None or segment is None:
        return ""
    place = sample_at(x, y, mapped.samples.edges)
    assert place is not None
    value = mapped.segments[segment.number - 1]
    words = [_("segment {0} %").format(f"{value:.0f}") if np.isfinite(value) else _("too little wall in the segment")]
    words.append(_at_sample(mapped, place))
    score = perfusion.scores.segments[segment.number - 1] if perfusion.scores is not None else None
    if score is not None:
        words.append(_("score {0}").format(score))
    return f"{segment.number} {segment.name} · {segment.territory}\n" + " · ".join(words)


def _at_sample(mapped: PolarMap, place: tuple[int, int]) -> str:
    if mapped.outshone[place]:
        return _("here left out beside hotter tissue")
    if not mapped.usable[place]:
        return _("here no wall")
    return _("here {0} %").format(f"{mapped.percent[place]:.0f}")
