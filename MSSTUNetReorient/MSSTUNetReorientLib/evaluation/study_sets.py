"""Data sets with truth on disk: folders that ``simulate`` made, and folders of real studies with reference poses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Literal

import numpy as np

from ..errors import InputError
from ..geometry.pose import Cube
from ..geometry.pose import Pose
from ..geometry.pose import rotation_from_long_axis
from ..geometry.volume import Volume
from ..io import read_study
from ..io.sitk_files import read_image
from ..simulation.disk import IMAGE
from ..simulation.disk import LABELS
from ..simulation.disk import TRUTH
from ..simulation.splits import COUNTS_SUBJECTS
from ..simulation.splits import of_split

Kind = Literal["simulated", "real-derived", "real"]

REFERENCES = "reference_poses.json"
WALL_MASK = "{}_lv_wall.nrrd"
"""A hand-drawn wall of a real study; 1 is LV myocardium, and the blood pool is not labelled."""
IMAGE_ENDINGS = (".dcm", ".nrrd", ".nii.gz", ".nii", ".mha", ".mhd", "")
"""Of a real study's image, after its name; without one it is a DICOM folder."""
MODALITIES = {"NM": "SPECT", "PT": "PET", "unknown": "not stated"}


@dataclass(frozen=True, eq=False)
class TrueStudy:
    """A study with its ground truth.

    Attributes:
        data_set, name: as tables show them; subject: whose heart it is.
        kind: "real-derived" is a real heart in a simulated chest; modality: "SPECT", "PET" or "not stated".
        image: file or DICOM folder; labels: file of the true labels, or of a real study's wall; None without.
        pose: SA frame to LPS.
        cube: the reference of the normalised translation; None where the truth holds no full pose.
        uncertainty_deg: of a reference axis; None for an exact pose.
        septum_deg: see :mod:`..geometry.septum`; None where it is not known.
        held_out: whether no model of ours may have seen the subject, by :mod:`..simulation.splits`.
        sha256: of everything the measurement rests on.
    """

    data_set: str
    name: str
    subject: str
    kind: Kind
    modality: str
    image: Path
    labels: Path | None
    pose: Pose
    cube: Cube | None
    uncertainty_deg: float | None
    septum_deg: float | None
    held_out: bool
    sha256: str

    @property
    def exact(self) -> bool:
        """Whether the whole pose is known; a reference axis leaves the roll to a habit."""
        return self.cube is not None

    def read(self) -> Volume:
        """The transaxial counts.

        Raises:
            InputError: as :func:`..io.read_study`.
        """
        return read_study(self.image)

    def read_labels(self) -> Volume | None:
        """The true labels on their own grid, 0/1/2, or 0/1 where only a wall was drawn."""
        return None if self.labels is None else _read_labels(self.labels)


@dataclass(frozen=True)
class DataSet:
    """The studies of a folder, with the name of the data set."""

    name: str
    folder: Path
    studies: tuple[TrueStudy, ...]


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
        real = (folder / REFERENCES).is_file()
        studies = tuple((_real_studies if real else _simulated_studies)(folder, name))
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
        None, told["septum_deg"], held_out, _digest([folder / IMAGE, folder / LABELS], told),
    )  # fmt: skip


def _heart_of(parameters: dict[str, Any]) -> tuple[str, Kind, bool]:
    """Whose heart it is, of which kind that makes the study, and whether it is held out."""
    heart = parameters["heart"]
    if heart["type"] == "CountedHeart":
        patient = str(heart["name"]).split("_")[0]
        return patient, "real-derived", patient not in COUNTS_SUBJECTS["train"]
    if heart["type"] == "MeasuredHeart":
        return str(heart["subject"]), "real-derived", not of_split([str(heart["subject"])], "train")
    return f"seed {parameters['seed']}", "simulated", True


def _real_studies(folder: Path, name: str) -> Iterable[TrueStudy]:
    """The studies that the reference file names, in its order."""
    told = json.loads((folder / REFERENCES).read_text(encoding="utf-8"))
    return [_real_study(folder, study, reference, name) for study, reference in told.items()]


def _real_study(folder: Path, name: str, told: dict[str, Any], data_set: str) -> TrueStudy:
    candidates = [folder / f"{name}{ending}" for ending in IMAGE_ENDINGS]
    image = next((path for path in candidates if path.exists()), None)
    if image is None:
        msg = f"{folder / REFERENCES}: each study must have an image beside it, but {name} has none; add or remove it"
        raise InputError(msg)
    drawn = folder / WALL_MASK.format(name)
    mask = drawn if drawn.is_file() else None
    files = [image] if image.is_file() else sorted(p for p in image.rglob("*") if p.is_file())
    modality = MODALITIES[str(read_study(image).info.get("modality", "unknown"))]
    uncertainty = float(told["uncertainty_deg"]) if "uncertainty_deg" in told else None
    pose = Pose(rotation_from_long_axis(told["k_lps"]), np.array(told["centre_lps_mm"]))
    return TrueStudy(
        data_set, name, str(told.get("subject", name)), "real", str(told.get("modality", modality)), image, mask, pose,
        None, uncertainty, None, True, _digest([*files, *([mask] if mask else [])], told),
    )  # fmt: skip


def _digest(files: Iterable[Path], told: dict[str, Any]) -> str:
    """sha256 of the files and of their metadata."""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    try:
        for file in files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        msg = f"{error.filename}: a study must have this file, but: {error.strerror}; simulate the study again"
        raise InputError(msg) from error
    return digest.hexdigest()


def _read_labels(file: Path) -> Volume:
    try:
        labels = Volume.from_sitk(read_image(file))
    except RuntimeError as error:
        msg = f"{file}: the true labels cannot be read; check the file"
        raise InputError(msg) from error
    found = set(np.unique(labels.array).tolist())
    if not found <= {0, 1, 2}:
        msg = f"{file}: labels must be 0, 1 or 2, but found {', '.join(f'{v:g}' for v in sorted(found))}; relabel it"
        raise InputError(msg)
    return labels
