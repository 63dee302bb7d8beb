"""Which subject serves for what; a subject is in one list only, for ever.

The real transaxial studies of the development data are in none: they are for measuring.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Split = Literal["train", "validation", "test"]

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
    if split != "train":
        return set(_VENTRICLES_HELD_OUT[split])
    held_out = {name for names in _VENTRICLES_HELD_OUT.values() for name in names}
    return {f.stem for f in folder.glob("*.nrrd")} - held_out
