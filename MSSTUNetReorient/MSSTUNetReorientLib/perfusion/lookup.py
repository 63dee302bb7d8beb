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
    flat, steps = counts.ravel(), (1, counts.shape[2], counts.shape[2] * counts.shape[1])
    start, sides = np.zeros(index.shape[:-1], dtype=np.int64), []
    for axis, (step, count) in enumerate(zip(steps, counts.shape[::-1], strict=True)):
        near = np.clip(index[..., axis], 0, count - 1)
        low = np.minimum(near.astype(np.int32), max(count - 2, 0))
        part = (near - low).astype(np.float32)
        start += low * np.int64(step)
        sides.append([(0, 1 - part), (step, part)][: min(count, 2)])
    found = np.zeros(index.shape[:-1], dtype=np.float32)
    for (i, of_i), (j, of_j) in product(sides[0], sides[1]):
        share = of_i * of_j
        for k, of_k in sides[2]:
            found += share * of_k * flat[start + (i + j + k)]
    return found
