"""The split of each subject; a subject is always in one list only.

The real transaxial studies of the development data are in none: they are for measuring.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

COUNTS_SUBJECTS: dict[Split, tuple[str, ...]] = {
    "train": (
        "000151", "000164", "000196", "000214", "000233", "000293", "000353", "001343", "003383", "005421", "007440",
    ),
    "validation": ("000318", "004959"),
    "test": ("000664", "003517"),
}  # fmt: skip
"""Patients with gated short-axis counts and contours."""

_VENTRICLES_HELD_OUT: dict[Split, tuple[str, ...]] = {
    "validation": ("p007", "p018", "p031", "p046", "p064"),
    "test": ("p003", "p012", "p025", "p036", "p048", "p056", "p069", "p075"),
}


def ventricle_subjects(folder: Path, split: Split) -> set[str]:
    """Patients of a folder of ventricle label maps; whoever is not held out is for training."""
    return of_split((f.stem for f in folder.glob("*.nrrd")), split)


def of_split(names: Iterable[str], split: Split) -> set[str]:
    """Those of the measured hearts that serve for a split."""
    held_out = {name for group in _VENTRICLES_HELD_OUT.values() for name in group}
    found = set(names)
    return found - held_out if split == "train" else found & set(_VENTRICLES_HELD_OUT[split])
