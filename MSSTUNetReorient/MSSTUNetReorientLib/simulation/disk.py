"""A study on disk: a folder with image, labels and truth, complete or not there at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..errors import InputError
from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Cube
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..io import write_volume
from ..io.atomic_file import TEMPORARY_SUFFIX
from ..io.atomic_folder import atomic_folder
from .camera import Camera
from .dicom import write_nuclear
from .dicom import write_pet
from .render import Study
from .segments import scores
from .truth import LABEL_SIZE
from .truth import LABEL_SPACING

IMAGE, LABELS, ANATOMICAL, TRUTH = "image.nrrd", "labels.nrrd", "labels_anatomical.nrrd", "truth.json"
GATE, GATES = "gate_{:02d}.nrrd", "gate_*.nrrd"
DICOM = "dicom"
BRIGHTEST_WALL = 900.0
"""Counts of healthy myocardium in the stored integers."""
CUBE_HALF_MM = 190.0
"""Half extent of the cube of the normalised translation; its centre is that of the study."""


def is_finished(folder: Path) -> bool:
    """Whether a study was written to the end."""
    return (folder / TRUTH).is_file()


def write_study(study: Study, folder: Path, *, dicom: bool = False, phase: str = "") -> None:
    """Write a study beside its folder and rename it into place; an existing one is replaced.

    Args:
        folder: gets ``image.nrrd``, ``labels.nrrd``, ``labels_anatomical.nrrd``, ``truth.json``, and ``gate_01.nrrd``
            and so on of a gated study.
        dicom: also a DICOM NM object or PET series, under ``dicom/``.
        phase: of a study with a partner, "stress" or "rest"; its DICOM header says so.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    temporary = folder.with_name(folder.name + TEMPORARY_SUFFIX)  # a killed run's is removed by the next one
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        with atomic_folder(folder, temporary) as fresh:
            _write(study, fresh, dicom, phase)
    except (OSError, InputError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        msg = f"{folder}: the study cannot be written ({reason}); free disk space or choose another folder"
        raise InputError(msg) from error


def _write(study: Study, folder: Path, dicom: bool, phase: str) -> None:
    scale = count_scale(study)
    counts = as_counts(study.image, scale)
    gates = None if study.gates is None else as_counts(study.gates, scale)
    write_volume(Volume(counts, study.grid), folder / IMAGE)
    for number, gate in enumerate(gates if gates is not None else [], start=1):
        write_volume(Volume(gate, study.grid), folder / GATE.format(number))
    grid = label_grid(study)
    write_volume(Volume(study.truth.labels, grid), folder / LABELS)
    if study.truth.anatomical is not None:
        write_volume(Volume(study.truth.anatomical, grid), folder / ANATOMICAL)
    if dicom:
        pet = study.parameters.kind == "pet"
        write = write_pet if pet else write_nuclear
        write(counts, gates, study.grid, folder / DICOM, study.parameters.seed, phase)
    (folder / TRUTH).write_text(json.dumps(truth_record(study), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def label_grid(study: Study) -> Grid:
    """The SA cube of the labels, LPS mm."""
    return Grid.centred(LABEL_SIZE, LABEL_SPACING, study.truth.pose)


def count_scale(study: Study) -> float:
    """Stored counts per unit of the image: a bright wall gets :data:`BRIGHTEST_WALL`, the top fits 16 bits."""
    labels = study.truth.labels
    k, j, i = ((n - (LABEL_SIZE - 1) / 2) * LABEL_SPACING for n in np.nonzero(labels == MYOCARDIUM))
    index = np.rint(study.grid.index_of(study.truth.pose.apply(np.stack([i, j, k], axis=-1)))).astype(int)
    inside = ((index >= 0) & (index < np.array(study.grid.size))).all(axis=1)
    x, y, z = index[inside].T
    bright = float(np.percentile(study.image[z, y, x], 90))
    return min(BRIGHTEST_WALL / max(bright, 1e-6), 32000.0 / max(float(study.image.max()), 1e-6))


def as_counts(image: NDArray[np.float32], scale: float) -> NDArray[np.uint16]:
    """Whole counts."""
    return np.asarray(np.rint(np.maximum(image, 0.0) * scale), np.uint16)


def truth_record(study: Study) -> dict[str, Any]:
    """Everything that is known of a study, as JSON."""
    p, truth = study.parameters, study.truth
    ml = LABEL_SPACING**3 / 1000
    apparent = {
        "myocardium": float((truth.labels == MYOCARDIUM).sum()) * ml,
        "blood_pool": float((truth.labels == BLOOD_POOL).sum()) * ml,
    }
    record: dict[str, Any] = {
        "what": f"simulated cardiac study ({p.kind}); no patient",
        "software": f"MSSTUNetReorient {__version__}",
        "seed": p.seed,
        "subject": p.subject,
        "modality": "PT" if p.kind == "pet" else "NM",
        "model": "projections and OSEM" if isinstance(p.scanner, Camera) else "image space",
        "pose": pose_record(study),
        "septum_deg": truth.septum_deg,
        "volumes_ml": {"apparent": apparent},
        "resolution_fwhm_mm": p.scanner.fwhm,
        "parameters": p.to_json(),
    }
    if truth.anatomy is not None:
        record["volumes_ml"]["anatomical"] = {
            "myocardium": truth.anatomy.wall_ml,
            "blood_pool": truth.anatomy.cavity_ml,
        }
        means = [None if m != m else m for m in truth.anatomy.segments]
        record["segments"] = {"mean": means, "score": list(scores(truth.anatomy.segments))}
        if truth.anatomy.gate_ml:
            record["function"] = function_record(truth.anatomy.gate_ml)
    if truth.drawn_gate_ml:
        record["function_drawn"] = function_record(truth.drawn_gate_ml)
    return record


def pose_record(study: Study) -> dict[str, Any]:
    """The pose in all forms: matrix, axes, Euler angles, normalised translation."""
    pose = study.truth.pose
    cube = Cube(tuple(study.grid.centre.tolist()), CUBE_HALF_MM)
    i, j, k = pose.rotation.T.tolist()
    return {
        "matrix_sa_to_lps": pose.matrix.tolist(),
        "centre_lps_mm": pose.centre.tolist(),
        "axes_lps": {"i": i, "j": j, "k": k},
        "euler_yxz_rad": list(pose.euler()),
        "translation_normalized": pose.translation(cube).tolist(),
        "cube": {"centre_lps_mm": list(cube.centre), "half_mm": cube.half},
    }


def function_record(gate_ml: tuple[float, ...]) -> dict[str, Any]:
    """Volumes of the gates and what follows from them."""
    largest, smallest = max(gate_ml), min(gate_ml)
    fraction = 100 * (largest - smallest) / largest
    return {"gate_ml": list(gate_ml), "edv_ml": largest, "esv_ml": smallest, "ef_percent": fraction}
