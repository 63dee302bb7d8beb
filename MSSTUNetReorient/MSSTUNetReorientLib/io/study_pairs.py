"""Which of many studies are stress and rest of one examination.

Two studies are a pair only if each is the other's one possible partner; where it is not clear, both stay single.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import timedelta

from .study_search import FoundStudy

MOST_DAYS_APART = timedelta(days=7)
"""Between stress and rest that are not in one DICOM study: protocols of two days end within a week (ours)."""


def in_pairs(studies: Iterable[FoundStudy]) -> list[tuple[FoundStudy, ...]]:
    """All studies, each once: ``(stress, rest)`` where they belong together, else alone; in the order of the first."""
    studies = list(studies)
    alike: defaultdict[str, list[FoundStudy]] = defaultdict(list)
    for study in studies:
        alike[study.kind].append(study)
    partner: dict[str, FoundStudy] = {}
    for group in alike.values():
        partner |= _partners(group)
    groups: list[tuple[FoundStudy, ...]] = []
    for study in studies:
        other = partner.get(study.key)
        if other is None:
            groups.append((study,))
        elif study.phase == "stress":
            groups.append((study, other))
    return groups


def _partners(studies: Sequence[FoundStudy]) -> dict[str, FoundStudy]:
    """The partner of each study that has one, by key."""
    near = _Near(studies)
    chosen = {study.key: _only_one(study, near.to(study)) for study in studies if study.phase}
    return {
        key: other
        for key, other in chosen.items()
        if other is not None and (back := chosen.get(other.key)) is not None and back.key == key
    }


class _Near:
    """Studies by examination and by patient, so that not every two are compared."""

    def __init__(self, studies: Sequence[FoundStudy]) -> None:
        self._by_examination: defaultdict[str, list[FoundStudy]] = defaultdict(list)
        self._by_patient: defaultdict[str, list[FoundStudy]] = defaultdict(list)
        for study in studies:
            if study.phase and study.examination:
                self._by_examination[study.examination].append(study)
            if study.phase and study.identity.patient:
                self._by_patient[study.identity.patient].append(study)

    def to(self, study: FoundStudy) -> list[FoundStudy]:
        """The possible partners: of the same examination, or else of the same patient within days."""
        inside = [o for o in self._by_examination.get(study.examination, ()) if _opposite(study, o)]
        if inside:
            return inside
        of_patient = self._by_patient.get(study.identity.patient, ())
        return [other for other in of_patient if _opposite(study, other) and _within_days(study, other)]


def _opposite(study: FoundStudy, other: FoundStudy) -> bool:
    patients = {study.identity.patient, other.identity.patient} - {""}
    return {study.phase, other.phase} == {"stress", "rest"} and len(patients) < 2


def _within_days(study: FoundStudy, other: FoundStudy) -> bool:
    a, b = study.identity.acquired, other.identity.acquired
    return a is not None and b is not None and abs(a - b) <= MOST_DAYS_APART


def _only_one(study: FoundStudy, others: list[FoundStudy]) -> FoundStudy | None:
    """The only possible partner; of several the only one that is described alike."""
    if len(others) > 1:
        others = [other for other in others if other.words == study.words]
    return others[0] if len(others) == 1 else None
