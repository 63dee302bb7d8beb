"""Sources of real anatomy and real hearts, if available: folders in the format of the development data."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.volume import Volume
from ..io.sitk_files import read_image
from .bodywall import arms_beside
from .heart import Ventricles
from .splits import Split
from .splits import of_split
from .torso import ORGANS
from .torso import OrganMap
from .ventricles import ventricles_from_labels

T = TypeVar("T")

XCAT, ICRP = "xcat_thorax_2mm", "icrp110_male_organs"
"""Organ maps whose labels are known here; others bring a description."""
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
    """One gated short-axis count volume with its contours.

    Attributes:
        counts, labels: ``(K, J, I)`` in the frame that the volume came with, which is the technologist's.
    """

    subject: str
    counts: NDArray[np.float32]
    labels: NDArray[np.uint8]
    spacing: float


@dataclass(frozen=True, eq=False)
class Sources:
    """What studies are made from, by name; empty ones leave the parametric anatomy."""

    chests: Mapping[str, OrganMap] = field(default_factory=dict)
    ventricles: Mapping[str, Ventricles] = field(default_factory=dict)
    counts: Mapping[str, HeartCounts] = field(default_factory=dict)


def gate_names(name: str, names: Iterable[str]) -> list[str]:
    """Of a summed real heart ``subject_state_sum`` its gates, in order; none for another name.

    >>> gate_names("a_rest_sum", ["a_rest_g02", "a_rest_g01", "a_rest_sum", "a_stress_g01"])
    ['a_rest_g01', 'a_rest_g02']
    """
    stem, _, gate = name.rpartition("_")
    return sorted(other for other in names if gate == "sum" and other.rpartition("_g")[0] == stem)


class Lazy(Mapping[str, T]):
    """Things that are read from their files when they are first asked for."""

    def __init__(self, files: Mapping[str, Path], read: Callable[[Path], T]) -> None:
        self._files, self._read, self._found = dict(files), read, dict[str, T]()

    def __getitem__(self, name: str) -> T:
        if name not in self._found:
            self._found[name] = self._read(self._files[name])
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _isotropic(image: sitk.Image, spacing: float) -> NDArray[np.uint8]:
    size = [round(n * s / spacing) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    fine = sitk.Resample(image, size, sitk.Transform(), sitk.sitkNearestNeighbor, image.GetOrigin(), [spacing] * 3)
    return np.asarray(sitk.GetArrayFromImage(fine))


def _organ_map(
    labels: NDArray[np.uint8], names: dict[int, str], spacing: float, heart: tuple[float, float, float]
) -> OrganMap:
    table = np.zeros(256, np.uint8)
    for value, name in names.items():
        table[value] = ORGANS.index(name)
    tissues = table[labels]
    return OrganMap(tissues, spacing, heart, arms_beside(tissues, spacing))


def load_chests(folder: Path, spacing: float = 4.0) -> Mapping[str, OrganMap]:
    """The organ maps of a folder: the XCAT thorax, the ICRP 110 male, and any ``NAME.nrrd`` with a ``NAME.json``."""
    files = {
        f.stem: f for f in sorted(folder.glob("*.nrrd")) if f.stem in (XCAT, ICRP) or f.with_suffix(".json").exists()
    }
    return Lazy(files, lambda f: _read_chest(f, spacing))


def _read_chest(file: Path, spacing: float) -> OrganMap:
    labels = _isotropic(_read(file), spacing)
    if file.stem == XCAT:
        return _organ_map(labels, XCAT_TISSUES, spacing, XCAT_HEART_MM)
    if file.stem == ICRP:
        heart = np.argwhere(np.isin(labels, ICRP_HEART)).mean(axis=0)[::-1] * spacing
        bottom = max(int(heart[2] / spacing) - 75, 0)
        labels = labels[bottom : bottom + 150]
        place = (float(heart[0]), float(heart[1]), float(heart[2]) - bottom * spacing)
        return _organ_map(labels, ICRP_TISSUES, spacing, place)
    return _described_chest(file, labels, spacing)


def _described_chest(file: Path, labels: NDArray[np.uint8], spacing: float) -> OrganMap:
    """``NAME.json``: {"tissues": {"5": "liver", ...}, "heart_mm": [x, y, z] from the first voxel}."""
    try:
        told = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        names = {int(value): str(name) for value, name in told["tissues"].items()}
        x, y, z = (float(v) for v in told["heart_mm"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{file.with_suffix('.json')}: must name the tissues and heart_mm, but {error!r}; see docs/simulation.md"
        raise InputError(msg) from error
    unknown = set(names.values()) - set(ORGANS)
    if unknown:
        msg = f"{file.with_suffix('.json')}: tissues must be of {', '.join(ORGANS)}, but found {', '.join(unknown)}"
        raise InputError(msg)
    return _organ_map(labels, names, spacing, (x, y, z))


def load_ventricles(folder: Path, subjects: set[str] | None = None) -> Mapping[str, Ventricles]:
    """Real hearts from label maps (1 = LV within the epicardium, 2 = RV cavity), one file a subject.

    Raises:
        InputError: the folder holds none.
    """
    files = {f.stem: f for f in sorted(folder.glob("*.nrrd")) if subjects is None or f.stem in subjects}
    if not files:
        msg = (
            f"{folder}: a folder of ventricle label maps must contain .nrrd files, but none was found; check the folder"
        )
        raise InputError(msg)
    return Lazy(files, _read_ventricles)


def _read_ventricles(file: Path) -> Ventricles:
    try:
        return ventricles_from_labels(Volume.from_sitk(_read(file)))
    except ValueError as error:
        msg = f"{file}: {error}; give another map"
        raise InputError(msg) from error


def _read(file: Path) -> sitk.Image:
    try:
        return read_image(file)
    except RuntimeError as error:
        msg = f"{file}: the volume cannot be read; check the file"
        raise InputError(msg) from error


def load_anatomy(folders: Sequence[Path], split: Split | None = None) -> Sources:
    """Chests and ventricles of folders, distinguished by their names and label values.

    Args:
        split: only the hearts that serve for it; chests serve for all.

    Raises:
        InputError: a folder that is not there or holds no label map; a map of no chest that has no LV.
    """
    chests, ventricles = dict[str, OrganMap](), dict[str, Path]()
    for folder in folders:
        files = sorted(folder.glob("*.nrrd")) if folder.is_dir() else []
        if not files:
            msg = f"{folder}: an anatomy folder must contain label maps (.nrrd), but none was found; check the folder"
            raise InputError(msg)
        found = load_chests(folder)
        chests |= {name: found[name] for name in found}
        hearts = {f.stem: f for f in files if f.stem not in found}
        chosen = set(hearts) if split is None else of_split(hearts, split)
        ventricles |= {name: file for name, file in hearts.items() if name in chosen}
    for file in ventricles.values():
        if not (sitk.GetArrayFromImage(_read(file)) == 1).any():  # a view would outlive its image
            msg = f"{file}: a label map of a heart must have an LV (label 1), but has none; relabel or remove it"
            raise InputError(msg)
    return Sources(chests, Lazy(ventricles, _read_ventricles))


def load_counts(folder: Path, subjects: set[str] | None = None) -> Mapping[str, HeartCounts]:
    """Real gated short-axis counts with labels by ``subject_state_gate``; gate "sum" is the sum of the gates.

    Raises:
        InputError: the folder has no ``volumes.csv`` that lists any.
    """
    table = folder / "volumes.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines())) if table.is_file() else []
    if rows and not {"patient", "state", "gate", "max_counts"} <= set(rows[0]):
        msg = f"{table}: its columns must be patient, state, gate and max_counts, but found {', '.join(rows[0])}"
        raise InputError(msg)
    rows = [r for r in rows if subjects is None or r["patient"] in subjects]
    if not rows:
        msg = f"{folder}: a folder of real hearts must have a volumes.csv that lists them, but found none"
        raise InputError(msg)
    studies: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        studies.setdefault(f"{row['patient']}_{row['state']}", []).append(row)
    readers: dict[str, Callable[[], HeartCounts]] = {}
    for stem, gates in studies.items():
        each = [partial(_gate, folder, f"{stem}_g{r['gate']}", float(r["max_counts"])) for r in gates]
        readers |= {f"{stem}_g{r['gate']}": read for r, read in zip(gates, each, strict=True)}
        readers[f"{stem}_sum"] = partial(_sum_of, each)
    return Lazy({name: Path(name) for name in readers}, lambda name: readers[str(name)]())


def _sum_of(gates: Sequence[Callable[[], HeartCounts]]) -> HeartCounts:
    return summed([read() for read in gates])


def _gate(folder: Path, stem: str, maximum: float) -> HeartCounts:
    image = _read(folder / f"{stem}_image.nrrd")
    counts = sitk.GetArrayFromImage(image).astype(np.float32)
    labels = sitk.GetArrayFromImage(_read(folder / f"{stem}_label.nrrd"))
    if not (labels == MYOCARDIUM).any() or counts.max() <= 0:
        msg = f"{folder / stem}: a real heart must have counts and an LV wall (label 1); correct or remove it"
        raise InputError(msg)
    return HeartCounts(stem.split("_")[0], counts * (maximum / counts.max()), labels, image.GetSpacing()[0])


def summed(gates: list[HeartCounts]) -> HeartCounts:
    """The ungated study: counts added; LV is what is so for half of the cycle, pool what is so for half of that.

    A vote among all three labels would lose the base of the septum, which is wall in some gates, pool in others.
    """
    ventricle = np.mean([gate.labels > 0 for gate in gates], axis=0)
    pool = np.mean([gate.labels == BLOOD_POOL for gate in gates], axis=0)
    wall_or_pool = np.where(2 * pool > ventricle, BLOOD_POOL, MYOCARDIUM)
    labels = np.where(ventricle >= 0.5, wall_or_pool, 0).astype(np.uint8)
    counts = np.sum([gate.counts for gate in gates], axis=0).astype(np.float32)
    return HeartCounts(gates[0].subject, counts, labels, gates[0].spacing)
