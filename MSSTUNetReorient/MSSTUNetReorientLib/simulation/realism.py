"""Measures that are comparable between real and simulated studies with known pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample

Array = NDArray[np.float64]

SPACING, SIZE = 2.0, 81
"""Of the cube round the LV on which everything is measured, mm and voxels."""
HIGHPASS_MM = 30.0
"""Structure coarser than this is anatomy, finer is noise."""


@dataclass(frozen=True)
class Measures:
    """Figures of one study; ratios are those of the ridge of the wall to a tissue.

    Attributes:
        background: ratio to the median of the shell 50-75 mm from the LV centre.
        lung: ratio to the darkest fifth of the shell's upper left part.
        liver: ratio to the brightest quarter below and to the right of the heart.
        cavity: ratio to the middle of the cavity.
        wall_mm: full width at half maximum of the wall, median over directions.
        noise_fwhm_mm: full width at half maximum of the noise's autocorrelation; noise: its deviation over the ridge.
        quartiles: 25th, 50th, 75th centile of the counts within 45 mm of the LV centre, over the 99th.
    """

    background: float
    lung: float
    liver: float
    cavity: float
    wall_mm: float
    noise_fwhm_mm: float
    noise: float
    quartiles: tuple[float, float, float]


def measure_realism(study: Volume, pose: Pose) -> Measures:
    """Measure a study in its true short-axis frame."""
    near = resample(study, Grid.centred(SIZE, SPACING, pose), order=1).array.astype(float)
    ridge, wall = wall_profile(near)
    chest = resample(study, Grid.centred(SIZE, 2 * SPACING, Pose(np.eye(3), pose.centre)), order=1, outside=np.nan)
    values = chest.array.astype(float)
    z, y, x = np.meshgrid(*(((np.arange(SIZE) - SIZE // 2) * 2 * SPACING),) * 3, indexing="ij")
    far = np.sqrt(x**2 + y**2 + z**2)
    shell = (far > 50) & (far < 75) & np.isfinite(values)
    lung = np.sort(values[shell & (x > 0) & (z > 0)])
    liver = np.sort(values[np.isfinite(values) & (x > -110) & (x < -20) & (z < -30) & (z > -90) & (y < 60) & (y > -70)])
    noise_fwhm_mm, noise = texture(values, shell)
    inner = near[np.linalg.norm(np.indices(near.shape) - SIZE // 2, axis=0) * SPACING < 45]
    return Measures(
        background=_ratio(ridge, np.median(values[shell])),
        lung=_ratio(ridge, lung[: max(len(lung) // 5, 1)].mean()),
        liver=_ratio(ridge, liver[-max(len(liver) // 4, 1) :].mean()) if len(liver) else np.nan,
        cavity=_ratio(ridge, np.median(near[36:46, 38:43, 38:43])),
        wall_mm=wall,
        noise_fwhm_mm=noise_fwhm_mm,
        noise=noise / ridge,
        quartiles=tuple((np.percentile(inner, [25, 50, 75]) / np.percentile(inner, 99)).tolist()),
    )


def _ratio(bright: float, dark: float) -> float:
    return float(bright / max(float(dark), 0.005 * bright))


def wall_profile(near: Array) -> tuple[float, float]:
    """(counts of the ridge, FWHM in mm) of the wall, medians over directions and slices, on an SA cube.

    The width is twice that of the outer side: the inner one may never fall to half where the cavity is small.
    """
    middle = SIZE // 2
    radii = np.arange(0, 70, 1.0)
    ridges, widths = [], []
    for slab in range(middle - 7, middle + 8, 2):
        for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):
            row, column = middle + radii * np.sin(angle) / SPACING, middle + radii * np.cos(angle) / SPACING
            profile = ndimage.map_coordinates(near[slab], [row, column], order=1)
            top = 12 + int(np.argmax(profile[12:50]))
            below = np.flatnonzero(profile[top:] < profile[top] / 2)
            ridges.append(profile[top])
            if len(below):
                widths.append(2 * _crossing(profile, top + int(below[0]), profile[top] / 2, top))
    return float(np.median(ridges)), float(np.median(widths)) if widths else np.nan


def _crossing(profile: Array, index: int, half: float, top: int) -> float:
    """Distance in mm from the ridge to where the profile falls through half, between two samples."""
    above, below = profile[index - 1], profile[index]
    return index - 1 + (above - half) / max(above - below, 1e-9) - top


def texture(values: Array, where: NDArray[np.bool_]) -> tuple[float, float]:
    """(FWHM of the autocorrelation in mm along rows, standard deviation) of the noise in a region."""
    filled = np.nan_to_num(values)
    noise = filled - ndimage.gaussian_filter(filled, HIGHPASS_MM / 2.355 / (2 * SPACING))
    correlation = []
    for lag in range(8):
        both = where[:, :, lag:] & where[:, :, : where.shape[2] - lag]
        a, b = noise[:, :, lag:][both], noise[:, :, : noise.shape[2] - lag][both]
        correlation.append(float((a * b).mean()))
    share = np.array(correlation) / correlation[0]
    below = np.flatnonzero(share < 0.5)
    if not len(below):
        return 2 * (len(share) - 1) * 2 * SPACING, float(np.sqrt(correlation[0]))
    first = int(below[0])
    lag = first - 1 + (share[first - 1] - 0.5) / (share[first - 1] - share[first])
    return float(2 * lag * 2 * SPACING), float(np.sqrt(correlation[0]))
