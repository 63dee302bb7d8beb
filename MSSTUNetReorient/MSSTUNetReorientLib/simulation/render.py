"""From parameters to a study: anatomy -> activity -> scanner, with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import InputError
from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.pose import shortest_rotation
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from . import scanner as fast
from .beat import phases_of
from .camera import Camera
from .composite import blend_counts
from .composite import resampled_labels
from .composite import spots_outside
from .heart import ParametricShape
from .heart import Shape
from .paint import attenuation
from .paint import background
from .paint import paint_attenuation
from .paint import paint_heart
from .paint import uneven_chest
from .parameters import CountedHeart
from .parameters import Placement
from .parameters import StudyParameters
from .scanner import Scanner
from .sources import Sources
from .sources import gate_names
from .torso import Field
from .truth import LABEL_SIZE
from .truth import LABEL_SPACING
from .truth import Truth
from .truth import shape_axis
from .truth import truth_as_seen
from .truth import truth_of_shape

Array = NDArray[np.float64]

MIN_IN_VIEW = 0.9
"""Share of the LV wall that must lie within the field of view."""


class OutOfViewError(InputError):
    """A pose that puts the LV outside of what the scanner sees: another draw may be better."""


@dataclass(frozen=True, eq=False)
class Study:
    """A simulated study.

    Attributes:
        image: ``(K, J, I)`` counts, healthy myocardium about 1; of a gated study the sum of its gates.
        gates: ``(G, K, J, I)`` of a gated study, else None.
        grid: of the image, LPS mm.
        truth: what is known of it.
        parameters: that it follows from.
    """

    image: Field
    gates: Field | None
    grid: Grid
    truth: Truth
    parameters: StudyParameters


def render(parameters: StudyParameters, sources: Sources | None = None, *, anatomy: bool = True) -> Study:
    """The study of these parameters; the same parameters and sources give the same bytes.

    Args:
        parameters: see :mod:`.draw`.
        sources: what the parameters name.
        anatomy: also tell the anatomical truth; training does without.

    Raises:
        InputError: a heart or chest that the sources do not have; OutOfViewError: an LV outside the field of view.
    """
    sources = sources or Sources()
    p = parameters
    grid = grid_of(p)
    rotation, offset = np.array(p.placement.rotation), np.array(p.placement.offset)
    placed = Pose(rotation, grid.centre + offset)
    points = fast.points_of_grid(grid.size, p.raster.spacing)
    margin = getattr(p.scanner, "margin", 0)
    wide = fast.points_of_grid((grid.size[0] + 2 * margin, grid.size[1] + 2 * margin, grid.size[2]), p.raster.spacing)
    local = (wide if margin else points) - offset.astype(np.float32)
    if isinstance(p.heart, CountedHeart):
        images, truth = _counted(p, sources, placed, points, local)
        check_in_view(p, truth, grid)
        return _study(images, grid, truth, p)
    phases, projected = phases_of(shape_of(p, sources), p.beat), isinstance(p.scanner, Camera)
    truth = truth_of_shape(p, phases, placed, full=anatomy and not projected)
    check_in_view(p, truth, grid)
    still = background(p, sources, local)
    if projected:
        mu = attenuation(p, sources, local)
        paint_attenuation(mu, phases[0], local, rotation, truth.origin)
        images = _scan_projected(p, still, mu, phases, truth.origin, points, local)
        wall = _seen_wall(p, still, phases, truth.origin, points, local)
        truth = truth_as_seen(p, phases, truth, Volume(wall, grid), full=anatomy)
    else:
        painted = _painted(p, still, phases, truth.origin, local)
        shown = painted if p.beat.gates else [_mean(painted)]
        images = [_scan_fast(p, image, points, local, n) for n, image in enumerate(shown)]
    return _study(images, grid, truth, p)


def _study(images: Sequence[Field], grid: Grid, truth: Truth, p: StudyParameters) -> Study:
    gates = np.stack(images) if p.beat.gates else None
    return Study(np.sum(images, axis=0, dtype=np.float32), gates, grid, truth, p)


def aimed(parameters: StudyParameters, sources: Sources) -> StudyParameters:
    """The heart turned so that the long axis of its truth, not of its own frame, is the one of its placement.

    Raises:
        InputError: a measured heart that the sources do not have.
    """
    p = parameters
    if isinstance(p.heart, CountedHeart):
        return p
    own_axis = shape_axis(phases_of(shape_of(p, sources), p.beat))
    rotation = np.array(p.placement.rotation) @ shortest_rotation(own_axis, np.array([0.0, 0.0, 1.0]))
    return replace(p, placement=Placement.of(rotation, np.array(p.placement.offset)))


def grid_of(parameters: StudyParameters) -> Grid:
    """The voxels of a study, axes along LPS."""
    raster = parameters.raster
    spacing = np.full(3, raster.spacing)
    return Grid(raster.size, spacing, np.array(raster.centre) - (np.array(raster.size) - 1) / 2 * spacing)


def shape_of(parameters: StudyParameters, sources: Sources) -> Shape:
    """The LV at end-diastole.

    Raises:
        InputError: a measured heart that the sources do not have.
    """
    heart = parameters.heart
    if isinstance(heart, ParametricShape):
        return heart
    if isinstance(heart, CountedHeart):
        msg = "a heart of counts has no shape"
        raise TypeError(msg)
    if heart.subject not in sources.ventricles:
        msg = f"the study needs the heart {heart.subject} of an anatomy folder, but it is missing; give the folder"
        raise InputError(msg)
    return sources.ventricles[heart.subject].shape(heart)


def _painted(
    p: StudyParameters, still: Field, phases: Sequence[Shape], origin: Array, local: Field, uniform: float | None = None
) -> list[Field]:
    """The activity of each phase, blurred by breathing; ``uniform`` as in :func:`.paint.paint_heart`."""
    rotation = np.array(p.placement.rotation)
    out = []
    for shape in phases:
        image = still.copy()
        paint_heart(image, p, shape, local, rotation, origin, uniform)
        out.append(image)
    if p.beat.breath > 0 and len(phases) > 1:
        breath = p.beat.breath / 2.355 / p.raster.spacing
        out = [ndimage.gaussian_filter1d(image, breath, axis=0) for image in out]
    return out


def _mean(images: Sequence[Field]) -> Field:
    return np.asarray(np.mean(images, axis=0), np.float32)


def _scan_projected(
    p: StudyParameters, still: Field, mu: Field, phases: Sequence[Shape], origin: Array, points: Field, local: Field
) -> list[Field]:
    """The gates, or one image of the mean of the phases, by the physical camera."""
    from .projections import scan

    assert isinstance(p.scanner, Camera)
    painted = _painted(p, still, phases, origin, local)
    shown = painted if p.beat.gates else [_mean(painted)]
    share, spacing = 1 / len(shown), p.raster.spacing
    return [scan(image, mu, p.scanner, spacing, points, n, share) * np.float32(share) for n, image in enumerate(shown)]


def _seen_wall(
    p: StudyParameters, still: Field, phases: Sequence[Shape], origin: Array, points: Field, local: Field
) -> Field:
    """The uniformly perfused wall as the physical camera shows it, without noise and without attenuation.

    It is what the wall adds to the image of all the rest: OSEM is not linear, a wall alone would look different.
    Attenuation is left out as defects are: where it is not corrected, the spill of the stronger walls would exceed half
    of the weakened ridge far outside of the wall, and the labels would lean away from the heart.
    """
    from .projections import scan

    assert isinstance(p.scanner, Camera)
    noiseless, nothing = replace(p.scanner, seed=0), np.zeros(local.shape[:3], np.float32)
    full, empty = (
        scan(_mean(_painted(p, still, phases, origin, local, uptake)), nothing, noiseless, p.raster.spacing, points)
        for uptake in (1.0, 0.0)
    )
    return full - empty


def _scan_fast(p: StudyParameters, activity: Field, points: Field, local: Field, number: int) -> Field:
    scanner = p.scanner
    assert isinstance(scanner, Scanner)
    image = fast.blur_by_place(activity, scanner, local, p.raster.spacing)
    return _finish_fast(p, scanner, image, points, local, number)


def _finish_fast(
    p: StudyParameters, scanner: Scanner, image: Field, points: Field, local: Field, number: int = 0
) -> Field:
    gates = max(p.beat.gates, 1)
    image = fast.attenuate(image, scanner, local)
    image = fast.add_streaks(image, scanner, p.raster.spacing)
    image = fast.add_noise(image, scanner, p.raster.spacing, number, gates)
    image = fast.limit_field(image, scanner, points)
    return fast.resolve(image, scanner, p.raster.spacing) / np.float32(gates)


def _counted(
    p: StudyParameters, sources: Sources, pose: Pose, points: Field, local: Field
) -> tuple[list[Field], Truth]:
    """A real short-axis count volume, or each of its gates, put into a chest, in one resampling.

    Its own axis is the technologist's and is kept.
    """
    heart, scanner = p.heart, p.scanner
    assert isinstance(heart, CountedHeart)
    assert isinstance(scanner, Scanner)
    if heart.name not in sources.counts:
        msg = f"the study needs the counts {heart.name} of a hearts folder, but they are missing; give the folder"
        raise InputError(msg)
    real = sources.counts[heart.name]
    half = (real.counts.shape[0] - 1) / 2
    own = (np.argwhere(real.labels > 0)[:, ::-1].mean(axis=0) - half) * heart.spacing
    turn = pose.rotation
    names = gate_names(heart.name, sources.counts) if p.beat.gates else [heart.name]
    shown = [sources.counts[name] for name in names]
    bright = np.percentile(real.counts[real.labels == MYOCARDIUM], 90) / len(shown)
    chest = fast.blur_by_place(uneven_chest(p, sources, local), scanner, local, p.raster.spacing)
    spots = fast.blur_by_place(spots_outside(p, real.labels, local, turn, own), scanner, local, p.raster.spacing)
    images = []
    quiet = replace(scanner, noise=scanner.noise / len(shown) ** 0.5)  # real gates bring the noise of a gate with them
    for number, gate in enumerate(shown):
        image = chest.copy()
        blend_counts(image, gate.counts / bright, heart, local, turn, own)
        images.append(_finish_fast(p, quiet, image + spots, points, local, number))
    truth_pose = Pose.from_long_axis(pose.long_axis, pose.centre)
    axes = pose.rotation.T @ truth_pose.rotation
    labels = resampled_labels(real, heart.spacing, own, axes)
    drawn = tuple(float((gate.labels == BLOOD_POOL).sum()) * heart.spacing**3 / 1000 for gate in shown)
    truth = Truth(truth_pose, labels, None, own, axes, None, None, drawn if p.beat.gates else ())
    return images, truth


def check_in_view(parameters: StudyParameters, truth: Truth, grid: Grid) -> None:
    """Refuse a pose that puts the LV outside the field of view.

    Raises:
        OutOfViewError: less than :data:`MIN_IN_VIEW` of the LV wall lies where the scanner sees.
    """
    seen = share_in_view(parameters, truth, grid)
    if seen < MIN_IN_VIEW:
        msg = (
            f"the LV must be in the field of view, but only {100 * seen:.0f} % of its wall does; "
            "move the heart or widen the field"
        )
        raise OutOfViewError(msg)


def share_in_view(parameters: StudyParameters, truth: Truth, grid: Grid) -> float:
    """Share of the LV wall, as it appears, that lies in the image and in the scanner's field."""
    k, j, i = ((n - (LABEL_SIZE - 1) / 2) * LABEL_SPACING for n in np.nonzero(truth.labels == MYOCARDIUM))
    wall = truth.pose.apply(np.stack([i, j, k], axis=-1))
    index = grid.index_of(wall)
    inside = np.asarray(((index > -0.5) & (index < np.array(grid.size) - 0.5)).all(axis=1))
    q = wall - grid.centre
    scanner = parameters.scanner
    if scanner.field > 0:
        inside &= np.hypot(q[:, 0], q[:, 1]) < scanner.field
    if scanner.axial > 0:
        inside &= np.abs(q[:, 2]) < scanner.axial
    return float(inside.mean()) if len(inside) else 0.0
