"""Real studies on disk: a folder of them with reference poses, or one study with its own, for looking only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..geometry.pose import Pose
from ..io import read_study
from .references import reference
from .true_study import MODALITIES
from .true_study import Kind
from .true_study import TrueStudy
from .true_study import digest

REFERENCES = "reference_poses.json"
REFERENCE = "reference_pose.json"
"""Of a folder with one study; that reference was found from the model's own result and is not independent of it."""
WALL_MASK = "{}_lv_wall.nrrd"
"""A hand-drawn wall of a real study; 1 is LV myocardium, and the blood pool is not labelled."""
IMAGE_ENDINGS = (".dcm", ".nrrd", ".nii.gz", ".nii", ".mha", ".mhd", "")
"""Of a real study's image, after its name; without one it is a DICOM folder."""


def has_references(folder: Path) -> bool:
    """Whether a folder holds real studies."""
    return (folder / REFERENCES).is_file() or (folder / REFERENCE).is_file()


def real_studies(folder: Path, data_set: str) -> Iterable[TrueStudy]:
    """The studies that the reference file names, in its order; the only one where it names none.

    Raises:
        InputError: a study has no image, or it cannot be read.
    """
    if not (folder / REFERENCES).is_file():
        return [_single_study(folder, data_set)]
    told = json.loads((folder / REFERENCES).read_text(encoding="utf-8"))
    return [_real_study(folder, _image_of(folder, name), name, given, data_set) for name, given in told.items()]


def _image_of(folder: Path, name: str) -> Path:
    candidates = [folder / f"{name}{ending}" for ending in IMAGE_ENDINGS]
    image = next((path for path in candidates if path.exists()), None)
    if image is None:
        msg = f"{folder / REFERENCES}: each study must have an image beside it, but {name} has none; add or remove it"
        raise InputError(msg)
    return image


def _single_study(folder: Path, data_set: str) -> TrueStudy:
    """The one image beside :data:`REFERENCE`."""
    told = json.loads((folder / REFERENCE).read_text(encoding="utf-8"))
    images = [(f, f.name.removesuffix(e)) for e in IMAGE_ENDINGS if e for f in sorted(folder.glob(f"*{e}"))]
    images = [(file, name) for file, name in images if not file.match(WALL_MASK.format("*"))]
    if len(images) != 1:
        msg = f"{folder / REFERENCE}: there must be one image beside it, but found {len(images)}; add or remove them"
        raise InputError(msg)
    ((image, name),) = images
    given = {**told, "centre_lps_mm": told["centre_lps"]}
    return _real_study(folder, image, name, given, data_set, "real, for looking")


def _real_study(
    folder: Path, image: Path, name: str, told: dict[str, Any], data_set: str, kind: Kind = "real"
) -> TrueStudy:
    drawn = folder / WALL_MASK.format(name)
    mask = drawn if drawn.is_file() else None
    files = [image] if image.is_file() else sorted(p for p in image.rglob("*") if p.is_file())
    counts = read_study(image)
    modality = MODALITIES[str(counts.info.get("modality", "unknown"))]
    stated = float(told["uncertainty_deg"]) if "uncertainty_deg" in told else None
    centre = np.array(told["centre_lps_mm"], dtype=float)
    found = reference(counts, told["k_lps"], centre, stated)
    rests_on = {**told, "consensus": found.axis.round(3).tolist()}
    return TrueStudy(
        data_set, name, str(told.get("subject", name)), kind, str(told.get("modality", modality)), image, mask,
        Pose.from_long_axis(found.axis, centre), None, None, found, True,
        digest([*files, *([mask] if mask else [])], rests_on),
    )  # fmt: skip
