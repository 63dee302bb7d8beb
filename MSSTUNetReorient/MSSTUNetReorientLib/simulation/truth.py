"""The ground truth of a simulated study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.pose import Pose
from ..geometry.volume import Volume
from .apparent import Surfaces
from .apparent import anatomical_labels
from .apparent import apparent_labels
from .apparent import labels_where_seen
from .beat import MEASURE_SIZE
from .beat import MEASURE_SPACING
from .beat import shares
from .beat import volumes_ml
from .heart import Shape
from .heart import points_round_origin
from .parameters import StudyParameters
from .segments import direction
from .segments import height
from .segments import segment_means
from .segments import segment_of
from .uptake import uptake

Array = NDArray[np.float64]

LABEL_SIZE, LABEL_SPACING = 48, 3.2
"""The SA cube in which the true labels are kept: voxels along an edge, and mm."""
SEEN_REACH_MM = 20.0
"""Beyond the epicardium by this much, no camera shows half of a wall."""


@dataclass(frozen=True)
class Anatomy:
    """The heart as it is.

    Attributes:
        wall_ml, cavity_ml: below the valve plane at end-diastole.
        gate_ml: cavity in each gate of a gated study.
        segments: mean uptake of the 17 segments at end-diastole, healthy wall about 1.
    """

    wall_ml: float
    cavity_ml: float
    gate_ml: tuple[float, ...]
    segments: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Truth:
    """Pose, labels and, where the heart is no real one, its anatomy.

    Attributes:
        pose: SA frame to LPS; its centre is the centroid of the LV as it appears.
        labels: ``(48, 48, 48)`` uint8 of the wall as it appears, in the SA frame of ``pose``, 3.2 mm.
        origin: ``(3,)`` mm, the LV centre in the heart's own frame.
        anatomical: as ``labels``, the wall and the cavity as they are (at end-diastole); None for a real heart.
        anatomy: None for a real heart.
    """

    pose: Pose
    labels: NDArray[np.uint8]
    origin: Array
    anatomical: NDArray[np.uint8] | None
    anatomy: Anatomy | None


def truth_of_shape(parameters: StudyParameters, phases: Sequence[Shape], pose: Pose, *, full: bool = True) -> Truth:
    """Truth of a heart seen in these phases, the first being end-diastole.

    Args:
        full: also the anatomical side, which costs as much again.
    """
    middle = phases[len(phases) // 4]
    fwhm = parameters.scanner.fwhm
    moving = phases if len(phases) > 1 else ()
    grid = points_round_origin(LABEL_SIZE, LABEL_SPACING)
    rough = apparent_labels(middle, grid, LABEL_SPACING, fwhm, moving)
    origin = np.asarray(grid[rough > 0].mean(axis=0))
    labels = apparent_labels(middle, grid + origin, LABEL_SPACING, fwhm, moving)
    return _truth(parameters, phases, pose, labels, origin, full)


def truth_as_seen(
    parameters: StudyParameters, phases: Sequence[Shape], placed: Truth, seen: Volume, *, full: bool = True
) -> Truth:
    """Truth of a heart whose wall, uniformly perfused and alone, is seen in an image; see :mod:`.apparent`.

    Args:
        placed: where the heart lies: its frame is that of ``placed.pose``, shifted by ``placed.origin``.
        seen: the image, LPS.
    """
    middle = phases[len(phases) // 4]
    grid = points_round_origin(LABEL_SIZE, LABEL_SPACING)
    wall = ndimage.spline_filter(seen.array.astype(float))

    def labels_round(centre: Array) -> NDArray[np.uint8]:
        index = seen.grid.index_of(placed.pose.apply(grid + centre - placed.origin))
        shown = ndimage.map_coordinates(wall, np.moveaxis(index[..., ::-1], -1, 0), prefilter=False)
        return labels_where_seen(Surfaces.of(middle, grid + centre), shown, LABEL_SPACING, SEEN_REACH_MM)

    origin = placed.origin + np.asarray(grid[labels_round(placed.origin) > 0].mean(axis=0))
    pose = Pose(placed.pose.rotation, placed.pose.apply(origin - placed.origin))
    return _truth(parameters, phases, pose, labels_round(origin), origin, full)


def _truth(
    parameters: StudyParameters,
    phases: Sequence[Shape],
    pose: Pose,
    labels: NDArray[np.uint8],
    origin: Array,
    full: bool,
) -> Truth:
    if not full:
        return Truth(pose, labels, origin, None, None)
    grid = points_round_origin(LABEL_SIZE, LABEL_SPACING)
    anatomy = anatomy_of(parameters, phases)
    return Truth(pose, labels, origin, anatomical_labels(phases[0], grid + origin), anatomy)


def anatomy_of(parameters: StudyParameters, phases: Sequence[Shape]) -> Anatomy:
    """Volumes and mean uptake of the 17 segments at end-diastole, the first phase; cavities of all gates."""
    diastole = phases[0]
    p = points_round_origin(MEASURE_SIZE, MEASURE_SPACING)
    wall, cavity = shares(Surfaces.of(diastole, p), MEASURE_SPACING)
    inside = wall > 0
    q, weights = p[inside], wall[inside]
    numbers = segment_of(height(diastole, q), direction(q))
    means = segment_means(uptake(parameters.perfusion, diastole, q), numbers, weights)
    ml = MEASURE_SPACING**3 / 1000
    gates = tuple(volumes_ml(s)[1] for s in phases) if parameters.beat.gates else ()
    return Anatomy(float(wall.sum()) * ml, float(cavity.sum()) * ml, gates, means)
