"""The rigid pose of the left ventricle, its six parameters and a reader's correction of it.

Only this module defines the Euler order, the flip between LPS and RAS, and the normalised translation.

Frames: **LPS mm** is the patient; the **short-axis (SA) frame** has its origin at the LV centre, ``i`` septum to
lateral, ``j`` anterior to inferior, ``k`` apex to base. A pose maps SA mm to LPS mm: ``x_lps = R @ p_sa + c``.
Angles are radians unless the name states degrees.

A heart that points straight forward, its centre at (10, 20, 30): 5 mm towards the base is 5 mm to the back.

>>> pose = Pose.from_euler(0, -np.pi / 2, 0, (10, 20, 30))
>>> pose.apply([0, 0, 5]).round(6).tolist()
[10.0, 25.0, 30.0]
>>> pose.apply_inverse([10, 25, 30]).round(6).tolist()
[0.0, 0.0, 5.0]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray

Array = NDArray[np.float64]

MEAN_LONG_AXIS: Array = np.array([-0.4317, 0.8641, 0.2588])
"""Mean long axis (apex to base, LPS) of 53 hearts seen by CT."""

MEAN_EULER: tuple[float, float, float] = (-1.07, -1.02, 1.13)
"""Mean (alpha, beta, gamma) of the same hearts. Of the two Euler triples of a rotation, the nearer to this is used."""

SINGULAR_COS_BETA = 1e-6
"""Below this |cos(beta)| only alpha + gamma (or alpha - gamma) is determined."""

ORTHONORMAL_TOLERANCE = 1e-4
"""Largest deviation of R^T R from the identity that is treated as rounding and corrected."""

_RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def rotation_from_euler(alpha: float, beta: float, gamma: float) -> Array:
    """``Ry(alpha) @ Rx(beta) @ Rz(gamma)`` as a ``(3, 3)`` matrix (Ni 2023, eq. 1)."""
    (ca, sa), (cb, sb), (cg, sg) = ((np.cos(x), np.sin(x)) for x in (alpha, beta, gamma))
    ry = np.array([[ca, 0, sa], [0, 1, 0], [-sa, 0, ca]])
    rx = np.array([[1, 0, 0], [0, cb, -sb], [0, sb, cb]])
    rz = np.array([[cg, -sg, 0], [sg, cg, 0], [0, 0, 1]])
    return ry @ rx @ rz


def euler_from_rotation(rotation: ArrayLike, near: ArrayLike = MEAN_EULER) -> tuple[float, float, float]:
    """The (alpha, beta, gamma) of a ``(3, 3)`` rotation nearest to ``near``.

    Every rotation has two triples, ``(a, b, g)`` and ``(a + pi, pi - b, g + pi)``; the clinical range crosses
    from one branch to the other at beta = -pi/2, and choosing the nearer keeps the angles continuous there. At
    the singularity itself the free angle is shared out so that the triple is the nearest to ``near``.
    """
    r = np.asarray(rotation, dtype=float)
    target = np.asarray(near, dtype=float)
    cos_beta = np.hypot(r[1, 0], r[1, 1])
    beta = np.arctan2(-r[1, 2], cos_beta)
    if cos_beta < SINGULAR_COS_BETA:
        return _singular_euler(r, beta, target)
    alpha, gamma = np.arctan2(r[0, 2], r[2, 2]), np.arctan2(r[1, 0], r[1, 1])
    branches = ([alpha, beta, gamma], [alpha + np.pi, np.pi - beta, gamma + np.pi])
    triples = [target + wrap(np.array(b) - target) for b in branches]
    best = min(triples, key=lambda t: float(np.sum((t - target) ** 2)))
    return tuple(wrap(best).tolist())


def _singular_euler(r: Array, beta: float, target: Array) -> tuple[float, float, float]:
    """Only ``alpha - sign * gamma`` is known: move both from the target by half the difference."""
    sign = 1.0 if beta > 0 else -1.0
    combined = np.arctan2(sign * r[0, 1], r[0, 0])
    excess = wrap(combined - (target[0] - sign * target[2]))
    alpha, gamma = target[0] + excess / 2, target[2] - sign * excess / 2
    return tuple(wrap(np.array([alpha, beta, gamma])).tolist())


def wrap(angle: ArrayLike) -> Array:
    """Angles brought into [-pi, pi) (Ni 2023, eq. 7)."""
    return np.mod(np.asarray(angle, dtype=float) + np.pi, 2 * np.pi) - np.pi


def wrap_degrees(angle: ArrayLike) -> Array:
    """Angles in degrees brought into [-180, 180): the short way from one direction to another.

    >>> float(wrap_degrees(350.0 - 20.0))
    -30.0
    """
    return np.asarray((np.asarray(angle, dtype=float) + 180.0) % 360.0 - 180.0)


def nearest_rotation(matrix: ArrayLike) -> Array:
    """The rotation nearest to a ``(3, 3)`` matrix in the Frobenius norm, by SVD."""
    u, _, vt = np.linalg.svd(np.asarray(matrix, dtype=float))
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def rotation_from_long_axis(k: ArrayLike, anterior: ArrayLike = (0.0, 0.0, 1.0)) -> Array:
    """SA axes of a long axis ``k`` (apex to base, LPS) by the clinical habit.

    Anterior is ``anterior`` (superior by default) made orthogonal to the axis; ``j`` points away from it.
    """
    axis = np.asarray(k, dtype=float) / np.linalg.norm(k)
    j = -(np.asarray(anterior, dtype=float) - np.dot(anterior, axis) * axis)
    j /= np.linalg.norm(j)
    return np.stack([np.cross(j, axis), j, axis], axis=1)


MEAN_ROTATION: Array = rotation_from_long_axis(MEAN_LONG_AXIS)
"""SA axes (columns i, j, k in LPS) of the mean long axis."""
for _constant in (MEAN_LONG_AXIS, MEAN_ROTATION):
    _constant.setflags(write=False)


@dataclass(frozen=True)
class Cube:
    """The input cube of a network: translations are relative to it.

    Attributes:
        centre: centre of the cube, LPS mm.
        half: half the distance between the centres of its corner voxels along an axis, mm (eq. 5 of Ni 2023
            is ``align_corners=True``).
    """

    centre: tuple[float, float, float]
    half: float


@dataclass(frozen=True)
class Correction:
    """A reader's change of a pose, in its SA frame; zero is the model's own answer.

    Attributes:
        swing: degrees about ``j`` (turns the long axis in the HLA).
        tilt: degrees about ``i`` (turns it in the VLA).
        roll: degrees about ``k`` (moves the septum).
        lateral, inferior, basal: shifts in mm along i, j, k.
    """

    swing: float = 0.0
    tilt: float = 0.0
    roll: float = 0.0
    lateral: float = 0.0
    inferior: float = 0.0
    basal: float = 0.0

    def as_tuple(self) -> tuple[float, ...]:
        """(swing, tilt, roll, lateral, inferior, basal) in degrees and mm."""
        return self.swing, self.tilt, self.roll, self.lateral, self.inferior, self.basal

    @property
    def rotation(self) -> Array:
        """``Ry(swing) @ Rx(tilt) @ Rz(roll)``, ``(3, 3)``."""
        return rotation_from_euler(*np.deg2rad([self.swing, self.tilt, self.roll]))

    @property
    def shift(self) -> Array:
        """``(3,)`` mm along i, j, k."""
        return np.array([self.lateral, self.inferior, self.basal])


@dataclass(frozen=True, eq=False)
class Pose:
    """The pose of the left ventricle: ``x_lps = rotation @ p_sa + centre``.

    Attributes:
        rotation: ``(3, 3)``, columns are the SA axes i, j, k in LPS.
        centre: ``(3,)`` LV centre, LPS mm.

    Raises:
        ValueError: the matrix is no rotation (beyond rounding), or a number is not finite.
    """

    rotation: Array
    centre: Array

    def __post_init__(self) -> None:
        r = np.array(self.rotation, dtype=float)
        c = np.array(self.centre, dtype=float)
        if r.shape != (3, 3) or c.shape != (3,) or not (np.isfinite(r).all() and np.isfinite(c).all()):
            msg = f"a pose needs a finite (3, 3) rotation and (3,) centre, got shapes {r.shape} and {c.shape}"
            raise ValueError(msg)
        deviation = np.abs(r.T @ r - np.eye(3)).max()
        if deviation > ORTHONORMAL_TOLERANCE or np.linalg.det(r) < 0:
            msg = (
                f"a pose needs a right-handed orthonormal matrix, got deviation {deviation:.2g}, "
                f"determinant {np.linalg.det(r):.3f}; use nearest_rotation() first"
            )
            raise ValueError(msg)
        r = nearest_rotation(r)
        for name, value in (("rotation", r), ("centre", c)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def from_long_axis(cls, k: ArrayLike, centre: ArrayLike) -> Pose:
        """From the long axis (apex to base, LPS) and the LV centre (LPS mm), in the clinic's roll."""
        return cls(rotation_from_long_axis(k), np.asarray(centre, dtype=float))

    # --- the six parameters ---

    @classmethod
    def from_euler(cls, alpha: float, beta: float, gamma: float, centre: ArrayLike) -> Pose:
        """From the paper's angles (radians, eq. 1) and the LV centre (LPS mm)."""
        return cls(rotation_from_euler(alpha, beta, gamma), np.asarray(centre, dtype=float))

    @classmethod
    def from_parameters(cls, parameters: ArrayLike, cube: Cube) -> Pose:
        """From the paper's six (alpha, beta, gamma, tx, ty, tz) relative to a network's cube."""
        six = np.asarray(parameters, dtype=float)
        return cls(rotation_from_euler(*six[:3]), np.asarray(cube.centre) + six[3:] * cube.half)

    def euler(self, near: ArrayLike = MEAN_EULER) -> tuple[float, float, float]:
        """(alpha, beta, gamma) in radians, of the two triples the nearer to ``near``."""
        return euler_from_rotation(self.rotation, near)

    def translation(self, cube: Cube) -> Array:
        """``t = (c - c0) / h``, ``(3,)``, without unit."""
        return (self.centre - np.asarray(cube.centre)) / cube.half

    def parameters(self, cube: Cube) -> Array:
        """The paper's six: (alpha, beta, gamma, tx, ty, tz)."""
        return np.concatenate([self.euler(), self.translation(cube)])

    # --- as a transform ---

    @property
    def matrix(self) -> Array:
        """``(4, 4)``, SA mm to LPS mm."""
        m = np.eye(4)
        m[:3, :3], m[:3, 3] = self.rotation, self.centre
        return m

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Pose:
        """From a ``(4, 4)`` matrix, SA mm to LPS mm."""
        m = np.asarray(matrix, dtype=float)
        return cls(m[:3, :3], m[:3, 3])

    @property
    def ras_matrix(self) -> Array:
        """The same rigid map for MRML, ``(4, 4)``: both of its frames flipped from LPS to RAS."""
        return _RAS_FROM_LPS @ self.matrix @ _RAS_FROM_LPS

    @classmethod
    def from_ras_matrix(cls, matrix: ArrayLike) -> Pose:
        """Inverse of :attr:`ras_matrix`."""
        return cls.from_matrix(_RAS_FROM_LPS @ np.asarray(matrix, dtype=float) @ _RAS_FROM_LPS)

    def inverse(self) -> Pose:
        """The pose of the patient in the SA frame."""
        return Pose(self.rotation.T, -self.rotation.T @ self.centre)

    def __matmul__(self, other: Pose) -> Pose:
        """``(a @ b).apply(p) == a.apply(b.apply(p))``."""
        return Pose(self.rotation @ other.rotation, self.rotation @ other.centre + self.centre)

    def apply(self, points: ArrayLike) -> Array:
        """SA points ``(..., 3)`` mm to LPS mm."""
        return np.asarray(points, dtype=float) @ self.rotation.T + self.centre

    def apply_inverse(self, points: ArrayLike) -> Array:
        """LPS points ``(..., 3)`` mm to SA mm."""
        return (np.asarray(points, dtype=float) - self.centre) @ self.rotation

    @property
    def long_axis(self) -> Array:
        """``k``: unit vector from apex to base, LPS."""
        return self.rotation[:, 2]

    # --- corrections ---

    def corrected(self, correction: Correction) -> Pose:
        """``R' = R @ Ry(swing) @ Rx(tilt) @ Rz(roll)``, ``c' = c + R @ d``."""
        return Pose(self.rotation @ correction.rotation, self.centre + self.rotation @ correction.shift)

    def correction_to(self, other: Pose) -> Correction:
        """The correction that turns this pose into ``other``; the inverse of :meth:`corrected`."""
        angles = np.rad2deg(euler_from_rotation(self.rotation.T @ other.rotation, near=(0.0, 0.0, 0.0)))
        return Correction(*angles.tolist(), *(self.rotation.T @ (other.centre - self.centre)).tolist())

    # --- differences ---

    def long_axis_error(self, other: Pose) -> float:
        """Angle between the two ``k`` axes, degrees."""
        return angle_between(self.long_axis, other.long_axis)

    def roll_error(self, other: Pose) -> float:
        """Angle between the ``i`` axes after the shortest rotation that aligns ``k``, degrees."""
        aligned = shortest_rotation(self.long_axis, other.long_axis) @ self.rotation[:, 0]
        return angle_between(aligned, other.rotation[:, 0])

    def rotation_error(self, other: Pose) -> float:
        """Geodesic angle between the rotations, degrees."""
        r = self.rotation.T @ other.rotation
        sine = np.linalg.norm([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / 2
        return float(np.rad2deg(np.arctan2(sine, (np.trace(r) - 1) / 2)))

    def centre_error(self, other: Pose) -> float:
        """Distance of the LV centres, mm."""
        return float(np.linalg.norm(self.centre - other.centre))


def angle_between(a: ArrayLike, b: ArrayLike) -> float:
    """Angle between two ``(3,)`` vectors, degrees; exact for small angles too."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return float(np.rad2deg(np.arctan2(np.linalg.norm(np.cross(a, b)), np.dot(a, b))))


def shortest_rotation(start: Array, end: Array) -> Array:
    """The rotation by the least angle that takes one unit vector to another."""
    cosine = float(np.dot(start, end))
    if cosine < -1 + 1e-12:
        axis = np.eye(3)[np.argmin(np.abs(start))]
        axis = np.cross(start, axis) / np.linalg.norm(np.cross(start, axis))
        return 2 * np.outer(axis, axis) - np.eye(3)
    v = np.cross(start, end)
    skew = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1 + cosine)


def lps_from_ras(points: ArrayLike) -> Array:
    """Points ``(..., 3)`` from RAS mm to LPS mm; its own inverse."""
    return np.asarray(points, dtype=float) * np.array([-1.0, -1.0, 1.0])


def ras_matrix_from_lps(ijk_to_lps: ArrayLike) -> Array:
    """A volume's ``(4, 4)`` index-to-LPS matrix as index-to-RAS, for MRML."""
    return _RAS_FROM_LPS @ np.asarray(ijk_to_lps, dtype=float)
