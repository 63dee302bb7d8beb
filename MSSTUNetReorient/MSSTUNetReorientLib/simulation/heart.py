"""The anatomical heart: distances to its surfaces, in the short-axis frame.

Two sources give the same thing, a :class:`Shape` that answers signed distances: a parametric heart, and a label map
(1 = LV within the epicardium, 2 = RV cavity) as CT angiography gives it, with an endocardium by inward offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.ellipsoid_fit import fit_cup
from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import Pose
from ..geometry.pose import nearest_rotation
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from .codec import parameters_class

Array = NDArray[np.float64]

RV_WALL_MM = 4.0
"""Thickness of the right ventricular wall."""
ANEURYSM_SHARE = 0.05
"""Of the parametric hearts, those whose apex bulges, thinned."""
TYPICAL_FWHM_MM = 11.0
"""Resolution at which the long axis of a measured heart is taken."""


class Shape(Protocol):
    """What the renderer asks of a heart. ``p`` is ``(..., 3)`` SA mm; distances are mm, negative inside."""

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


def points_round_origin(size: int, spacing: float) -> Array:
    """``(N, N, N, 3)`` SA positions (i, j, k) in mm from the middle of a cube."""
    line = (np.arange(size) - (size - 1) / 2) * spacing
    k, j, i = np.meshgrid(line, line, line, indexing="ij")
    return np.stack([i, j, k], axis=-1)


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

    def _cup(self, p: Array, inset: float, apical_inset: float) -> Array:
        x, y, z = p[..., 0], p[..., 1], p[..., 2]
        below = np.minimum(z, 0.0)
        u = np.clip(z / self.base, 0.0, 1.2)
        shape = 1 + self.wobble * np.cos(2 * np.arctan2(y, x) - self.wobble_phase)
        shape = shape * (1 - self.taper * u**2) * (1 + self.bulge * np.exp(-(((z + 0.7 * self.apex) / 18.0) ** 2)))
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
        return _above_plane(p, self.base, self.tilt)

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
    """Slope of the valve plane along (i, j): the septal wall mostly ends below the lateral one."""
    return (float(np.clip(rng.normal(0.16, 0.12), -0.1, 0.45)), float(rng.normal(0.0, 0.06)))


def draw_parametric_shape(rng: np.random.Generator) -> ParametricShape:
    """A heart drawn at random: small to dilated, thin to hypertrophied, seldom an aneurysm."""
    radius = float(np.clip(rng.normal(31.5, 5.0), 22.0, 48.0))
    length = float(np.clip(rng.normal(84.0, 10.0) * (radius / 31.5) ** 0.5, 62.0, 115.0))
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


def ventricles_from_labels(labels: Volume, *, spacing: float = 3.0, size: int = 64) -> Ventricles:
    """A measured heart from a label map in LPS: 1 = LV within the epicardium, 2 = RV cavity.

    The long axis is that of the cup fitted to the LV as it appears (:mod:`..cup`), as the project measures long axes
    everywhere; the fit starts from the LV's principal axis of inertia. ``i`` points away from the RV.

    Raises:
        ValueError: one of the labels is missing.
    """
    from .apparent import apparent_labels

    lv, rv = labels.array == 1, labels.array == 2
    if not lv.any() or not rv.any():
        msg = "a label map of the ventricles needs label 1 (LV) and 2 (RV)"
        raise ValueError(msg)
    pose = _pose_of_ventricles(labels, lv, rv)
    rough = _mapped(labels, pose, spacing, size)
    shape = MappedShape(rough.epi, rough.rv, spacing, rough.plane, (0.0, 0.0), rough.apex, (1.0, 1.0, 1.0), 10.0, 7.0)
    cup = fit_cup(apparent_labels(shape, points_round_origin(size, spacing), spacing, TYPICAL_FWHM_MM), spacing)
    if cup is None:
        return rough
    axis = pose.rotation @ cup.axis
    lateral = pose.rotation[:, 0] - (pose.rotation[:, 0] @ axis) * axis
    lateral /= np.linalg.norm(lateral)
    turned = np.stack([lateral, np.cross(axis, lateral), axis], axis=1)
    return _mapped(labels, Pose(turned, pose.centre), spacing, size)


def _mapped(labels: Volume, pose: Pose, spacing: float, size: int) -> Ventricles:
    grid = Grid.centred(size, spacing, pose)
    soft = [Volume((labels.array == value).astype(np.float32), labels.grid) for value in (1, 2)]
    lv_sa, rv_sa = (resample(v, grid, order=1).array > 0.5 for v in soft)
    k = (np.arange(size) - (size - 1) / 2) * spacing
    area = lv_sa.sum(axis=(1, 2))
    top = np.flatnonzero(area > 0.55 * area.max()).max()
    extended = lv_sa.copy()
    extended[top:] = lv_sa[max(top - 1, 0)]
    apex = float(k[np.flatnonzero(area)[0]])
    maps = [_signed_distance(m, spacing).astype(np.float32) for m in (extended, rv_sa)]
    return Ventricles(pose, maps[0], maps[1], spacing, float(k[top]), apex)


def _pose_of_ventricles(labels: Volume, lv: NDArray[np.bool_], rv: NDArray[np.bool_]) -> Pose:
    points = [labels.grid.at(np.argwhere(m)[:, ::-1]) for m in (lv, rv)]
    centre = points[0].mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((points[0] - centre).T))
    k = axes[:, 2] * np.sign(axes[:, 2] @ MEAN_ROTATION[:, 2])
    away = centre - points[1].mean(axis=0)
    i = away - (away @ k) * k
    i /= np.linalg.norm(i)
    return Pose(nearest_rotation(np.stack([i, np.cross(k, i), k], axis=1)), centre)


def _signed_distance(mask: NDArray[np.bool_], spacing: float) -> Array:
    if not mask.any():
        return np.full(mask.shape, 100.0)
    outside = ndimage.distance_transform_edt(~mask, spacing)
    inside = ndimage.distance_transform_edt(mask, spacing)
    return outside - inside + np.where(mask, 0.5, -0.5) * spacing
