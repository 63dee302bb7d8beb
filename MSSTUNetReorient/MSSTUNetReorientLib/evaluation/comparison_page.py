"""The page of comparisons: both papers' tables from our measurements, beside the published figures, and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from .candidates import Candidate
from .candidates import candidates
from .comparison_tables import Answers
from .comparison_tables import in_words
from .comparison_tables import ni_table
from .comparison_tables import training_table
from .comparison_tables import zhu_table
from .cropped_studies import SPREAD
from .measured_networks import Network
from .measurement import Measurement
from .page import describe
from .page import template
from .published_figures import COMPARISONS
from .published_figures import NI_TABLE_3
from .published_figures import NI_TABLE_4
from .published_figures import SEPARATE
from .published_figures import ZHU_TABLE_1
from .summary import summaries
from .true_study import DataSet

PAGE = "comparisons.md"
COMPACT = "compact"
WEIGHTS = "weights.npz"
LABELS, POSE = ("dsc_myocardium",), ("rot_mse", "long_axis_deg", "centre_mm")
BOTH = (*LABELS, *POSE)
QUESTIONS: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "Do multiple scales help?": [
        ("small-seg-op1", "small-seg-op2", LABELS),
        ("small-rot-op1", "small-rot-op2", POSE),
        ("small-rot-op1-seg-op1", "small-msstunet", BOTH),
    ],
    "Does joint training help?": [
        ("small-rot-op1", "small-rot-op1-seg-op1", POSE),
        ("small-rot-op2", "small-msstunet", POSE),
        (SEPARATE, "small-msstunet", BOTH),
    ],
    "Do three stages help?": [
        ("small-vgg", "small-vgg-three-stages", POSE),
        ("small-resnet", "small-resnet-three-stages", POSE),
        ("small-cnn-stn", "small-cascade", POSE),
    ],
    "Does a pyramid of the whole field help, instead of nested crops?": [
        ("small-msstunet", "small-msstunet-pyramid", BOTH),
    ],
    "Do other networks segment better than the paper's Seg Op1?": [
        ("small-seg-op1", "small-v-net", LABELS),
        ("small-seg-op1", "small-dense-unet", LABELS),
        ("small-seg-op1", "small-nn-unet", LABELS),
    ],
    "Is MS-ST-UNet better than Omega-Net, which also turns and segments?": [
        ("small-omega-net", "small-msstunet", BOTH),
    ],
    "How far is compact ahead?": [
        ("small-msstunet", COMPACT, BOTH),
        ("small-seg-op1", COMPACT, LABELS),
        ("small-cascade", COMPACT, POSE),
        ("small-cnn-stn", COMPACT, POSE),
    ],
}
"""Question to pairs of networks, the second of which should be better, and the figures that show it."""


@dataclass(frozen=True)
class Trained:
    """The networks of a folder of runs.

    Attributes:
        titles: of all that are asked for, by recipe; candidates: of those that are there, by recipe.
    """

    titles: Mapping[str, str]
    candidates: Mapping[str, Candidate]

    @property
    def half_mm(self) -> float:
        """Half extent of the field round the heart that they see.

        Raises:
            InputError: they see different ones.
        """
        methods = [c.method for c in self.candidates.values()]
        seen = {m.half_mm for m in methods if isinstance(m, Network)}
        if len(seen) > 1:
            extents = ", ".join(f"{2 * half:g}" for half in sorted(seen))
            msg = f"compared networks must see the same field, but found fields of {extents} mm; train them alike"
            raise InputError(msg)
        return seen.pop()

    @property
    def training(self) -> dict[str, dict[str, Any]]:
        """Parameters, steps, batch, minutes, flat, by recipe."""
        return {
            name: {"parameters": c.method.parameters, **run}
            for name, c in self.candidates.items()
            if name not in (COMPACT, SEPARATE) and isinstance(c.method, Network) and (run := c.method.runs[-1])
        }


def trained_networks(runs: Path, titles: Mapping[str, str], known: Mapping[str, Candidate]) -> Trained:
    """What ``train --all-small`` left in a folder so far, the separate form, and the compact model.

    Args:
        titles: of the recipes.
        known: networks that were measured before, by recipe; taken where the folder has none.

    Raises:
        InputError: no network is there, or a file is damaged.
    """
    files = {name: runs / name / WEIGHTS for name in COMPARISONS}
    models = {name: str(file) for name, file in files.items() if file.is_file()}
    if not models and not known:
        msg = f"{runs}: a folder of runs must contain NAME/{WEIGHTS}, but does not; run train --all-small first"
        raise InputError(msg)
    if "small-rot-op2" in models and "small-msunet" in models:
        models[SEPARATE] = f"{models['small-rot-op2']}+{models['small-msunet']}"
    models[COMPACT] = COMPACT
    upright = {"small-msunet": f"{titles['small-msunet']}, at the true pose"}
    all_titles = {**titles, **upright, SEPARATE: "Sep Rot Op2-Seg Op2", COMPACT: "compact"}
    found = candidates([f"{name}={model}" for name, model in models.items()], None)
    there = {**known, **dict(zip(models, found, strict=True))}
    return Trained(all_titles, {name: there[name] for name in (*COMPARISONS, SEPARATE, COMPACT) if name in there})


def comparison_page(
    trained: Trained, sets: Sequence[DataSet], rows: Sequence[Measurement], *, command: str, date: str, fall: float
) -> str:
    """``comparisons.md``: Markdown.

    Args:
        command: as it was typed; date: of the page.
        fall: the share below which a curve is flat.
    """
    names = list(trained.candidates)
    by_set: dict[str, Answers] = {
        name: dict(zip(names, found, strict=True))
        for name, found in summaries(rows, [s.name for s in sets], names).items()
    }
    titles = trained.titles
    text = template("comparisons.md.j2").render(
        version=__version__, command=command, date=date, fall=f"{100 * fall:g}",
        field_mm=f"{2 * trained.half_mm:g}", spread_mm=f"{SPREAD * trained.half_mm:g}",
        trained=training_table({n: titles[n] for n in COMPARISONS}, trained.training).markdown(),
        questions={question: _answers(pairs, by_set, trained) for question, pairs in QUESTIONS.items()},
        parts=[_part(s, by_set[s.name], titles) for s in sets],
    )  # fmt: skip
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _answers(
    pairs: Sequence[tuple[str, str, tuple[str, ...]]], by_set: Mapping[str, Answers], trained: Trained
) -> list[str]:
    """Sentences: of each data set, of the pairs that are both trained; at the end, what is missing."""
    there = [pair for pair in pairs if pair[0] in trained.candidates and pair[1] in trained.candidates]
    told = [
        f"{name}: {in_words(a, b, trained.titles, answers, figures)}{_unfinished((a, b), trained)}"
        for name, answers in by_set.items()
        for a, b, figures in there
    ]
    missing = {trained.titles[n]: None for a, b, _ in pairs for n in (a, b) if n not in trained.candidates}
    return [*told, *([f"Not answered as a whole; not trained yet: {', '.join(missing)}."] if missing else [])]


def _unfinished(names: Sequence[str], trained: Trained) -> str:
    early = [trained.titles[n] for n in names if trained.training.get(n, {}).get("flat") is False]
    return f" Stopped by the limit: {', '.join(early)}." if early else ""


def _part(data_set: DataSet, answers: Answers, titles: Mapping[str, str]) -> dict[str, object]:
    """The tables of a data set; empty where no network of a table is trained."""
    about = describe(data_set)
    table_3, table_4 = (
        ni_table([*table, COMPACT], titles, answers, table, about.modality) for table in (NI_TABLE_3, NI_TABLE_4)
    )
    zhu = zhu_table([*ZHU_TABLE_1, COMPACT], titles, answers, ZHU_TABLE_1)
    return {
        "name": data_set.name,
        "about": about,
        "table_3": table_3.markdown(),
        "table_4": table_4.markdown() if answers.keys() & NI_TABLE_4.keys() else "",
        "zhu": zhu.markdown() if answers.keys() & ZHU_TABLE_1.keys() else "",
    }
