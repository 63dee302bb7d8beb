"""Traces of wrapped and clipped counts, made here by the number types that make them."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.count_faults import clipped_ml
from MSSTUNetReorientLib.prediction.count_faults import wrapped_voxels
from results import make_result
from scipy import ndimage

RESULT = make_result()


def smooth(top: float) -> np.ndarray:
    """A study with one bright wall, its maximum ``top``."""
    counts = ndimage.gaussian_filter(RESULT.study.array.astype(float), 1.0)
    return counts * (top / counts.max())


@pytest.mark.parametrize("top", [33_000, 45_000, 65_000])
def test_counts_beyond_a_signed_type(top: float) -> None:
    stored = smooth(top).astype(np.uint16).view(np.int16)
    assert wrapped_voxels(stored.astype(np.float32)) >= 1
    assert wrapped_voxels(smooth(32_000).astype(np.uint16).view(np.int16).astype(np.float32)) == 0


@pytest.mark.parametrize("levels", [2**16, 2**8])
@pytest.mark.parametrize("beyond", [1.05, 1.2, 1.9, 3.0])
def test_counts_beyond_an_unsigned_type(levels: int, beyond: float) -> None:
    stored = np.mod(smooth(levels * beyond).round(), levels)
    assert wrapped_voxels(stored.astype(np.float32)) >= 1
    assert wrapped_voxels(smooth(levels - 1).round().astype(np.float32)) == 0


def test_negative_counts_in_an_unsigned_type() -> None:
    noise = np.random.default_rng(0).normal(0, 20, RESULT.study.array.shape)
    body = ndimage.binary_dilation(smooth(1.0) > 0.1, iterations=2)
    filtered_back_projection = smooth(2_000) * body + noise
    stored = filtered_back_projection.astype(np.int16)
    assert wrapped_voxels(stored.astype(np.float32)) == 0
    assert wrapped_voxels(stored.view(np.uint16).astype(np.float32)) > 100


def test_bright_spots_and_ringing_are_no_fault() -> None:
    counts = smooth(1_000)
    counts[3, 3, 3] = 5_000
    counts -= 0.15 * ndimage.gaussian_filter(counts, 4)
    assert wrapped_voxels(counts.astype(np.float32)) == 0


def study(counts: np.ndarray) -> Volume:
    return Volume(counts.astype(np.float32), RESULT.study.grid)


def test_clipped_at_the_heart() -> None:
    counts = smooth(60_000)
    clipped = np.minimum(counts, 32_767).round()
    assert clipped_ml(study(clipped), RESULT.labels) > 10
    assert clipped_ml(study(counts.round()), RESULT.labels) == 0


def test_clipped_size_is_that_of_the_plateau() -> None:
    counts = smooth(1_000)
    at = np.rint(RESULT.study.grid.index_of(RESULT.pose.apply([25.0, 0.0, 0.0]))).astype(int)[::-1]
    box = tuple(slice(n - 1, n + 2) for n in at)
    counts[box] = 5_000
    assert clipped_ml(study(counts), RESULT.labels) == pytest.approx(27 * RESULT.study.grid.voxel_ml)


def test_a_plateau_far_from_the_heart_is_nobodys_concern() -> None:
    counts = smooth(1_000)
    counts[:4, :4, :4] = 5_000
    assert clipped_ml(study(counts), RESULT.labels) == 0


def test_a_plateau_beside_the_heart_is_not_the_hearts() -> None:
    counts = smooth(1_000)
    at = np.rint(RESULT.study.grid.index_of(RESULT.pose.apply([65.0, 0.0, 0.0]))).astype(int)[::-1]
    counts[tuple(slice(n - 1, n + 2) for n in at)] = 5_000
    assert clipped_ml(study(counts), RESULT.labels) == 0


def test_few_levels_share_their_maximum_by_nature() -> None:
    assert clipped_ml(study(smooth(12).round()), RESULT.labels) == 0


def test_doubled_voxels_make_no_plateau() -> None:
    grid = Grid.centred(40, 6.0, Pose(np.eye(3), RESULT.pose.centre))
    rng = np.random.default_rng(1)
    coarse = ndimage.gaussian_filter(rng.random((20, 20, 20)), 1.0)
    fine = np.kron(coarse, np.ones((2, 2, 2))).astype(np.float32)
    small = Grid(grid.size, grid.spacing / 2, grid.origin + 60.0)
    assert clipped_ml(Volume(fine, small), RESULT.labels) == 0


def grey(**at: float) -> np.ndarray:
    """Counts of 0.3 with a maximum of 1 far from the middle; values for the middle and its neighbours."""
    counts = np.full((12, 12, 12), 0.3, np.float32)
    counts[1, 1, 1] = 1.0
    counts[6, 6, 6] = at["middle"]
    ring = [(5, 6, 6), (7, 6, 6), (6, 5, 6), (6, 7, 6), (6, 6, 5), (6, 6, 7)]
    for place in ring[: int(at["neighbours"])]:
        counts[place] = at["value"]
    return counts


@pytest.mark.parametrize(
    ("middle", "neighbours", "value", "found"),
    [
        (-0.26, 1, 0.51, 1),
        (-0.24, 1, 0.51, 0),
        (-0.26, 1, 0.49, 0),
        (0.24, 4, 0.61, 1),
        (0.24, 3, 0.61, 0),
        (0.24, 6, 0.59, 0),
        (0.26, 6, 0.61, 0),
    ],
)
def test_a_jump_within_one_voxel_has_its_limits(middle: float, neighbours: int, value: float, found: int) -> None:
    assert wrapped_voxels(grey(middle=middle, neighbours=neighbours, value=value)) == found


@pytest.mark.parametrize(("place", "found"), [((6, 5, 5), 1), ((5, 5, 4), 1), ((6, 6, 5), 0), ((6, 6, 6), 0)])
def test_a_jump_is_one_between_voxels_that_share_a_face(place: tuple[int, int, int], found: int) -> None:
    counts = np.full((12, 12, 12), 0.3, np.float32)
    counts[5, 5, 5], counts[place] = 1.0, -0.6
    assert wrapped_voxels(counts) == found


@pytest.mark.parametrize(("beside_zero", "found"), [(3, 3), (2, 0)])
def test_tops_beside_zero_are_wrapped_where_most_are(beside_zero: int, found: int) -> None:
    counts = np.full((12, 12, 12), 0.3, np.float32)
    for n, i in enumerate((1, 4, 7, 10)):
        counts[6, 6, i] = 0.96
        if n < beside_zero:
            counts[5, 6, i] = counts[7, 6, i] = 0.04
    counts[6, 6, 1] = 1.0
    assert wrapped_voxels(counts) == found


@pytest.mark.parametrize(("voxels", "clipped"), [(3, False), (4, True)])
def test_four_voxels_are_a_plateau(voxels: int, clipped: bool) -> None:
    counts = smooth(1_000)
    k, j, i = np.rint(RESULT.study.grid.index_of(RESULT.pose.apply([25.0, 0.0, 0.0]))).astype(int)[::-1]
    counts[k, j, i : i + voxels] = 5_000
    expected = voxels * 0.15 if clipped else 0.0  # voxels of 5 x 5 x 6 mm
    assert clipped_ml(study(counts), RESULT.labels) == pytest.approx(expected)
