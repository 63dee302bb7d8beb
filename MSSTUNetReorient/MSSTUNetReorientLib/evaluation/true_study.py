"""A study with its ground truth, and a data set of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import Literal

import numpy as np

from ..errors import InputError
from ..geometry.pose import Cube
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..io import read_study
from ..io.sitk_files import read_image
from .known_heart import KnownHeart
from .references import Reference

Kind = Literal["simulated", "real-derived", "real", "real, for looking"]

MODALITIES = {"NM": "SPECT", "PT": "PET", "unknown": "not stated"}


@dataclass(frozen=True, eq=False)
class TrueStudy:
    """A study with its ground truth.

    Attributes:
        data_set, name: as tables show them; subject: whose heart it is.
        kind: "real-derived" is a real heart in a simulated chest; "real, for looking" one whose reference is not
            independent of the model; modality: "SPECT", "PET" or "not stated".
        image: file or DICOM folder; labels: file of the true labels, or of a real study's wall; None without.
        pose: SA frame to LPS; of a real study, the consensus of its references.
        cube: the reference of the normalised translation; None where the truth holds no full pose.
        septum_deg: see :mod:`..geometry.septum`; None where it is not known.
        reference: of a real study; None for an exact pose.
        held_out: whether no model of ours may have seen the subject, by :mod:`..simulation.splits`.
        sha256: of everything the measurement rests on.
        known: perfusion and mass of a simulated heart; None of any other.
        acquisition: ``camera``, ``attenuation_corrected`` and ``sex`` of a simulated study, as a DICOM header tells
            them; normal limits depend on them.
        gates: files of the gates of a gated study, in their order.
        function: what is known of it by name: ``ef_percent``, of a simulated heart also ``edv_ml``, ``esv_ml`` and
            ``wall_ml``; of real counts the ejection fraction of the drawn contours.
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
    septum_deg: float | None
    reference: Reference | None
    held_out: bool
    sha256: str
    known: KnownHeart | None = None
    acquisition: Mapping[str, Any] = field(default_factory=dict)
    gates: tuple[Path, ...] = ()
    function: Mapping[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether the whole pose is known; a reference is an axis and a centre."""
        return self.cube is not None

    @property
    def is_real(self) -> bool:
        """Whether the counts are those of a camera."""
        return self.reference is not None

    @property
    def uncertainty_deg(self) -> float | None:
        """Of a reference axis; None for an exact pose."""
        return None if self.reference is None else self.reference.uncertainty_deg

    def read(self) -> Volume:
        """The transaxial counts; what an NRRD file does not tell of its camera, the truth does.

        Raises:
            InputError: as :func:`..io.read_study`.
        """
        counts = read_study(self.image)
        told = {key: value for key, value in counts.info.items() if (key, value) != ("modality", "unknown")}
        code = next(code for code, name in MODALITIES.items() if name == self.modality)
        return Volume(counts.array, counts.grid, {"modality": code, **self.acquisition, **told})

    def read_labels(self) -> Volume | None:
        """The true labels on their own grid, 0/1/2, or 0/1 where only a wall was drawn."""
        return None if self.labels is None else _read_labels(self.labels)


@dataclass(frozen=True)
class DataSet:
    """The studies of a folder, with the name of the data set."""

    name: str
    folder: Path
    studies: tuple[TrueStudy, ...]


def digest(files: Iterable[Path], told: dict[str, Any]) -> str:
    """sha256 of files and of what is told of them.

    Raises:
        InputError: a file cannot be read.
    """
    found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    try:
        for file in files:
            found.update(hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        msg = f"{error.filename}: a study must have this file, but: {error.strerror}; simulate the study again"
        raise InputError(msg) from error
    return found.hexdigest()


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
