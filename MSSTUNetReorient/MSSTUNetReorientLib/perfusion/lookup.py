"""Counts and label shares between voxels: trilinear interpolation at any points."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def values_at(array: NDArray[Any], index: Array) -> NDArray[np.float32]:
    """The array ``(K, J, I)`` at fractional indices ``(..., 3)`` (i, j, k); beyond its edge, the value at the edge.

    Halfway between two voxels:

    >>> values_at(np.array([[[0.0, 4.0]]]), np.array([0.5, 0.0, 0.0])).tolist()
    2.0
    """
    counts = np.ascontiguousarray(array, dtype=np.float32)
    last = np.array(counts.shape[::-1]) - 1
    near = np.clip(index, 0, last)
    low = np.minimum(near.astype(np.int32), np.maximum(last - 1, 0))
    part = (near - low).astype(np.float32)
    strides = np.array([1, counts.shape[2], counts.shape[2] * counts.shape[1]])
    start, flat = low @ strides, counts.ravel()
    found = np.zeros(index.shape[:-1], dtype=np.float32)
    for corner in product((0, 1), repeat=3):
        if any(step and end == 0 for step, end in zip(corner, last, strict=True)):
            continue
        weight = np.ones(index.shape[:-1], dtype=np.float32)
        for axis, step in enumerate(corner):
            weight *= part[..., axis] if step else 1 - part[..., axis]
        found += weight * flat[start + int(strides @ corner)]
    return found
