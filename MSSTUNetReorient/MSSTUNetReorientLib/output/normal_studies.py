"""Studies held to be normal, read from a folder as polar maps: studies as ``run`` reads them, results already made, and
simulated studies."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..geometry.volume import Volume
from ..io import read_pose
from ..io import read_study
from ..io.sitk_files import read_image
from ..perfusion.normal_limits import Group
from ..perfusion.polar_map import PolarMap
from ..perfusion.quantification import quantify
from ..prediction.qc import MAX_CUT_SHARE
from .destination import SUMMARY
from .limits_choice import group_of

TRUTH, IMAGE = "truth.json", "image.nrrd"
"""Files of a simulated study."""
HIDDEN = (".", "~")
"""What the names of hidden files and of those of editors begin with."""

UNREADABLE = "it cannot be read"
WITH_DEFECT = "simulated with a defect"
REAL_COUNTS = "a real heart in a simulated chest: it is not known to be normal"

Predictor = Callable[[Volume], Any]


@dataclass(frozen=True, eq=False)
class NormalStudy:
    """One study of the folder.

    Attributes:
        name: of its file or folder.
        group: what is known of it.
        map: its polar map; None where it is left out.
        reason: why it is left out; empty where it is not.
        model: name, version and sha256 of the model that found its LV; empty where none did.
        seed: of a simulated study.
        detail: more of the reason for the terminal alone, as it may hold a path.
    """

    name: str
    group: Group
    map: PolarMap | None
    reason: str
    model: dict[str, str]
    seed: int | None = None
    detail: str = ""


def study_paths(folder: Path) -> list[Path]:
    """Files and subfolders of a folder that may be studies, by name; loose files beside subfolders of studies are none.

    Raises:
        InputError: no folder, or an empty one.
    """
    if not folder.is_dir():
        msg = f"{folder}: normal studies must be given as a folder with one file or subfolder for each; check the path"
        raise InputError(msg)
    found = sorted(path for path in folder.iterdir() if not path.name.startswith(HIDDEN))
    folders = [path for path in found if path.is_dir()]
    if not found:
        msg = f"{folder}: the folder has no studies; give one with a file or subfolder for each study"
        raise InputError(msg)
    return folders or found


def read_normals_of(folder: Path, predict: Predictor) -> Iterator[NormalStudy]:
    """The studies of a folder, one by one; what cannot be read is left out with its reason."""
    for path in study_paths(folder):
        try:
            yield _read(path, predict)
        except InputError as error:
            yield NormalStudy(path.name, Group("spect"), None, UNREADABLE, {}, detail=str(error))


def _read(path: Path, predict: Predictor) -> NormalStudy:
    if (path / SUMMARY).is_file():
        return _of_result(path)
    if (path / TRUTH).is_file():
        return _simulated(path, predict)
    volume = read_study(path)
    return _predicted(path.name, volume, group_of(volume.info), predict)


def sex_of(chest: dict[str, Any]) -> str:
    """ "F" or "M" of a simulated chest: women are those with breasts.

    Raises:
        KeyError, TypeError, IndexError: it is none.
    """
    bodies = chest["outside"] if "outside" in chest else chest["bodies"]
    return "F" if any(body[0] == "breast" for body in bodies) else "M"


def camera_of(kind: str) -> str:
    """The camera that limits distinguish, of a simulated scanner: conventional SPECT has parallel holes too.

    >>> camera_of("conventional"), camera_of("czt")
    ('spect', 'czt')
    """
    return "spect" if kind == "conventional" else kind


def is_corrected(kind: str, scanner: dict[str, Any]) -> bool:
    """Whether attenuation is corrected, of a simulated kind and its scanner: always in PET."""
    return kind == "pet" or bool(scanner.get("corrected", False))


def _simulated(path: Path, predict: Predictor) -> NormalStudy:
    """Camera, correction, sex and health are those of its parameters."""
    truth = _json(path / TRUTH)
    try:
        drawn = truth["parameters"]
        kind, seed = drawn["kind"], int(truth["seed"])
        group = Group(camera_of(kind), is_corrected(kind, drawn["scanner"]), sex_of(drawn["chest"]))
        defects = drawn["perfusion"]["defects"]
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        msg = f"{path / TRUTH}: the truth of a simulated study must have its parameters, but has not; simulate it again"
        raise InputError(msg) from error
    if kind == "composite":
        return NormalStudy(path.name, Group("spect"), None, REAL_COUNTS, {}, seed)
    if defects:
        return NormalStudy(path.name, group, None, WITH_DEFECT, {}, seed)
    return _predicted(path.name, read_study(path / IMAGE), group, predict, seed)


def _predicted(name: str, volume: Volume, group: Group, predict: Predictor, seed: int | None = None) -> NormalStudy:
    result = predict(volume)
    model = {"name": result.model.name, "version": result.model.version, "sha256": result.model.sha256}
    found = _mapped(result.short_axis, result.labels, result.pose, result.quality.status, result.quality.cut_off)
    return NormalStudy(name, group, found[0], found[1], model, seed)


def _of_result(path: Path) -> NormalStudy:
    """A result that ``run`` wrote."""
    summary = _json(path / SUMMARY)
    try:
        status, measures = str(summary["qc"]["status"]), summary["qc"]["measures"]
        group, model = group_of(summary["input"]), {k: str(summary["model"][k]) for k in ("name", "version", "sha256")}
        cut = float(measures.get("cut_share", 0.0)) > MAX_CUT_SHARE
        _ = group.words
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        msg = f"{path / SUMMARY}: a result must have verdict, input and model, but has not; run the study again"
        raise InputError(msg) from error
    short_axis, labels = _volume(path / "short_axis.nrrd"), _volume(path / "labels.nrrd")
    found = _mapped(short_axis, labels, read_pose(path / "pose.tfm"), status, cut)
    return NormalStudy(path.name, group, found[0], found[1], model)


def _mapped(short_axis: Volume, labels: Volume, pose: Any, status: str, cut: bool) -> tuple[PolarMap | None, str]:
    """The map, or why the study is left out: only studies that pass are used."""
    if status != "pass":
        return None, f"its verdict is {status}"
    found = quantify(short_axis, labels, pose, verdict=status, cut_off=cut)
    return found.map, found.reason


def _volume(path: Path) -> Volume:
    try:
        return Volume.from_sitk(read_image(path))
    except (RuntimeError, ValueError) as error:
        msg = f"{path}: the volume of a result cannot be read; run the study again"
        raise InputError(msg) from error


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: the file cannot be read as JSON; make it again"
        raise InputError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path}: the file must be a JSON object, but is not; make it again"
        raise InputError(msg)
    return content
