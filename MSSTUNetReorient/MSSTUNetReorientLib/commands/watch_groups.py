"""What of a watched folder can be made now: a study alone, or stress and rest together."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass

from ..io.study_pairs import in_pairs
from ..io.study_search import FoundStudy

Group = tuple[FoundStudy, ...]
"""One study, or stress and rest."""


def name_of(group: Group) -> str:
    """What its folder and its record are named."""
    return "-".join(study.key for study in group)


@dataclass(frozen=True)
class Groups:
    """What is there.

    Attributes:
        ready: complete studies, with their partner where it is complete too.
        held: complete studies whose partner is coming in just now.
    """

    ready: tuple[Group, ...]
    held: Group


def groups_of(studies: Sequence[FoundStudy], complete: Collection[str], coming: Collection[str]) -> Groups:
    """Put together what belongs together.

    A study is not kept for a partner of which only a part has come, or nothing.

    Args:
        studies: all that are in the folder.
        complete, coming: keys of those that are complete, and of those whose files still come or change.
    """
    ready: list[Group] = []
    held: list[FoundStudy] = []
    for group in in_pairs(studies):
        there = tuple(study for study in group if study.key in complete)
        if len(there) == len(group):
            ready.append(there)
        elif any(study.key in coming for study in group):
            held += there
        else:
            ready += [(study,) for study in there]
    return Groups(tuple(ready), tuple(held))
