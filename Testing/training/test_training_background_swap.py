"""A heart with the surroundings of another study."""

from __future__ import annotations

import numpy as np
from MSSTUNetReorientLib.training.background_swap import REACH_MM
from MSSTUNetReorientLib.training.background_swap import SEAM_MM
from MSSTUNetReorientLib.training.background_swap import swap_background
from MSSTUNetReorientLib.training.pool import Sample

LABELS = np.zeros((48, 48, 48), np.uint8)


def cube_with_spot(centre: np.ndarray, level: float, height: float) -> Sample:
    """An even level, and a bright voxel at the LV centre."""
    cube = np.full((96, 96, 96), level, np.float16)
    i, j, k = np.round(centre / 4 + 47.5).astype(int)
    cube[k, j, i] = height
    return Sample(cube, np.eye(3), centre, LABELS, "spect-physical")


def test_near_the_ventricle_a_study_stays_itself_and_far_from_it_is_the_other() -> None:
    one = cube_with_spot(np.array([18.0, -22.0, 10.0]), 1.0, 9.0)
    other = cube_with_spot(np.array([-14.0, 30.0, 2.0]), 3.0, 50.0)
    mixed = swap_background(one, other, np.random.default_rng(1))
    line = (np.arange(96) - 47.5) * 4
    k, j, i = np.meshgrid(line, line, line, indexing="ij")
    distance = np.sqrt((i - 18) ** 2 + (j + 22) ** 2 + (k - 10) ** 2)
    near, far = distance < REACH_MM[0] - 5 * SEAM_MM, distance > REACH_MM[1] + 5 * SEAM_MM
    assert np.abs(mixed.cube - one.cube)[near].max() < 0.1
    shifted_in = np.abs(mixed.cube[far][mixed.cube[far] > 0.1] - 3)
    assert len(shifted_in) > 100_000
    assert shifted_in.max() < 0.1
    assert mixed.cube.max() < 10, "the other study's own heart is hidden"


def test_pose_and_labels_stay() -> None:
    one, other = (cube_with_spot(np.array([x, 0.0, 0.0]), 1.0, 2.0) for x in (0.0, 40.0))
    mixed = swap_background(one, other, np.random.default_rng(2))
    assert mixed.rotation is one.rotation
    assert mixed.centre is one.centre
    assert mixed.labels is one.labels
