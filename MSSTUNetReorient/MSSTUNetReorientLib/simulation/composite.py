"""Real hearts in simulated chests: the counts of a short-axis volume, and their labels, turned to a pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .heart import points_round_origin
from .paint import paint_spot
from .parameters import CountedHeart
from .parameters import StudyParameters
from .sources import HeartCounts
from .torso import Field
from .truth import LABEL_SIZE
from .truth import LABEL_SPACING

Array = NDArray[np.float64]

COUNTS_RADIUS_MM = 48.0
"""Of the cylinder round the long axis that the volumes hold."""


def blend_counts(image: Field, counts: Field, heart: CountedHeart, local: Field, turn: Array, own: Array) -> None:
    """Only the cylinder round the volume's own axis holds counts; its edge fades into the chest. In place.

    At both ends, where the counts stop within the wall, the last slice goes on and fades, as the wall's blur does.

    ``turn`` and ``own`` place the chest in the frame of the volume: ``p = turn.T @ x + own``.
    """
    half = (counts.shape[0] - 1) / 2
    near = np.flatnonzero((np.abs(local) < 85).all(axis=-1))
    p = local.reshape(-1, 3)[near].astype(float) @ turn + own
    index = np.moveaxis(p[..., ::-1] / heart.spacing + half, -1, 0)
    shown = ndimage.map_coordinates(counts, index, order=1, mode="nearest")
    radial = np.clip((min(COUNTS_RADIUS_MM, half * heart.spacing) - np.hypot(p[..., 0], p[..., 1])) / heart.edge, 0, 1)
    beyond = np.abs(p[..., 2]) - half * heart.spacing
    weight = radial * np.clip(0.75 - beyond / heart.edge, 0, 1)
    values = image.reshape(-1)[near]
    image.reshape(-1)[near] = (values + weight * (shown - values)).astype(np.float32)


def spots_outside(p: StudyParameters, labels: NDArray[np.uint8], local: Field, turn: Array, own: Array) -> Field:
    """Extracardiac activity that may touch the LV but not lie in it: it is added to the counts, as gut is."""
    assert isinstance(p.heart, CountedHeart)
    hot = np.zeros(local.shape[:3], np.float32)
    for spot in p.spots:
        paint_spot(hot, spot, local)
    near = np.flatnonzero((np.abs(local) < 85).all(axis=-1))
    index = (local.reshape(-1, 3)[near].astype(float) @ turn + own) / p.heart.spacing + (len(labels) - 1) / 2
    ventricle = ndimage.map_coordinates((labels > 0).astype(np.float32), np.moveaxis(index[..., ::-1], -1, 0), order=1)
    hot.reshape(-1)[near] *= (1 - ventricle).astype(np.float32)
    return hot


def resampled_labels(real: HeartCounts, spacing: float, centre: Array, axes: Array) -> NDArray[np.uint8]:
    """Labels on the cube of the truth, whose axes and centre in the volume's own frame are given."""
    labels = real.labels
    points = points_round_origin(LABEL_SIZE, LABEL_SPACING) @ axes.T + centre
    index = points / spacing + (labels.shape[0] - 1) / 2
    coordinates = np.moveaxis(index[..., ::-1], -1, 0)
    shares = [
        ndimage.map_coordinates((labels == v).astype(np.float32), coordinates, order=1, cval=float(v == 0))
        for v in range(3)
    ]
    return np.argmax(shares, axis=0).astype(np.uint8)
