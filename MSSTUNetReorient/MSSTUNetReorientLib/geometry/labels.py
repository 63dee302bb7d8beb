"""Values of a label volume, and the box of the LV in it.

Three voxels with shares of wall and blood pool; background has the rest:

>>> likeliest(np.array([0.6, 0.2, 0.1]), np.array([0.3, 0.7, 0.1])).tolist()
[1, 2, 0]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BACKGROUND, MYOCARDIUM, BLOOD_POOL = 0, 1, 2
"""Outside, the LV wall as it appears, and what remains inside it up to the valve plane."""


def likeliest(wall: NDArray[np.floating[Any]], pool: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Of each voxel the label with the largest share, from those of LV-MY and LV-BP; background has the rest."""
    ground = 1 - wall - pool
    inside = np.where(pool > np.maximum(wall, ground), BLOOD_POOL, np.where(wall > ground, MYOCARDIUM, BACKGROUND))
    return inside.astype(np.uint8)


def largest_count(counts: NDArray[Any], labels: NDArray[Any]) -> float:
    """The largest count inside the LV; of all counts where no LV is labelled."""
    inside = labels != BACKGROUND
    return float((counts[inside] if inside.any() else counts).max())


def box_round(labels: NDArray[np.uint8] | NDArray[np.bool_], margin: int) -> tuple[slice, ...]:
    """Slices of the smallest box that holds every voxel above 0 and ``margin`` more on each side, cut at the edges.

    All of the volume where no voxel is.
    """
    box, there = [], labels > 0
    for axis in range(labels.ndim):
        others = tuple(a for a in range(labels.ndim) if a != axis)
        inside = np.flatnonzero(there.any(axis=others))
        box.append(slice(max(int(inside[0]) - margin, 0), int(inside[-1]) + margin + 1) if len(inside) else slice(None))
    return tuple(box)


def dilated(mask: NDArray[np.bool_], voxels: int) -> NDArray[np.bool_]:
    """A mask grown by a box of ``voxels`` on each side: along one axis after the other, where a window has any."""
    grown = mask
    for axis, count in enumerate(mask.shape):
        before = np.insert(np.cumsum(grown, axis=axis, dtype=np.int32), 0, 0, axis=axis)
        first, last = np.arange(count) - voxels, np.arange(count) + voxels + 1
        grown = before.take(np.minimum(last, count), axis=axis) > before.take(np.maximum(first, 0), axis=axis)
    return grown
