"""Metrics against shapes whose figures are known by hand, and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation.metrics import agreement
from MSSTUNetReorientLib.evaluation.metrics import angles_of
from MSSTUNetReorientLib.evaluation.metrics import comparison_grid
from MSSTUNetReorientLib.evaluation.metrics import dice
from MSSTUNetReorientLib.evaluation.metrics import hausdorff_95
from MSSTUNetReorientLib.evaluation.metrics import is_failure
from MSSTUNetReorientLib.evaluation.metrics import regression
from MSSTUNetReorientLib.evaluation.metrics import rot_mse
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from numpy.typing import NDArray
from results import POSE
from scipy import stats
from scipy.spatial import cKDTree

Mask = NDArray[np.bool_]


def box(size: int, start: tuple[int, int, int], stop: tuple[int, int, int]) -> Mask:
    mask = np.zeros((size,) * 3, bool)
    mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return mask


def blobs(seed: int) -> Mask:
    rng = np.random.default_rng(seed)
    k, j, i = np.indices((24, 22, 20))
    mask = np.zeros(k.shape, bool)
    for _ in range(3):
        centre, radius = rng.uniform(7, 14, 3), rng.uniform(2, 6)
        mask |= (k - centre[0]) ** 2 + (j - centre[1]) ** 2 + (i - centre[2]) ** 2 < radius**2
    return mask


def by_hand(a: Mask, b: Mask, spacing: tuple[float, float, float]) -> float:
    """HD95 from lists of surface voxels, neighbours looked up one by one."""

    def points(mask: Mask) -> NDArray[np.float64]:
        padded = np.pad(mask, 1)
        inside = np.argwhere(mask)
        steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
        edge = [not all(padded[tuple(p + 1 + s)] for s in steps) for p in inside]
        return inside[edge][:, ::-1] * np.array(spacing)

    pa, pb = points(a), points(b)
    there, back = cKDTree(pb).query(pa)[0], cKDTree(pa).query(pb)[0]
    return float(max(np.percentile(there, 95), np.percentile(back, 95)))


def test_dice_by_hand() -> None:
    a, b = box(10, (0, 0, 0), (4, 4, 4)), box(10, (0, 0, 2), (4, 4, 6))
    assert dice(a, b) == pytest.approx(0.5)
    assert dice(a, np.zeros_like(a)) == 0.0
    assert dice(np.zeros_like(a), np.zeros_like(a)) == 1.0


@pytest.mark.parametrize("seed", range(4))
def test_hd95_by_brute_force(seed: int) -> None:
    spacing = (2.0, 3.0, 4.5)
    a, b = blobs(seed), blobs(seed + 10)
    assert hausdorff_95(a, b, spacing) == pytest.approx(by_hand(a, b, spacing), rel=1e-6)
    assert hausdorff_95(a, b, spacing) == hausdorff_95(b, a, spacing)


def test_hd95_of_two_voxels_knows_the_axes() -> None:
    a, b = box(12, (2, 2, 2), (3, 3, 3)), box(12, (2, 2, 7), (3, 3, 8))
    assert hausdorff_95(a, b, (2.0, 3.0, 4.0)) == pytest.approx(10.0)  # five voxels along i, 2 mm each
    assert hausdorff_95(a, a, (2.0, 3.0, 4.0)) == 0.0


def test_a_missing_label_lies_infinitely_far() -> None:
    a = box(8, (2, 2, 2), (4, 4, 4))
    assert hausdorff_95(a, np.zeros_like(a), (1, 1, 1)) == np.inf
    assert hausdorff_95(np.zeros_like(a), np.zeros_like(a), (1, 1, 1)) == 0.0


def test_the_common_grid_keeps_the_true_voxels() -> None:
    true = Grid.centred(48, 3.2, POSE)
    grid = comparison_grid(true)
    assert (grid.extent >= 300).all()
    index = grid.index_of(true.at([0, 0, 0]))
    assert np.allclose(index, np.rint(index))
    assert np.allclose(grid.centre, true.centre)


def test_failures() -> None:
    assert not is_failure(15.0, 20.0)
    assert is_failure(15.1, 0.0)
    assert is_failure(0.0, 20.1)
    assert is_failure(float("nan"), 0.0)


def test_rot_mse_is_wrapped() -> None:
    true = Pose.from_euler(3.1, -1.0, 1.2, np.zeros(3))
    found = Pose.from_euler(-3.1, -1.0, 1.2, np.zeros(3))
    step = 2 * np.pi - 6.2
    assert rot_mse(found, true) == pytest.approx(step**2 / 3)
    seen, expected = angles_of(found, true)
    assert np.abs(seen - expected).max() == pytest.approx(step)


def test_rot_mse_does_not_hang_on_the_branch() -> None:
    """Both poses lie beyond beta = -pi/2, where their principal triples would jump."""
    true = Pose.from_euler(-0.8, -1.69, 1.2, np.zeros(3))
    found = Pose.from_euler(-0.7, -1.50, 1.2, np.zeros(3))
    assert rot_mse(found, true) == pytest.approx((0.1**2 + 0.19**2) / 3)


def test_regression_is_scipys() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=30)
    y = 0.8 * x + 0.2 + 0.1 * rng.normal(size=30)
    ours, theirs = regression(y, x), stats.linregress(x, y)
    assert ours is not None
    assert (ours.r, ours.slope, ours.intercept) == pytest.approx((theirs.rvalue, theirs.slope, theirs.intercept))
    assert ours.spread == pytest.approx(np.std(x, ddof=1))
    assert regression([1.0, 2.0], [1.0, 2.0]) is None
    assert regression([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]) is None


def test_agreement_by_hand() -> None:
    found = agreement([110.0, 190.0], [100.0, 200.0])
    assert found is not None
    assert found.bias == pytest.approx(2.5)
    assert found.sd == pytest.approx(7.5 * np.sqrt(2))
