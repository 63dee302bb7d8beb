"""Where real anatomy and real hearts come from, when they are at hand: folders of the development data's form."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import InputError
from ..volume import Volume
from .heart import Ventricles
from .heart import ventricles_from_labels
from .torso import ORGANS
from .torso import OrganMap

XCAT_TISSUES = {0: "air", 1: "body", 2: "air", 4: "air", 5: "liver", 6: "lung", 7: "bone"}
"""Labels of the XCAT thorax. Its cardiac notch is free soft tissue; :data:`XCAT_HEART_MM` is where a heart fits."""
XCAT_HEART_MM = (328.0, 100.0, 214.0)

ICRP_TISSUES = {
    **dict.fromkeys(range(1, 140), "body"),
    **dict.fromkeys([*range(13, 57)], "bone"),
    **dict.fromkeys([70, 71], "gall"),
    **dict.fromkeys([72, 73], "stomach"),
    **dict.fromkeys(range(74, 87), "bowel"),
    **dict.fromkeys([9, 10, 88], "blood"),
    **dict.fromkeys(range(89, 95), "kidney"),
    95: "liver",
    **dict.fromkeys(range(96, 100), "lung"),
    127: "spleen",
    140: "air",
}
"""Organ numbers of the ICRP 110 reference male, as the tissues the simulator knows."""
ICRP_HEART = (87, 88)


@dataclass(frozen=True, eq=False)
class HeartCounts:
    """One gated short-axis count volume with its contours."""

    subject: str
    counts: NDArray[np.float32]
    labels: NDArray[np.uint8]
    spacing: float


@dataclass(frozen=True, eq=False)
class Sources:
    """What studies are made from; empty lists leave the parametric anatomy."""

    chests: tuple[OrganMap, ...] = ()
    ventricles: tuple[Ventricles, ...] = ()
    counts: tuple[HeartCounts, ...] = field(default_factory=tuple)


def _isotropic(image: sitk.Image, spacing: float) -> NDArray[np.uint8]:
    size = [round(n * s / spacing) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    fine = sitk.Resample(image, size, sitk.Transform(), sitk.sitkNearestNeighbor, image.GetOrigin(), [spacing] * 3)
    return np.asarray(sitk.GetArrayFromImage(fine))


def _tissues(labels: NDArray[np.uint8], names: dict[int, str]) -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for value, name in names.items():
        table[value] = ORGANS.index(name)
    return table[labels]


def load_chests(folder: Path, spacing: float = 4.0) -> tuple[OrganMap, ...]:
    """The organ maps of a folder: ``xcat_thorax_2mm.nrrd`` and ``icrp110_male_organs.nrrd``."""
    maps = []
    xcat = folder / "xcat_thorax_2mm.nrrd"
    if xcat.exists():
        labels = _isotropic(sitk.ReadImage(str(xcat)), spacing)
        maps.append(OrganMap(_tissues(labels, XCAT_TISSUES), spacing, XCAT_HEART_MM))
    icrp = folder / "icrp110_male_organs.nrrd"
    if icrp.exists():
        labels = _isotropic(sitk.ReadImage(str(icrp)), spacing)
        heart = np.argwhere(np.isin(labels, ICRP_HEART)).mean(axis=0)[::-1] * spacing
        bottom = max(int(heart[2] / spacing) - 75, 0)
        labels = labels[bottom : bottom + 150]
        place = (float(heart[0]), float(heart[1]), float(heart[2]) - bottom * spacing)
        maps.append(OrganMap(_tissues(labels, ICRP_TISSUES), spacing, place))
    return tuple(maps)


def load_ventricles(folder: Path, subjects: set[str] | None = None) -> tuple[Ventricles, ...]:
    """Real hearts from label maps of LV and RV, one file a subject.

    Raises:
        InputError: the folder holds none.
    """
    files = [f for f in sorted(folder.glob("*.nrrd")) if subjects is None or f.stem in subjects]
    if not files:
        msg = f"{folder}: a folder of ventricle label maps must hold .nrrd files, but none was found"
        raise InputError(msg)
    return tuple(ventricles_from_labels(Volume.from_sitk(sitk.ReadImage(str(f)))) for f in files)


def load_counts(folder: Path, subjects: set[str]) -> tuple[HeartCounts, ...]:
    """Real gated short-axis counts with labels, and the sum of each subject's gates."""
    with (folder / "volumes.csv").open() as table:
        rows = [r for r in csv.DictReader(table) if r["patient"] in subjects]
    studies: dict[str, list[HeartCounts]] = {}
    for row in rows:
        stem = f"{row['patient']}_{row['state']}"
        studies.setdefault(stem, []).append(_gate(folder, f"{stem}_g{row['gate']}", float(row["max_counts"])))
    gates = [gate for study in studies.values() for gate in study]
    return tuple(gates) + tuple(_summed(study) for study in studies.values())


def _gate(folder: Path, stem: str, maximum: float) -> HeartCounts:
    image = sitk.ReadImage(str(folder / f"{stem}_image.nrrd"))
    counts = sitk.GetArrayFromImage(image).astype(np.float32)
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{stem}_label.nrrd")))
    return HeartCounts(stem.split("_")[0], counts * (maximum / counts.max()), labels, image.GetSpacing()[0])


def _summed(gates: list[HeartCounts]) -> HeartCounts:
    """The ungated study: counts added, each voxel the label it has for the longest."""
    shares = [np.mean([gate.labels == value for gate in gates], axis=0) for value in range(3)]
    labels = np.argmax([ndimage.gaussian_filter(s, 0.6) for s in shares], axis=0).astype(np.uint8)
    counts = np.sum([gate.counts for gate in gates], axis=0).astype(np.float32)
    return HeartCounts(gates[0].subject, counts, labels, gates[0].spacing)
