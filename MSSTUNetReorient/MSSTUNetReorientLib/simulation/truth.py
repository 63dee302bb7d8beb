"""The ground truth of a simulated study."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.long_axis import axis_across
from ..geometry.pose import Pose
from ..geometry.pose import rotation_from_long_axis
from ..geometry.septum import septum_angle
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
from .scanner import Scanner
from .scanner import shown_fwhm
from .segments import direction
from .segments import height
from .segments import segment_means
from .segments import segment_of
from .uptake import uptake

Array = NDArray[np.float64]

LABEL_SIZE, LABEL_SPACING = 48, 3.2
"""The SA cube in which the true labels are kept: voxels along an edge, and mm."""
SHARP_FWHM_MM = 6.0
"""Resolution at which the long axis of a shape is taken."""
AXIS_SIZE, AXIS_SPACING = 76, 2.0
"""The cube of labels that it is taken from."""
RV_SIZE, RV_SPACING = 40, 5.0
"""The cube round the LV centre in which the RV cavity is looked for."""
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
        pose: SA frame to LPS: the technologist's long axis, the clinic's roll; its centre is the centroid of the LV as
            it appears.
        labels: ``(48, 48, 48)`` uint8 of the wall as it appears, in the SA frame of ``pose``, 3.2 mm.
        septum_deg: see :mod:`..geometry.septum`; None where it is not known, as in real counts.
        origin: ``(3,)`` mm, the LV centre in the heart's own frame, whose axes in LPS are those of the placement.
        axes: ``(3, 3)`` the SA axes of ``pose`` in the heart's own frame (columns).
        anatomical: as ``labels``, the wall and the cavity as they are (at end-diastole); None for a real heart.
        anatomy: None for a real heart.
        drawn_gate_ml: of a gated real heart, the blood pool within the contours supplied with it, gate by gate.
    """

    pose: Pose
    labels: NDArray[np.uint8]
    septum_deg: float | None
    origin: Array
    axes: Array
    anatomical: NDArray[np.uint8] | None
    anatomy: Anatomy | None
    drawn_gate_ml: tuple[float, ...] = ()


def truth_of_shape(parameters: StudyParameters, phases: Sequence[Shape], placed: Pose, *, full: bool = True) -> Truth:
    """Truth of a heart seen in these phases, the first being end-diastole.

    Args:
        placed: axes of the heart's own frame in LPS, and the LV centre.
        full: also the anatomical side, which costs as much again.
    """
    middle, moving = _middle(phases), phases if len(phases) > 1 else ()
    scanner, fwhm = parameters.scanner, parameters.scanner.fwhm
    if isinstance(scanner, Scanner):
        fwhm = shown_fwhm(scanner, parameters.raster.spacing, LABEL_SPACING)

    def labels_at(points: Array) -> NDArray[np.uint8]:
        return apparent_labels(middle, points, LABEL_SPACING, fwhm, moving)

    origin = _centroid(labels_at(_grid()))
    axes = _clinic_axes(placed.rotation, shape_axis(phases))
    return _truth(parameters, phases, placed, axes, labels_at, origin, full)


def truth_as_seen(
    parameters: StudyParameters, phases: Sequence[Shape], known: Truth, seen: Volume, *, full: bool = True
) -> Truth:
    """Truth of a heart whose wall, uniformly perfused and alone, is seen in an image; see :mod:`.apparent`.

    Args:
        known: the truth without the image: where the heart is, and its axis.
        seen: the image, LPS.
    """
    wall = ndimage.spline_filter(seen.array.astype(float))
    own = known.pose.rotation @ known.axes.T
    heart = Pose(own, known.pose.centre - own @ known.origin)

    def labels_at(points: Array) -> NDArray[np.uint8]:
        index = seen.grid.index_of(heart.apply(points))
        shown = ndimage.map_coordinates(wall, np.moveaxis(index[..., ::-1], -1, 0), prefilter=False)
        return labels_where_seen(Surfaces.of(_middle(phases), points), shown, LABEL_SPACING, SEEN_REACH_MM)

    origin = known.origin + _centroid(labels_at(_grid() + known.origin))
    return _truth(parameters, phases, Pose(own, heart.apply(origin)), known.axes, labels_at, origin, full)


def shape_axis(phases: Sequence[Shape]) -> Array:
    """The technologist's long axis ``(3,)`` of a heart, in its own frame.

    It belongs to the heart and not to the camera: labels at the resolution of a sharp one, in which no cavity closes.
    """
    middle, moving = _middle(phases), phases if len(phases) > 1 else ()
    rough = apparent_labels(middle, _grid(), LABEL_SPACING, SHARP_FWHM_MM, moving)
    points = points_round_origin(AXIS_SIZE, AXIS_SPACING) + _centroid(rough)
    labels = apparent_labels(middle, points, AXIS_SPACING, SHARP_FWHM_MM, moving)
    return axis_across(labels, AXIS_SPACING, np.array([0.0, 0.0, 1.0]))


def _middle(phases: Sequence[Shape]) -> Shape:
    """Between end-diastole, the first, and end-systole, half way through the cycle."""
    return phases[len(phases) // 4]


def _clinic_axes(own: Array, k: Array) -> Array:
    """SA axes ``(3, 3)`` in a heart's own frame, of which the long axis ``k`` is known there.

    Args:
        own: axes of the own frame in LPS.
    """
    return np.asarray(own.T @ rotation_from_long_axis(own @ k))


def _truth(
    parameters: StudyParameters,
    phases: Sequence[Shape],
    placed: Pose,
    axes: Array,
    labels_at: Callable[[Array], NDArray[np.uint8]],
    origin: Array,
    full: bool,
) -> Truth:
    """Truth in the clinic's frame.

    Args:
        placed: axes of the heart's own frame in LPS, and the LV centre.
        axes: the SA axes in the own frame; origin: the LV centre there.
        labels_at: labels on a regular grid of points in the own frame.
    """
    pose = Pose(placed.rotation @ axes, placed.centre)
    points = _grid() @ axes.T + origin
    septum = septum_angle(pose.long_axis, placed.rotation @ _towards_rv(phases[0], origin))
    anatomical = anatomical_labels(phases[0], points) if full else None
    anatomy = anatomy_of(parameters, phases) if full else None
    return Truth(pose, labels_at(points), septum, origin, axes, anatomical, anatomy)


def _grid() -> Array:
    return points_round_origin(LABEL_SIZE, LABEL_SPACING)


def _centroid(labels: NDArray[np.uint8]) -> Array:
    """Of the LV, mm from the middle of the cube."""
    return np.asarray(_grid()[labels > 0].mean(axis=0))


def _towards_rv(shape: Shape, origin: Array) -> Array:
    """From the LV centre to the middle of the RV cavity, in the heart's own frame."""
    points = points_round_origin(RV_SIZE, RV_SPACING) + origin
    return np.asarray((points[shape.right_cavity(points) < 0] - origin).mean(axis=0))


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
