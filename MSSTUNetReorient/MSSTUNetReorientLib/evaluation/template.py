"""The classical baseline: rigid registration of a mean short-axis heart by normalised correlation.

As Slomka et al. 1995 registered templates, with SimpleITK's parts: every position is tried by the masked correlation of
Padfield 2012 for a few rotations about the mean pose, and the best places are refined over all six parameters.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import Pose
from ..geometry.pose import nearest_rotation
from ..geometry.pose import rotation_from_euler
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from .mean_heart import MeanHeart
from .method import Answer

Array = NDArray[np.float64]

SEARCH_MM = 6.4
"""Voxel of the search over positions."""
TURNS_DEG = ((0, 0), (20, 0), (-20, 0), (0, 20), (0, -20))
"""(swing, tilt) of the rotations that are tried everywhere, about the mean pose."""
PLACES, APART_MM = 4, 20.0
"""How many of the best places are refined, and how far apart they are."""
NEAR_MM = 25.0
"""About as wide as a heart: where the counts round a place are below the study's mean, no heart is looked for."""
OVERLAP = 0.7
"""Share of the template that must lie inside the study."""
LINES, STEP_MM, ARM_MM = 20, 2.0, 40.0
"""Powell's iterations, his step, and the distance from the centre at which a turn is a shift."""


@dataclass(frozen=True)
class Place:
    """A pose with its correlation with the template."""

    pose: Pose
    correlation: float


@dataclass(frozen=True, eq=False)
class TemplateRegistration:
    """Finds the mean heart in a study; its labels are the template's at the pose found.

    Attributes:
        heart: the template.
        name: as tables show it.
    """

    heart: MeanHeart
    name: str = "template registration"
    parameters: int = 0

    @property
    def sha256(self) -> str:
        """Of the template: what stands in the place of weights."""
        return hashlib.sha256(self.heart.counts.array.tobytes() + self.heart.labels.array.tobytes()).hexdigest()

    def answer(self, study: Volume) -> Answer:
        """The best correlated of the refined places; the roll of its pose follows from its long axis."""
        best = max((refine(self.heart, study, p.pose) for p in search(self.heart, study)), key=lambda p: p.correlation)
        labels = self.heart.labels
        grid = Grid(labels.grid.size, labels.grid.spacing, best.pose.apply(labels.grid.origin), best.pose.rotation)
        clinic = Pose.from_long_axis(best.pose.long_axis, best.pose.centre)
        return Answer(clinic, Volume(labels.array, grid))


@dataclass(frozen=True)
class MeanPose:
    """The floor of all methods: the mean rotation, at the centroid of the counts."""

    name: str = "mean pose at the counts' centroid"
    parameters: int = 0
    sha256: str = "-"

    def answer(self, study: Volume) -> Answer:
        """The same rotation whatever is seen."""
        weights = np.clip(study.array, 0, None).astype(float)
        index = [float((weights.sum(axis=others) * np.arange(n)).sum() / weights.sum())
                 for others, n in zip(((0, 1), (0, 2), (1, 2)), study.grid.size, strict=True)]  # fmt: skip
        return Answer(Pose(MEAN_ROTATION, study.grid.at(index)), None)


def search(heart: MeanHeart, study: Volume) -> list[Place]:
    """The best places of all positions and a few rotations, best first."""
    grid = _search_grid(study.grid)
    fixed = _smoothed(study, SEARCH_MM, grid)
    found = []
    for swing, tilt in np.deg2rad(TURNS_DEG):
        rotation = nearest_rotation(MEAN_ROTATION @ rotation_from_euler(swing, tilt, 0.0))
        found.append((rotation, _correlations(heart, fixed, rotation)))
    dark = ndimage.gaussian_filter(fixed.array, NEAR_MM / SEARCH_MM) < fixed.array.mean()
    return _peaks([(rotation, np.where(dark, -1.0, c)) for rotation, c in found], grid)


def _search_grid(study: Grid) -> Grid:
    """Upright and cubic voxels over the whole study."""
    corners = study.corners()
    low, high = corners.min(axis=0), corners.max(axis=0)
    size = np.maximum(np.floor((high - low) / SEARCH_MM).astype(int) + 1, 1)
    return Grid((int(size[0]), int(size[1]), int(size[2])), np.full(3, SEARCH_MM), low)


def _smoothed(volume: Volume, spacing: float, grid: Grid) -> Volume:
    """The volume read on a coarser grid, once what that cannot show is smoothed away."""
    sigma = np.where(volume.grid.spacing < spacing, 0.4 * spacing, 1e-3)
    image = sitk.SmoothingRecursiveGaussian(sitk.Cast(volume.to_sitk(), sitk.sitkFloat32), sigma.tolist())
    return resample(Volume(sitk.GetArrayFromImage(image), volume.grid), grid, order=1)


def _correlations(heart: MeanHeart, fixed: Volume, rotation: Array) -> Array:
    """Correlation with the turned template centred on each voxel ``(K, J, I)`` of the search grid."""
    half = int(np.ceil(heart.counts.grid.extent.max() / 2 / SEARCH_MM))
    upright = Grid.centred(2 * half + 1, SEARCH_MM, Pose(rotation.T, np.zeros(3)))
    moving = _smoothed(heart.counts, SEARCH_MM, upright).array
    mask = resample(heart.mask, upright, order=0).array
    everywhere = np.ones(fixed.array.shape, np.float32)
    correlations = sitk.MaskedFFTNormalizedCorrelation(
        sitk.GetImageFromArray(fixed.array.astype(np.float32)), sitk.GetImageFromArray(moving.astype(np.float32)),
        sitk.GetImageFromArray(everywhere), sitk.GetImageFromArray(mask.astype(np.float32)),
        requiredFractionOfOverlappingPixels=OVERLAP,
    )  # fmt: skip
    k, j, i = fixed.array.shape
    centred = sitk.GetArrayFromImage(correlations)[half : half + k, half : half + j, half : half + i]
    return np.asarray(centred, dtype=float)


def _peaks(found: list[tuple[Array, Array]], grid: Grid) -> list[Place]:
    """The best places that lie apart from each other, each with its best rotation."""
    best = np.max([c for _, c in found], axis=0)
    which = np.argmax([c for _, c in found], axis=0)
    points = grid.points()
    places: list[Place] = []
    while len(places) < PLACES:
        index = np.unravel_index(int(best.argmax()), best.shape)
        correlation = float(best[index])
        if places and correlation <= 0:
            break
        places.append(Place(Pose(found[int(which[index])][0], points[index]), correlation))
        best[np.linalg.norm(points - points[index], axis=-1) < APART_MM] = -1.0
    return places


def refine(heart: MeanHeart, study: Volume, start: Pose) -> Place:
    """The pose near a start at which the correlation is best, over all six parameters."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsCorrelation()
    method.SetMetricFixedMask(heart.mask.to_sitk())
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([2])
    method.SetSmoothingSigmasPerLevel([0])
    method.SetOptimizerAsPowell(LINES, LINES, STEP_MM, 0.05 * STEP_MM, 1e-4)
    method.SetOptimizerScales([ARM_MM] * 3 + [1.0] * 3)
    method.SetMovingInitialTransform(_transform(start))
    change = sitk.Euler3DTransform()
    method.SetInitialTransform(change, inPlace=True)
    try:
        method.Execute(heart.counts.to_sitk(), sitk.Cast(study.to_sitk(), sitk.sitkFloat32))
    except RuntimeError:  # it left the study: no LV there
        return Place(start, -1.0)
    small = Pose(nearest_rotation(np.reshape(change.GetMatrix(), (3, 3))), np.array(change.GetTranslation()))
    return Place(start @ small, float(np.sqrt(max(-method.GetMetricValue(), 0.0))))


def _transform(pose: Pose) -> sitk.AffineTransform:
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(pose.rotation.ravel().tolist())
    transform.SetTranslation(pose.centre.tolist())
    return transform
