"""From studies held to be normal to a file of limits: groups, outliers, and a report of who was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import __version__
from ..errors import InputError
from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.normal_limits import LEAST_STUDIES
from ..perfusion.normal_limits import SIMULATED
from ..perfusion.normal_limits import Group
from ..perfusion.normal_limits import NormalLimits
from ..perfusion.normal_limits import limits_of
from ..perfusion.normal_limits import outliers
from ..perfusion.polar_map import PolarMap
from ..perfusion.scores import LEAST_ABNORMAL
from ..perfusion.scores import scores_of
from .normal_studies import NormalStudy
from .normals_file import NormalsFile

OWN = "normal limits of the centre"
"""Source of limits from other than simulated studies."""
COPY = "it has the same counts as an earlier study"
OTHER_MODEL = "its labels come from another model than most"


def make_normals(studies: Sequence[NormalStudy], name: str) -> tuple[NormalsFile, list[NormalStudy]]:
    """The limits of all groups that have enough studies, and the studies with the reason why each is left out.

    Args:
        studies: as read.
        name: of the folder, for messages.

    Raises:
        InputError: no group has enough studies.
    """
    judged = _without_outliers(_without_copies(_of_one_model(studies)))
    kept = [study for study in judged if study.map is not None]
    source = SIMULATED if all(study.seed is not None for study in kept) else OWN
    limits = tuple(limits_of(maps, group, source) for group, maps in _groups(kept) if len(maps) >= LEAST_STUDIES)
    if not limits:
        most = max((len(maps) for _, maps in _groups(kept)), default=0)
        why = "; ".join(f"{reason}: {count}" for reason, count in Counter(s.reason for s in judged if s.reason).items())
        msg = (
            f"{name}: normal limits need {LEAST_STUDIES} studies of one kind of camera, but found {most} that can be "
            f"used{f' (left out: {why})' if why else ''}; add studies"
        )
        raise InputError(msg)
    return NormalsFile(limits, _about(source, kept, judged, limits)), judged


def _without_copies(studies: Sequence[NormalStudy]) -> list[NormalStudy]:
    """A study given twice would make the spread too small."""
    seen: set[bytes] = set()
    found = []
    for study in studies:
        counts = b"" if study.map is None else study.map.samples.maximum.tobytes()
        found.append(replace(study, map=None, reason=COPY) if counts in seen else study)
        seen |= {counts} - {b""}
    return found


def _of_one_model(studies: Sequence[NormalStudy]) -> list[NormalStudy]:
    models = Counter(study.model.get("sha256") for study in studies if study.map is not None)
    most = models.most_common(1)[0][0] if models else None
    return [
        replace(s, map=None, reason=OTHER_MODEL) if s.map is not None and s.model.get("sha256") != most else s
        for s in studies
    ]


def _without_outliers(studies: Sequence[NormalStudy]) -> list[NormalStudy]:
    """Each kind of camera and correction is looked at apart, women and men together."""
    found = list(studies)
    for kind in {study.group._replace(sex=None) for study in studies}:
        own = [n for n, s in enumerate(studies) if s.map is not None and s.group._replace(sex=None) == kind]
        if len(own) < LEAST_STUDIES:
            continue
        for study, segment, away in outliers(np.array([_map(studies[n]).segments for n in own])):
            word = "below" if away < 0 else "above"
            reason = f"outlier: {SEGMENTS[segment - 1].name} lies {abs(away):.1f} SD {word} the median"
            found[own[study]] = replace(studies[own[study]], map=None, reason=reason)
    return found


def _groups(kept: Sequence[NormalStudy]) -> list[tuple[Group, list[PolarMap]]]:
    """Every group that the studies can make, with their maps: by camera, by correction and both kinds together, by sex
    and both sexes together. Without studies of both kinds, those of one kind are not listed twice."""
    found = []
    for camera in sorted({study.group.camera for study in kept}):
        own = [study for study in kept if study.group.camera == camera]
        kinds = {study.group.corrected for study in own}
        for corrected in sorted(kinds if len(kinds) == 1 else kinds | {None}, key=str):
            for sex in (None, "F", "M"):
                maps = [_map(s) for s in own
                        if corrected in (None, s.group.corrected) and sex in (None, s.group.sex)]  # fmt: skip
                found.append((Group(camera, corrected, sex), maps))
    return found


def _map(study: NormalStudy) -> PolarMap:
    assert study.map is not None
    return study.map


def _about(
    source: str, kept: Sequence[NormalStudy], judged: Sequence[NormalStudy], limits: Sequence[NormalLimits]
) -> dict[str, Any]:
    """How the limits were made; studies are given by their place in the folder, as names may be personal."""
    return {
        "source": source,
        "software": f"MSSTUNetReorient {__version__}",
        "model": kept[0].model,
        "studies": len(kept),
        "seeds": sorted(study.seed for study in kept if study.seed is not None),
        "left_out": [{"study": n, "reason": s.reason} for n, s in enumerate(judged, 1) if s.reason],
        "called_abnormal": {
            one.group.name: round(share_abnormal(maps, one), 3)
            for one, (_, maps) in zip(limits, [g for g in _groups(kept) if len(g[1]) >= LEAST_STUDIES], strict=True)
        },
    }


def share_abnormal(maps: Sequence[PolarMap], limits: NormalLimits) -> float:
    """Share of normal studies that are called abnormal, each by the limits of the others."""
    summed = []
    for n, one in enumerate(maps):
        others = [m for k, m in enumerate(maps) if k != n]
        rest = limits_of(others, limits.group, limits.source, least=LEAST_STUDIES - 1)
        summed.append(sum(points or 0 for points in scores_of(one, rest).segments))
    return float(np.mean(np.array(summed) >= LEAST_ABNORMAL))


def table(normals: NormalsFile, studies: Sequence[NormalStudy]) -> str:
    """The report for the terminal: who was left out and why, the groups, and mean and SD of the segments."""
    lines = [f"{len(studies)} studies, {sum(s.map is not None for s in studies)} of them used"]
    for n, study in enumerate(studies, 1):
        if study.reason:
            detail = f" ({study.detail})" if study.detail else ""
            lines.append(f"  left out: {n} {study.name}: {study.reason}{detail}")
    for one in normals.limits:
        share = normals.about["called_abnormal"][one.group.name]
        lines += ["", f"{one.group.name}: {one.group.words}, {one.studies} studies; {100 * share:.0f} % of them would "
                  f"have a summed score of {LEAST_ABNORMAL} or more by the limits of the others"]  # fmt: skip
        for first in (0, 6, 12):
            part = slice(first, first + 6)
            cells = zip(SEGMENTS[part], one.segment_mean[part], one.segment_sd[part], strict=True)
            lines.append("  " + "  ".join(f"{s.number:2d}: {mean:3.0f} ± {sd:2.0f} %" for s, mean, sd in cells))
    return "\n".join(lines) + "\n"
