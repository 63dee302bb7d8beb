"""The label of each voxel, the box round labels, and a mask grown, by hand and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.labels import BACKGROUND
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.labels import box_round
from MSSTUNetReorientLib.geometry.labels import dilated
from MSSTUNetReorientLib.geometry.labels import likeliest
from scipy import ndimage


@pytest.mark.parametrize(
    ("wall", "pool", "label"),
    [
        (0.0, 0.0, BACKGROUND),
        (0.51, 0.0, MYOCARDIUM),
        (0.49, 0.0, BACKGROUND),
        (0.0, 0.51, BLOOD_POOL),
        (0.0, 0.49, BACKGROUND),
        (0.4, 0.25, MYOCARDIUM),
        (0.25, 0.4, BLOOD_POOL),
        (0.3, 0.3, BACKGROUND),
        (0.5, 0.5, MYOCARDIUM),
        (0.5, 0.0, BACKGROUND),
    ],
)
def test_the_label_with_the_largest_share_wins(wall: float, pool: float, label: int) -> None:
    """Where two have the same, the outer one."""
    told = likeliest(np.array([wall]), np.array([pool]))
    assert told.tolist() == [label]
    assert told.dtype == np.uint8


def test_the_box_round_labels_holds_them_and_their_margin() -> None:
    labels = np.zeros((20, 22, 24), np.uint8)
    labels[5:9, 1:4, 20:23] = 2
    assert box_round(labels, 3) == (slice(2, 12), slice(0, 7), slice(17, 26))
    assert labels[box_round(labels, 3)].shape == (10, 7, 7)
    assert labels[box_round(labels * 0, 3)].shape == labels.shape


@pytest.mark.parametrize("share", [0.01, 0.001])
@pytest.mark.parametrize("voxels", [0, 1, 3, 5, 11, 12, 13, 20])
def test_grown_mask_is_scipys(voxels: int, share: float) -> None:
    mask = np.random.default_rng(0).random((17, 15, 13)) > 1 - share
    expected = ndimage.maximum_filter(mask, 2 * voxels + 1, mode="constant")
    np.testing.assert_array_equal(dilated(mask, voxels), expected)
