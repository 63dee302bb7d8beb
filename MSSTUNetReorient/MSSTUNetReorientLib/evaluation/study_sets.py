"""Data sets with truth on disk: folders that ``simulate`` made, and folders of real studies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..geometry.pose import Cube
from ..geometry.pose import Pose
from ..simulation.disk import GATES
from ..simulation.disk import IMAGE
from ..simulation.disk import LABELS
from ..simulation.disk import TRUTH
from ..simulation.splits import COUNTS_SUBJECTS
from ..simulation.splits import of_split
from .known_heart import acquisition
from .known_heart import known_heart
from .real_studies import IMAGE_ENDINGS
from .real_studies import REFERENCES
from .real_studies import has_references
from .real_studies import real_studies
from .true_study import MODALITIES
from .true_study import DataSet
from .true_study import Kind
from .true_study import TrueStudy
from .true_study import digest


def read_sets(arguments: Iterable[str]) -> list[DataSet]:
    """Data sets of the command line: ``FOLDER`` or ``NAME=FOLDER``.

    Raises:
        InputError: two of one name, and as :func:`read_set`.
    """
    sets = []
    for argument in arguments:
        name, _, folder = argument.rpartition("=")
        path = Path(folder)
        sets.append(read_set(path, name or path.resolve().name))
    names = [s.name for s in sets]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        msg = f"data sets must have different names, but found {', '.join(sorted(twice))} twice; name one NAME=FOLDER"
        raise InputError(msg)
    return sets


def read_set(folder: Path, name: str) -> DataSet:
    """One data set, simulated or real by what it holds.

    Raises:
        InputError: no folder, no studies, studies without truth, or a truth that cannot be read.
    """
    if not folder.is_dir():
        msg = f"{folder}: a data set must be a folder, but there is none; check the path"
        raise InputError(msg)
    try:
        studies = tuple((real_studies if has_references(folder) else _simulated_studies)(folder, name))
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        msg = f"{folder}: the ground truth of its studies cannot be read ({error!r}); simulate the studies again"
        raise InputError(msg) from error
    if not studies:
        _refuse_empty(folder)
    return DataSet(name, folder, studies)


def _refuse_empty(folder: Path) -> None:
    images = [*folder.glob(f"*/{IMAGE}"), *(f for e in IMAGE_ENDINGS if e for f in folder.glob(f"*{e}"))]
    if images:
        msg = (
            f"{folder}: a data set must come with truth, but its {len(images)} images have neither {TRUTH} beside them "
            f"nor a {REFERENCES}; see docs/evaluation.md"
        )
        raise InputError(msg)
    msg = f"{folder}: a data set must contain studies, but found none; run simulate, or check the path"
    raise InputError(msg)


def _simulated_studies(folder: Path, name: str) -> Iterable[TrueStudy]:
    """What ``simulate`` made; a study without its truth was not finished and is left out."""
    return [_simulated_study(file.parent, name) for file in sorted(folder.glob(f"*/{TRUTH}"))]


def _simulated_study(folder: Path, data_set: str) -> TrueStudy:
    told = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    subject, kind, held_out = _heart_of(told["parameters"])
    cube = told["pose"]["cube"]
    return TrueStudy(
        data_set, folder.name, subject, kind, MODALITIES[told["modality"]], folder / IMAGE, folder / LABELS,
        Pose.from_matrix(told["pose"]["matrix_sa_to_lps"]), Cube(tuple(cube["centre_lps_mm"]), float(cube["half_mm"])),
        told["septum_deg"], None, held_out, digest([folder / IMAGE, folder / LABELS], told), known_heart(told),
        acquisition(told["parameters"]), tuple(sorted(folder.glob(GATES))), _function_of(told),
    )  # fmt: skip


def _function_of(told: dict[str, Any]) -> dict[str, float]:
    """What is known of the function; the drawn volumes of real counts are as they appear, and left out."""
    if "function" in told:
        known = {name: float(told["function"][name]) for name in ("ef_percent", "edv_ml", "esv_ml")}
        return known | {"wall_ml": float(told["volumes_ml"]["anatomical"]["myocardium"])}
    return {"ef_percent": float(told["function_drawn"]["ef_percent"])} if "function_drawn" in told else {}


def _heart_of(parameters: dict[str, Any]) -> tuple[str, Kind, bool]:
    """Whose heart it is, of which kind that makes the study, and whether it is held out."""
    heart = parameters["heart"]
    if heart["type"] == "CountedHeart":
        patient = str(heart["name"]).split("_")[0]
        return patient, "real-derived", patient not in COUNTS_SUBJECTS["train"]
    if heart["type"] == "MeasuredHeart":
        return str(heart["subject"]), "real-derived", not of_split([str(heart["subject"])], "train")
    return f"seed {parameters['seed']}", "simulated", True
