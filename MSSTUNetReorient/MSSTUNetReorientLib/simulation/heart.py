"""The anatomical heart: distances to its surfaces, in the short-axis frame.

Two sources give a :class:`Shape` with signed distances: a parametric heart, and a label map
(1 = LV within the epicardium, 2 = RV cavity) as CT angiography gives it, with an endocardium by inward offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.pose import Pose
from ..geometry.pose import wrap_degrees
from .codec import parameters_class

Array = NDArray[np.float64]

RV_WALL_MM = 4.0
"""Thickness of the right ventricular wall."""
TILT = 0.05
"""Mean slope of the valve plane from the septum to the lateral wall (ours, see :func:`draw_tilt`)."""
ANEURYSM_SHARE = 0.05
"""Of the parametric hearts, those whose apex bulges, thinned."""


class Shape(Protocol):
    """The interface of a heart for the renderer. ``p`` is ``(..., 3)`` SA mm; distances are mm, negative inside."""

    def valve(self, p: Array) -> Array:
        """Distance above the valve plane: the wall and the cavity end where it turns positive."""

    def epicardium(self, p: Array) -> Array:
        """Distance to the LV epicardium, open at the base."""

    def endocardium(self, p: Array) -> Array:
        """Distance to the LV endocardium, open at the base."""

    def right_cavity(self, p: Array) -> Array:
        """Distance to the RV endocardium."""

    def cavity_apex(self) -> float:
        """``k`` of the apex of the LV cavity, mm."""


POUCH_DEG, POUCH_MM = 45.0, 20.0
"""Half of the width and of the height of a pouch in the wall, at a bulge of 1/e."""
STEP_MM = 9.0
"""Half of the width of the step between two sides that end at different depths."""


def points_round_origin(size: int, spacing: float) -> Array:
    """``(N, N, N, 3)`` SA positions (i, j, k) in mm from the middle of a cube."""
    line = (np.arange(size) - (size - 1) / 2) * spacing
    k, j, i = np.meshgrid(line, line, line, indexing="ij")
    return np.stack([i, j, k], axis=-1)


@parameters_class
@dataclass(frozen=True)
class Pouch:
    """An aneurysm of one side of the wall.

    Attributes:
        degrees: direction of its middle in the short axis, from anterior by the septum (180 inferior); k: its height.
        bulge: outward, relative to the radius; thinning: share of the wall that is lost, in its middle.
    """

    degrees: float
    k: float
    bulge: float
    thinning: float

    def depth(self, p: Array) -> Array:
        """1 in its middle, falling to 0 around, at SA points ``(..., 3)`` mm."""
        across = wrap_degrees(np.rad2deg(np.arctan2(-p[..., 0], -p[..., 1])) - self.degrees) / POUCH_DEG
        return np.asarray(np.exp(-(across**2) - ((p[..., 2] - self.k) / POUCH_MM) ** 2))


@parameters_class
@dataclass(frozen=True)
class Step:
    """One side of the wall ends lower than the other, both level.

    Attributes:
        degrees: direction of the lower side in the short axis, as of a :class:`Pouch`; mm: how much lower it ends.
    """

    degrees: float
    mm: float

    def missing(self, p: Array) -> Array:
        """mm that are missing, at SA points ``(..., 3)``."""
        angle = np.deg2rad(self.degrees)
        side = -p[..., 0] * np.sin(angle) - p[..., 1] * np.cos(angle)
        return np.asarray(self.mm * 0.5 * (1 + np.tanh(side / STEP_MM)))


@parameters_class
@dataclass(frozen=True)
class ParametricShape:
    """A cup: half an ellipsoid at the apex, a tapered elliptic cylinder above it; all lengths in mm.

    Attributes:
        radius_i, radius_j: epicardial semi-axes of the short axis at the shoulder.
        apex: length of the apical half ellipsoid; the shoulder lies at ``k = 0``.
        base: ``k`` of the valve plane on the axis; tilt: its slope along (i, j), the septum being the shorter.
        wall: thickness at the shoulder, ``apical_wall`` at the apex.
        taper: relative narrowing of the cup at the base.
        wobble, wobble_phase: relative amplitude of a two-fold change of the radius, and its direction.
        bulge: relative outward bulge at the apex (aneurysm), 0 for none.
        rv_radius: semi-axes (i, j, k) of the RV ellipsoid; rv_centre: its centre.
        pouch: an aneurysm elsewhere; step: of a base that does not end in one plane.
    """

    radius_i: float
    radius_j: float
    apex: float
    base: float
    tilt: tuple[float, float]
    wall: float
    apical_wall: float
    taper: float
    wobble: float
    wobble_phase: float
    bulge: float
    rv_radius: tuple[float, float, float]
    rv_centre: tuple[float, float, float]
    pouch: Pouch | None = None
    step: Step | None = None

    def _cup(self, p: Array, wall: float, apical_inset: float) -> Array:
        x, y, z = p[..., 0], p[..., 1], p[..., 2]
        below = np.minimum(z, 0.0)
        u = np.clip(z / self.base, 0.0, 1.2)
        shape = 1 + self.wobble * np.cos(2 * np.arctan2(y, x) - self.wobble_phase)
        shape = shape * (1 - self.taper * u**2) * (1 + self.bulge * np.exp(-(((z + 0.7 * self.apex) / 18.0) ** 2)))
        inset: Array | float = wall
        if self.pouch is not None:
            depth = self.pouch.depth(p)
            shape = shape * (1 + self.pouch.bulge * depth)
            inset = wall * (1 - self.pouch.thinning * depth)
        scaled = np.stack(
            [
                x / (self.radius_i * shape - inset),
                y / (self.radius_j * shape - inset),
                below / (self.apex - apical_inset),
            ]
        )
        g = np.sqrt((scaled**2).sum(axis=0)) + 1e-6
        return np.sqrt(x**2 + y**2 + below**2) * (1 - 1 / g)

    def valve(self, p: Array) -> Array:
        """See :class:`Shape`."""
        above = _above_plane(p, self.base, self.tilt)
        return above if self.step is None else above + self.step.missing(p)

    def epicardium(self, p: Array) -> Array:
        """See :class:`Shape`."""
        return self._cup(p, 0.0, 0.0)

    def endocardium(self, p: Array) -> Array:
        """See :class:`Shape`."""
        return self._cup(p, self.wall, self.apical_wall)

    def right_cavity(self, p: Array) -> Array:
        """See :class:`Shape`."""
        q = p - np.array(self.rv_centre)
        g = np.sqrt(((q / np.array(self.rv_radius)) ** 2).sum(axis=-1)) + 1e-6
        ellipsoid = np.sqrt((q**2).sum(axis=-1)) * (1 - 1 / g)
        return np.maximum(np.maximum(ellipsoid, 2.0 - self._cup(p, 0.0, 0.0)), self.valve(p))

    def cavity_apex(self) -> float:
        """See :class:`Shape`."""
        return self.apical_wall - self.apex


def _above_plane(p: Array, base: float, tilt: tuple[float, float]) -> Array:
    return p[..., 2] - base - tilt[0] * p[..., 0] - tilt[1] * p[..., 1]


def draw_tilt(rng: np.random.Generator) -> tuple[float, float]:
    """Slope of the valve plane along (i, j): the septal wall mostly ends a little below the lateral one.

    The mean gives labels whose lateral wall is about 3 mm longer, as in drawn contours (docs/simulation.md).
    """
    return (float(np.clip(rng.normal(TILT, 0.1), -0.15, 0.45)), float(rng.normal(0.0, 0.06)))


def draw_parametric_shape(rng: np.random.Generator, spread: float = 5.0, least: float = 22.0) -> ParametricShape:
    """A heart drawn at random: small to dilated, thin to hypertrophied, seldom an aneurysm.

    Args:
        spread: standard deviation of the outer radius; least: the smallest, mm.
    """
    radius = float(np.clip(rng.normal(31.5, spread), least, 48.0))
    length = float(np.clip(rng.normal(84.0, 10.0) * (radius / 31.5) ** 0.5, 62.0 * min(1.0, radius / 22.0), 115.0))
    shoulder = rng.uniform(0.45, 0.68)
    wall = float(np.clip(rng.normal(10.5, 1.7), 7.0, 15.0))
    base = length * (1 - shoulder)
    ratio = rng.uniform(0.9, 1.1)
    aneurysm = rng.random() < ANEURYSM_SHARE
    return ParametricShape(
        radius_i=radius * ratio,
        radius_j=radius / ratio,
        apex=length * shoulder,
        base=base,
        tilt=draw_tilt(rng),
        wall=wall,
        apical_wall=wall * (rng.uniform(0.35, 0.5) if aneurysm else rng.uniform(0.5, 1.0)),
        taper=rng.uniform(0.0, 0.22),
        wobble=rng.uniform(0.0, 0.06),
        wobble_phase=rng.uniform(0, 2 * np.pi),
        bulge=float(rng.uniform(0.1, 0.3)) if aneurysm else 0.0,
        rv_radius=(rng.uniform(26, 42), rng.uniform(30, 46), rng.uniform(36, 52)),
        rv_centre=(-radius * rng.uniform(0.75, 1.0), rng.uniform(-14, 10), base - rng.uniform(10, 35)),
    )


@parameters_class
@dataclass(frozen=True)
class MeasuredHeart:
    """A heart of the anatomy folder, and how it is changed.

    Attributes:
        subject: name of its label map; stretch: factor along i, j, k.
        tilt: slope of the valve plane along (i, j); wall, apical_wall: thickness in mm at the base and at the apex.
    """

    subject: str
    stretch: tuple[float, float, float]
    tilt: tuple[float, float]
    wall: float
    apical_wall: float


@dataclass(frozen=True, eq=False)
class MappedShape:
    """A real heart: distance maps on a cube in its SA frame, stretched and given a wall.

    Attributes:
        epi, rv: ``(K, J, I)`` signed distances in mm on ``spacing`` mm voxels round the SA origin.
        plane: ``k`` of the valve plane before stretching; tilt: its slope along (i, j).
        apex: ``k`` of the apex before stretching.
        stretch: factor along i, j, k.
        wall, apical_wall: thickness in mm at the base and at the apex.
    """

    epi: NDArray[np.float32]
    rv: NDArray[np.float32]
    spacing: float
    plane: float
    tilt: tuple[float, float]
    apex: float
    stretch: tuple[float, float, float]
    wall: float
    apical_wall: float

    def valve(self, p: Array) -> Array:
        """See :class:`Shape`."""
        return _above_plane(p, self.plane * self.stretch[2], self.tilt)

    def _at(self, field: NDArray[np.float32], p: Array) -> Array:
        index = p / np.array(self.stretch) / self.spacing + (np.array(field.shape) - 1) / 2
        coordinates = np.moveaxis(index[..., ::-1], -1, 0)
        scale = float(np.prod(self.stretch)) ** (1 / 3)
        return ndimage.map_coordinates(field, coordinates, order=1, mode="nearest").astype(float) * scale

    def epicardium(self, p: Array) -> Array:
        """See :class:`Shape`."""
        return self._at(self.epi, p)

    def endocardium(self, p: Array) -> Array:
        """See :class:`Shape`."""
        u = np.clip((p[..., 2] / self.stretch[2] - self.apex) / (self.plane - self.apex), 0.0, 1.0)
        thickness = self.apical_wall + (self.wall - self.apical_wall) * np.minimum(u / 0.35, 1.0)
        return self.epicardium(p) + thickness

    def right_cavity(self, p: Array) -> Array:
        """See :class:`Shape`."""
        return self._at(self.rv, p)

    def cavity_apex(self) -> float:
        """See :class:`Shape`."""
        return self.apex * self.stretch[2] + self.apical_wall


@dataclass(frozen=True, eq=False)
class Ventricles:
    """A heart measured in a patient: its pose there and its maps, see :class:`MappedShape`."""

    pose: Pose
    epi: NDArray[np.float32]
    rv: NDArray[np.float32]
    spacing: float
    plane: float
    apex: float

    def shape(self, measured: MeasuredHeart) -> MappedShape:
        """The heart stretched, with a wall."""
        m = measured
        return MappedShape(
            self.epi, self.rv, self.spacing, self.plane, m.tilt, self.apex, m.stretch, m.wall, m.apical_wall
        )


def draw_measured_heart(rng: np.random.Generator, subject: str) -> MeasuredHeart:
    """A measured heart stretched at random, with a wall drawn like that of a parametric one."""
    wall = float(np.clip(rng.normal(10.5, 1.7), 7.0, 15.0))
    common = rng.uniform(0.8, 1.12)
    a, b, c = (float(common * rng.uniform(0.93, 1.07)) for _ in range(3))
    apical_wall = wall * float(rng.uniform(0.5, 1.0))
    return MeasuredHeart(subject, (a, b, c), draw_tilt(rng), wall, apical_wall)
