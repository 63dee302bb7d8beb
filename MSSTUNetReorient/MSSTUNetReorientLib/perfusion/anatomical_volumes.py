"""Volumes of the LV as it is, not as it appears: from its mid-wall surface and a model of the wall's thickness.

The wall is a shell of one thickness round the mid-wall surface, up to the valve plane. Its thickness is a line over
that of the labels: in PET, which resolves the wall, nearly the same; in SPECT, whose blur hides much of it, nearer to
the mean of all hearts. docs/volumes.md has the definitions, the measured accuracy and the limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.volume import Volume
from .mid_wall import FINE_MM
from .mid_wall import MidWall
from .mid_wall import mid_wall

Array = NDArray[np.float64]

DENSITY_G_PER_ML = 1.05
"""Of myocardium."""
WALL_MM = {"PT": (-3.0, 1.2), "NM": (5.2, 0.4)}
"""Thickness of the wall as a line over its thickness as it appears, by modality: the value at 0 mm, and the slope.
Calibrated, see docs/volumes.md."""
MOST_SHARE = 0.9
"""In SPECT, no wall is thicker than this share of what appears."""
THINNEST_MM = 3.0
SMALL_CAVITY_ML = 20.0
"""Readers expect a warning below this volume."""


@dataclass(frozen=True)
class AnatomicalVolumes:
    """The LV as it is, in the state of the heart that the study shows.

    Attributes:
        cavity_ml: below the valve plane, inside the endocardium.
        myocardium_ml: between endo- and epicardium, below the valve plane.
        length_mm: along the SA axis ``k``, from the apex of the mid-wall surface to the valve plane.
        eccentricity: of the ellipsoid of revolution that fits the mid-wall surface; 0 is a sphere.
        shape_index: largest diameter of the mid-wall surface in the SA slices over ``length_mm``; 1 is as wide as long.
        wall_mm: the thickness of the model.
    """

    cavity_ml: float
    myocardium_ml: float
    length_mm: float
    eccentricity: float
    shape_index: float
    wall_mm: float

    @property
    def mass_g(self) -> float:
        """Mass of the myocardium."""
        return DENSITY_G_PER_ML * self.myocardium_ml

    @property
    def is_small(self) -> bool:
        """Whether the cavity is so small that its volume is unreliable."""
        return self.cavity_ml < SMALL_CAVITY_ML


def anatomical_volumes(labels: Volume, modality: str) -> AnatomicalVolumes | None:
    """Volumes of the LV as it is, from the labels of an SA image as they appear.

    Args:
        labels: 0/1/2, axes i septum to lateral, j anterior to inferior, k apex to base; any voxel size.
        modality: "PT", or anything else for SPECT.

    Returns:
        None where the blood pool or the wall is missing.
    """
    surface = mid_wall(labels)
    return None if surface is None else volumes_round(surface, wall_thickness_mm(surface.apparent_mm, modality))


def wall_thickness_mm(apparent_mm: float, modality: str) -> float:
    """Thickness of the wall, from its thickness as it appears.

    >>> [round(wall_thickness_mm(mm, modality), 2) for mm, modality in ((10.0, "PT"), (18.0, "NM"), (8.0, "NM"))]
    [9.0, 12.4, 7.2]
    """
    at_zero, slope = WALL_MM.get(modality, WALL_MM["NM"])
    line = max(at_zero + slope * apparent_mm, THINNEST_MM)
    return line if modality == "PT" else min(line, MOST_SHARE * apparent_mm)


def volumes_round(surface: MidWall, wall_mm: float) -> AnatomicalVolumes:
    """Volumes of a wall of one thickness round a mid-wall surface."""
    cavity, lv = surface.volume_ml(-wall_mm / 2), surface.volume_ml(wall_mm / 2)
    sections = surface.sections_mm2()
    length = surface.apex_to_plane_mm
    shape_index = 2 * float(np.sqrt(sections.max() / np.pi)) / length
    return AnatomicalVolumes(cavity, lv - cavity, length, eccentricity(sections, FINE_MM), shape_index, wall_mm)


def eccentricity(sections_mm2: Array, spacing: float) -> float:
    """Of the ellipsoid of revolution with these areas in equidistant slices across its axis, by least squares.

    The squared radius of an ellipsoid falls with the square of the height, the faster the rounder it is: half a
    ball of 30 mm, and half an ellipsoid of 30 x 30 x 50 mm, whose eccentricity is 0.8.

    >>> z = np.arange(0.0, 30.0)
    >>> round(eccentricity(np.pi * (900 - z**2), 1.0), 3), round(eccentricity(np.pi * (900 - 0.36 * z**2), 1.0), 3)
    (0.0, 0.8)
    """
    if len(sections_mm2) < 3:
        return 0.0
    z = np.arange(len(sections_mm2)) * spacing
    flattening = -float(np.polyfit(z, sections_mm2 / np.pi, 2)[0])
    return float(np.sqrt(np.clip(1 - flattening, 0.0, 1.0)))
