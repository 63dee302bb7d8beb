"""Ventricles of real hearts, from label maps: their pose, and their surfaces as distances in the SA frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.ellipsoid_fit import fit_ellipsoid
from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import Pose
from ..geometry.pose import nearest_rotation
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from .apparent import apparent_labels
from .heart import MappedShape
from .heart import Ventricles
from .heart import points_round_origin

Array = NDArray[np.float64]

TYPICAL_FWHM_MM = 11.0
"""Resolution at which the long axis of a measured heart is taken."""


def ventricles_from_labels(labels: Volume, *, spacing: float = 3.0, size: int = 64) -> Ventricles:
    """A measured heart from a label map in LPS: 1 = LV within the epicardium, 2 = RV cavity.

    The long axis is that of the ellipsoid fitted to the LV as it appears (:mod:`..geometry.ellipsoid_fit`), as the
    project measures long axes everywhere; the fit starts from the LV's principal axis of inertia. ``i`` points away
    from the RV.

    Raises:
        ValueError: one of the labels is missing.
    """
    lv, rv = labels.array == 1, labels.array == 2
    if not lv.any() or not rv.any():
        msg = "a label map of the ventricles needs label 1 (LV) and 2 (RV)"
        raise ValueError(msg)
    pose = _pose_of_ventricles(labels, lv, rv)
    rough = _mapped(labels, pose, spacing, size)
    shape = MappedShape(rough.epi, rough.rv, spacing, rough.plane, (0.0, 0.0), rough.apex, (1.0, 1.0, 1.0), 10.0, 7.0)
    ellipsoid = fit_ellipsoid(
        apparent_labels(shape, points_round_origin(size, spacing), spacing, TYPICAL_FWHM_MM), spacing
    )
    if ellipsoid is None:
        return rough
    axis = pose.rotation @ ellipsoid.axis
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
