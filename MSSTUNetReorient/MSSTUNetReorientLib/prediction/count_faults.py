"""Errors in the counts of a file: wrapped between the top and bottom of the scale, or clipped at a maximum.

Each leaves traces that no patient has, whatever number type the file had: they are detected in the values.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..geometry.labels import box_round
from ..geometry.labels import dilated
from ..geometry.volume import Volume

DEEP, HIGH = 0.25, 0.5
"""A voxel this far below zero beside one this high, as shares of the maximum: reconstructions ring far less."""
TOP, FLAT = 0.95, 0.05
"""Negative counts that became the largest of an unsigned type stand at the top, beside voxels near zero."""
LOW, RING, RING_VOXELS = 0.25, 0.6, 4
"""Counts beyond the largest of an unsigned type begin again at zero: a hole in the midst of the hottest."""
TOP_SHARE = 1e-3
"""Share of the voxels at the top from which this is no single bright spot."""
LEAST_LEVELS = 100
"""With fewer different values than this, many voxels share the largest one by nature."""
PLATEAU_VOXELS, PLATEAU_ML = 4, 0.5
"""Smallest connected plateau at the maximum that counts as clipped; a voxel doubled along each axis makes less."""
NEAR_LV_MM = 10.0
"""A plateau further from the LV than this is ignored: cameras clip the bright rim of their field."""


def wrapped_voxels(counts: NDArray[np.float32]) -> int:
    """Voxels of ``(K, J, I)`` that jump between the top and the bottom of the scale within one voxel."""
    top = float(counts.max())
    near = counts[box_round(counts > HIGH * top, 1)]  # all jumps are beside something hot
    deep = near < -DEEP * top
    wrapped = int((deep & (_neighbours(near > HIGH * top) > 0)).sum()) if deep.any() else 0
    wrapped += int(((near < LOW * top) & ~deep & (_neighbours(near > RING * top) >= RING_VOXELS)).sum())
    highest = near > TOP * top
    if highest.sum() > TOP_SHARE * counts.size:
        jumps = int((highest & (_neighbours(near < FLAT * top) >= 2)).sum())
        wrapped += jumps if jumps > highest.sum() / 2 else 0
    return wrapped


def clipped_ml(study: Volume, labels: Volume) -> float:
    """Volume of the largest connected plateau at the study's maximum that touches the LV, ml; 0 where there is none.

    Args:
        study: counts ``(K, J, I)``; labels: 0/1/2 on an SA grid.
    """
    counts = study.array
    highest = counts == counts.max()
    if highest.sum() < PLATEAU_VOXELS or len(np.unique(counts)) < LEAST_LEVELS:
        return 0.0
    parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(highest.astype(np.uint8))))
    k, j, i = np.nonzero(highest)
    index = np.rint(labels.grid.index_of(study.grid.at(np.stack([i, j, k], axis=1)))).astype(int)
    inside = ((index >= 0) & (index < labels.grid.size)).all(axis=1)
    near = dilated(labels.array > 0, round(NEAR_LV_MM / labels.grid.spacing[0]))
    x, y, z = index[inside].T
    numbers = parts[highest][inside][near[z, y, x]]
    voxels = int(np.bincount(parts[highest])[np.unique(numbers)].max(initial=0))
    ml = voxels * study.grid.voxel_ml
    return ml if voxels >= PLATEAU_VOXELS and ml >= PLATEAU_ML else 0.0


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """How many of a voxel's six neighbours are in the mask."""
    padded = np.pad(mask, 1).astype(np.uint8)
    count = np.zeros(mask.shape, np.uint8)
    for axis in range(3):
        for start in (0, 2):
            box = [slice(1, -1)] * 3
            box[axis] = slice(start, start + mask.shape[axis])
            count += padded[tuple(box)]
    return count
