"""The results page, rendered only from the measurements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from . import perfusion_tables
from . import pose_tables
from . import tables
from .candidates import Candidate
from .changed_studies import Changed
from .changed_tables import presence_table
from .changed_tables import turned_table
from .gated_studies import GatedRow
from .gated_studies import table as gated_table
from .measurement import Measurement
from .perfusion_figures import SCORED_BY
from .summary import Summary
from .summary import summaries
from .timing import Timing
from .true_study import DataSet

if TYPE_CHECKING:
    from jinja2 import Template

PAGE = "results.md"
PICTURES = "results"
"""Folder of the pictures beside the page."""


@dataclass(frozen=True)
class Picture:
    """A PNG of the page.

    Attributes:
        file: its name in the folder of pictures; content: its bytes.
        data_set: whose part of the page shows it; caption: what it shows.
    """

    file: str
    content: bytes
    data_set: str
    caption: str


@dataclass(frozen=True)
class Run:
    """All that the page is made from.

    Attributes:
        command: as it was typed, without folders of this machine; date: of the page.
        sets, candidates: what was measured, in their order; rows: the measurements.
        changed: verdicts of the first method on changed studies; none where they were not asked.
        gated: function of the gated studies by the first method.
        timing: of the same methods; pictures: in the order of the page; legend: of the pictures of studies.
    """

    command: str
    date: str
    sets: Sequence[DataSet]
    candidates: Sequence[Candidate]
    rows: Sequence[Measurement]
    changed: Sequence[Changed]
    gated: Sequence[GatedRow]
    timing: Timing
    pictures: Sequence[Picture]
    legend: str


def file_name(text: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text)


def page(run: Run) -> str:
    """``results.md``: Markdown."""
    by_set = summaries(run.rows, [s.name for s in run.sets], [c.name for c in run.candidates])
    text = template("results.md.j2").render(
        version=__version__,
        command=run.command,
        date=run.date,
        measured=sorted({row.measured[:10] for row in run.rows}),
        candidates=run.candidates,
        first=run.candidates[0].name,
        timing=run.timing,
        described=[describe(s) for s in run.sets],
        targets=tables.targets([found[0] for found in by_set.values()], run.timing).markdown(),
        coverage=pose_tables.coverage(by_set),
        turned=turned_table(run.changed),
        presence=presence_table(run.changed),
        gated=gated_table(run.gated),
        table_4=tables.ni_table_4(by_set).markdown(),
        parts=[_part(s, by_set[s.name], run) for s in run.sets],
        refused=[row for row in run.rows if row.refused],
        legend=run.legend,
        scored_by=SCORED_BY,
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _part(data_set: DataSet, found: Sequence[Summary], run: Run) -> Mapping[str, object]:
    calibration = tables.calibration(found)
    return {
        "set": data_set,
        "about": describe(data_set),
        "pose": pose_tables.own_pose(found).markdown(),
        "leans": pose_tables.leans(found),
        "references": pose_tables.references(data_set, found[0]),
        "for_looking": any(s.kind == "real, for looking" for s in data_set.studies),
        "labels": tables.own_labels(found),
        "perfusion": perfusion_tables.agreement_table(found),
        "known": perfusion_tables.known_table(found),
        "exact": any(s.exact for s in found),
        "table_3": tables.ni_table_3(found).markdown(),
        "zhu": tables.zhu_table_1(found, run.candidates, run.timing).markdown(),
        "calibration": calibration,
        "pictures": [p for p in run.pictures if p.data_set == data_set.name],
    }


@dataclass(frozen=True)
class Described:
    """A data set in words and numbers: kind and modality of its studies, and how many subjects there are."""

    name: str
    kind: str
    modality: str
    studies: int
    subjects: int
    not_held_out: int


def describe(data_set: DataSet) -> Described:
    """A property of a data set on the page; if its studies differ, the number of each value."""
    studies = data_set.studies
    seen = {s.subject for s in studies if not s.held_out}
    return Described(
        data_set.name, _counted([s.kind for s in studies]), _counted([s.modality for s in studies]), len(studies),
        len({s.subject for s in studies}), len(seen),
    )  # fmt: skip


def _counted(words: Sequence[str]) -> str:
    kinds = sorted(set(words))
    return kinds[0] if len(kinds) == 1 else ", ".join(f"{words.count(kind)} {kind}" for kind in kinds)


@lru_cache(maxsize=2)
def template(name: str) -> Template:
    """A page of this package."""
    from jinja2 import Environment
    from jinja2 import FileSystemLoader
    from jinja2 import StrictUndefined

    folder = Path(__file__).resolve().parent
    environment = Environment(
        loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)
