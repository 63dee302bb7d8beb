"""Description of a loaded study, and warnings about its geometry."""

from __future__ import annotations

import numpy as np

from ...geometry.volume import Grid
from ...geometry.volume import Volume
from ..i18n import tr as _

MAX_ANISOTROPY = 2.0
"""Slice distance over pixel size: reconstructed SPECT is isotropic, PET nearly so; more is a header read wrongly."""
DEFAULT_SPACING_MM = 1.0
"""What a loader fills in where the header's slice distance was not understood."""
MAX_FIELD_MM = 900.0
"""A longer field along an axis is wider than any cardiac scanner's."""
MAX_OBLIQUITY_DEG = 20.0
"""A transaxial study lies along the patient's axes."""

MODALITIES = {"NM": "SPECT", "PT": "PET"}


def describe_study(volume: Volume) -> str:
    """Modality, size and spacing in one line, and how many gates."""
    modality = MODALITIES.get(str(volume.info.get("modality")), _("modality not stated"))
    size = " × ".join(str(n) for n in volume.grid.size)
    edges = [f"{x:.3g}" for x in volume.grid.spacing]
    spacing = edges[0] if len(set(edges)) == 1 else " × ".join(edges)
    gates = volume.info.get("gates")
    told = " · " + _("sum of {0} gates").format(gates) if gates else ""
    return _("{0} · {1} voxels of {2} mm").format(modality, size, spacing) + told


def doubts(volume: Volume) -> list[str]:
    """Warnings about a geometry that is possible but unlikely; an impossible one is refused when a run starts."""
    grid = volume.grid
    return [sentence for broken, sentence in _rules(grid, str(volume.info.get("modality"))) if broken]


def _rules(grid: Grid, modality: str) -> list[tuple[bool, str]]:
    spacing, extent = grid.spacing, grid.extent
    across = spacing[:2].mean()
    lost = abs(spacing[2] - DEFAULT_SPACING_MM) < 1e-6 and across > MAX_ANISOTROPY * DEFAULT_SPACING_MM
    uneven = not lost and max(spacing[2] / across, across / spacing[2]) > MAX_ANISOTROPY
    tilt = float(np.rad2deg(np.arccos(np.clip(np.abs(grid.direction).max(axis=0).min(), -1, 1))))
    return [
        (lost, _("The slice distance is exactly 1 mm, as if the header had none: check it.")),
        (
            uneven,
            _("The slice distance is {0} mm, the pixel size {1} mm: check the slice distance.").format(
                f"{spacing[2]:.3g}", f"{across:.3g}"
            ),
        ),
        (
            float(extent.max()) > MAX_FIELD_MM,
            _("The field of view is {0} mm long: check the spacing.").format(f"{extent.max():.0f}"),
        ),
        (
            bool(np.linalg.det(grid.direction) < 0),
            _("The voxel axes are left-handed: check that left and right, head and feet are not swapped."),
        ),
        (
            tilt > MAX_OBLIQUITY_DEG,
            _("The study is rotated by {0}° from the patient axes: check that it is transaxial.").format(f"{tilt:.0f}"),
        ),
        (
            modality not in (*MODALITIES, "unknown", "None", ""),
            _("The modality is {0}, not SPECT or PET: check the study.").format(modality),
        ),
    ]
