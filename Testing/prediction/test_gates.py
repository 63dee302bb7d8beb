"""Gates: smoothed over the cycle, and their motion given back; segmented at the pose of the sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.prediction.gates import kept
from MSSTUNetReorientLib.prediction.gates import passes
from MSSTUNetReorientLib.prediction.gates import restored
from MSSTUNetReorientLib.prediction.gates import smoothed
from MSSTUNetReorientLib.prediction.gates import with_gates
from MSSTUNetReorientLib.prediction.predictor import predict
from places import REPOSITORY
from results import make_result

GRID = Grid((2, 3, 4), np.ones(3), np.zeros(3))


def series(values: np.ndarray) -> list[Volume]:
    return [Volume(np.full((4, 3, 2), value, np.float32), GRID) for value in values]


def waves(gates: int, first: float, second: float, third: float = 0.0) -> np.ndarray:
    t = 2 * np.pi * np.arange(gates) / gates
    return np.asarray(0.5 + first * np.cos(t - 1) + second * np.cos(2 * t + 0.5) + third * np.cos(3 * t))


def test_smoothing_by_hand() -> None:
    """A quarter, a half, a quarter, round the cycle."""
    found = smoothed(series(np.array([8.0, 0, 0, 0, 0, 0, 0, 4])))
    assert [float(gate.array[0, 0, 0]) for gate in found] == [5.0, 2.0, 0, 0, 0, 0, 1.0, 4.0]


@pytest.mark.parametrize("gates", [6, 8, 12, 16, 24])
def test_motion_is_given_back(gates: int) -> None:
    """The first two harmonics are as before; the third, which is mostly noise, is gone."""
    given, noisy = waves(gates, 0.2, 0.1), waves(gates, 0.2, 0.1, 0.05)
    once = np.array([gate.array[0, 0, 0] for gate in smoothed(series(noisy))])
    if passes(gates):
        assert np.ptp(once) < np.ptp(given)
    np.testing.assert_allclose(restored(torch.from_numpy(once)[:, None])[:, 0], given, atol=1e-5)


def test_the_same_part_of_the_cycle_whatever_the_number_of_gates() -> None:
    np.testing.assert_allclose(kept(16)[:3], kept(8)[:3], atol=0.04)


def test_noise_becomes_less() -> None:
    noise = np.random.default_rng(0).normal(size=(8, 4, 3, 200)).astype(np.float32)
    grid = Grid((200, 3, 4), np.ones(3), np.zeros(3))
    quiet = np.stack([gate.array for gate in smoothed([Volume(n, grid) for n in noise])])
    assert quiet.std() == pytest.approx(np.sqrt(3 / 8) * noise.std(), rel=0.03)


def test_a_share_stays_one() -> None:
    found = restored(torch.tensor([[1.0], [1], [1], [0], [0], [0], [1], [1]]))
    assert found.min() >= 0
    assert found.max() <= 1


def test_gates_must_lie_on_the_grid_of_their_sum() -> None:
    result = make_result()
    gate = replace(result.study, array=result.study.array / 8)
    moved = Grid(gate.grid.size, gate.grid.spacing, gate.grid.origin + 3.0, gate.grid.direction)
    with pytest.raises(InputError, match="gate 2: all gates must lie on the grid of their sum"):
        with_gates(result, [gate, Volume(gate.array, moved)])


def test_gates_of_a_still_heart_are_alike() -> None:
    """Eight equal gates have equal labels: those of the sum at the same pose."""
    result = predict(read_study(REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"))
    gate = replace(result.study, array=result.study.array / np.float32(8))
    found = with_gates(result, [gate] * 8).gates
    assert found is not None
    assert found.shares.shape == (8, 2, 48, 48, 48)
    assert len(found.short_axis) == len(found.labels) == 8
    np.testing.assert_allclose(found.shares, found.shares[:1].repeat(8, axis=0), atol=1e-4)
    assert found.labels[0].grid.size == result.labels.grid.size
    np.testing.assert_allclose(found.labels[0].grid.matrix, result.labels.grid.matrix, atol=1e-6)
    inside = result.labels.array > 0
    both = (found.labels[3].array > 0) & inside
    assert 2 * both.sum() / (inside.sum() + (found.labels[3].array > 0).sum()) > 0.8
    assert found.total_counts == pytest.approx((float(result.study.array.sum()) / 8,) * 8, rel=1e-4)
