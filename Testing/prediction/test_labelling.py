"""The pose that labels alone say, against a phantom cup turned by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.prediction import labelling
from MSSTUNetReorientLib.prediction.labelling import labels_on
from MSSTUNetReorientLib.prediction.labelling import pose_from_labels
from MSSTUNetReorientLib.prediction.labelling import softness
from scipy import ndimage
from scipy.spatial.transform import Rotation
from torch import Tensor

SIZE, SPACING = 48, 3.2


def shares_of_cup(turn: np.ndarray, shift: np.ndarray) -> Tensor:
    """A cup of 32 mm outer radius, its axes (columns of ``turn``) and its place in the label grid's frame."""
    line = (np.arange(SIZE) - (SIZE - 1) / 2) * SPACING
    z, y, x = np.meshgrid(line, line, line, indexing="ij")
    x, y, z = np.moveaxis((np.stack([x, y, z], -1) - shift) @ turn, -1, 0)

    def inside(radius: float, length: float) -> np.ndarray:
        return (np.hypot(x, y) / radius) ** 2 + (np.minimum(z, 0) / length) ** 2 < 1

    lv = inside(32, 52) & (z < 28)
    pool = inside(18, 38) & (z < 28)
    return torch.from_numpy(np.stack([lv & ~pool, pool]).astype(np.float32))


@pytest.mark.parametrize("degrees", [(0.0, 0.0), (6.0, -4.0), (-9.0, 7.0)])
def test_the_axis_is_the_cups(degrees: tuple[float, float]) -> None:
    """Wherever the network looks from; a cup of revolution leaves no doubt about its centre line."""
    turn = Rotation.from_euler("YX", degrees, degrees=True).as_matrix()
    seen = pose_from_labels(shares_of_cup(turn, np.array([4.0, -3.0, 2.0])))
    apart = angle_between(turn[:, 2], [0, 0, 1])
    assert seen.disagreement_deg == pytest.approx(apart, abs=1.0)
    assert angle_between(seen.axis, turn[:, 2]) < 2.5
    assert np.linalg.norm(seen.axis) == pytest.approx(1.0)


@pytest.mark.parametrize(("soft", "share"), [(1.1, 0.0), (1.35, 1 / 3), (2.0, 1 / 2)])
def test_the_softer_the_labels_the_more_the_networks_axis_counts(soft: float, share: float) -> None:
    """Share of the way from the axis of hard labels to the network's."""
    turn = Rotation.from_euler("YX", (-9, 7), degrees=True).as_matrix()
    hard = shares_of_cup(turn, np.zeros(3))
    blurred = torch.from_numpy(ndimage.gaussian_filter(hard.numpy(), (0, 1, 1, 1)))
    shares = torch.lerp(hard, blurred, soft / softness(blurred))
    assert softness(shares) == pytest.approx(soft, rel=0.02)
    sure, seen = (angle_between(pose_from_labels(x).axis, [0, 0, 1]) for x in (hard, shares))
    assert 1 - seen / sure == pytest.approx(share, abs=0.05)


def test_softness_depends_on_the_edge_and_not_on_the_size() -> None:
    line = np.arange(SIZE) - (SIZE - 1) / 2
    distance = np.sqrt((np.stack(np.meshgrid(line, line, line)) ** 2).sum(0))

    def soft(radius: float, width: float) -> float:
        lv = np.clip(0.5 - (distance - radius) / width, 0, 1)
        return softness(torch.from_numpy(np.stack([lv, 0 * lv])))

    assert soft(12, 1e-3) == 0.0
    assert soft(18, 4) == pytest.approx(soft(12, 4), rel=0.05)
    assert soft(12, 4) == pytest.approx(2 * soft(12, 2), rel=0.05)
    # Of an edge w wide, both halves hold w/8 of the surface: (36 pi)^(1/3) V^(2/3)
    assert soft(18, 4) == pytest.approx((36 * np.pi) ** (1 / 3), rel=0.05)


def test_without_an_ellipsoid_the_networks_axis_remains() -> None:
    shares = torch.zeros(2, SIZE, SIZE, SIZE)
    shares[0, 23:25, 20:28, 20:28] = 1.0
    seen = pose_from_labels(shares)
    np.testing.assert_array_equal(seen.axis, [0.0, 0.0, 1.0])
    assert np.isnan(seen.disagreement_deg)


@pytest.mark.parametrize(("shift", "size"), [((4.0, -3.0, 2.0), 95), ((50.0, 40.0, -30.0), 61), ((0.0, 0.0, 0.0), 9)])
def test_labels_are_read_at_every_voxel_as_interpolation_says(shift: tuple[float, float, float], size: int) -> None:
    """Also of an LV cut by the edge of its shares, and on a grid within the LV."""
    turn = Rotation.from_euler("YX", (12, -7), degrees=True).as_matrix()
    shares = torch.nn.functional.avg_pool3d(shares_of_cup(turn, np.array(shift))[None], 3, 1, 1)[0]
    away, grid = np.array([3.0, -6.0, 5.0]), Grid.centred(size, 2.0, Pose(np.eye(3), np.zeros(3)))
    points = (grid.points() @ turn.T + away) / SPACING + (SIZE - 1) / 2
    at = np.moveaxis(points, -1, 0)[::-1]
    wall, pool = (ndimage.map_coordinates(x, at, order=1) for x in shares.numpy())
    sure = np.abs(np.sort([wall, pool, 1 - wall - pool], axis=0)[-1] - 0.5) > 1e-3
    expected = np.where(pool > np.maximum(wall, 1 - wall - pool), 2, np.where(wall > 1 - wall - pool, 1, 0))
    told = labels_on(shares, grid, away, turn)
    assert (told > 0).any()
    assert (told == expected)[sure].mean() > 0.9999


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("axis", range(3))
def test_a_grid_beside_the_ventricle_has_no_labels(axis: int, sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shares are not sampled for it."""
    monkeypatch.delattr(labelling, "sample")
    away = np.zeros(3)
    away[axis] = sign * 75.0
    grid = Grid.centred(9, 2.0, Pose(np.eye(3), np.zeros(3)))
    told = labels_on(shares_of_cup(np.eye(3), np.zeros(3)), grid, away)
    assert told.shape == (9, 9, 9)
    assert not told.any()


def test_no_labels_no_pose() -> None:
    seen = pose_from_labels(torch.zeros(2, SIZE, SIZE, SIZE))
    np.testing.assert_array_equal(seen.offset, np.zeros(3))
    assert np.isnan(seen.disagreement_deg)


def test_labels_read_on_a_turned_grid_stay_where_they_are() -> None:
    shift = np.array([3.0, -2.0, 1.0])
    shares = shares_of_cup(np.eye(3), shift)
    own = Grid.centred(SIZE, SPACING, Pose(np.eye(3), np.zeros(3)))
    turn = Rotation.from_euler("YX", (8, -5), degrees=True).as_matrix()
    pose = Pose(turn, shift)
    grid = Grid.centred(60, 2.0, pose)
    read, plain = labels_on(shares, grid, shift, turn), labels_on(shares, own, np.zeros(3))
    for value in (1, 2):
        k, j, i = np.nonzero(read == value)
        k0, j0, i0 = np.nonzero(plain == value)
        here = grid.at(np.stack([i, j, k], 1)).mean(axis=0)
        np.testing.assert_allclose(here, own.at(np.stack([i0, j0, k0], 1)).mean(axis=0), atol=0.5)
        assert len(k) * 2.0**3 == pytest.approx(len(k0) * SPACING**3, rel=0.04)
