"""Where the search looks and from which starts, against numbers worked out by hand and by SciPy."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.networks.compact import ScaleEstimate
from MSSTUNetReorientLib.networks.geometry import HALF_MM
from MSSTUNetReorientLib.prediction import search
from scipy import ndimage
from scipy.spatial.transform import Rotation
from torch import Tensor

CUBE = torch.zeros(1, 1, 96, 96, 96)
PEAKS = ((20, 12, 5), (4, 3, 18))
"""Voxels (i, j, k) of the two peaks of the stub's heat map, the higher one first."""


def at(peak: tuple[int, int, int]) -> np.ndarray:
    """Its place in the cube, mm: voxels of 16 mm, their middle at zero."""
    return (np.array(peak) - 11.5) * 16.0


@dataclass
class Stub:
    """A network that answers what it is asked, with logits of presence by peak.

    Attributes:
        wide_presence, close_presence: of the two peaks.
        turn: what is answered beyond the rotation that is asked.
        asked: rotations and translations of the close looks.
    """

    wide_presence: tuple[float, float] = (3.0, 3.0)
    close_presence: tuple[float, float] = (2.0, 1.0)
    turn: tuple[Rotation, ...] = ()
    asked: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def locate(self, cube: Tensor) -> tuple[ScaleEstimate, Tensor]:
        heat = torch.full((1, 24, 24, 24), -20.0)
        for (i, j, k), height in zip(PEAKS, (10.0, 8.0), strict=True):
            heat[0, k, j, i] = height
        start = torch.tensor(MEAN_ROTATION.copy()).float()[None]
        return ScaleEstimate(start, torch.zeros(1, 3), torch.zeros(1), torch.zeros(1, 1)), heat

    def wide(self, cube: Tensor, rotation: Tensor, translation: Tensor) -> ScaleEstimate:
        return self._look(rotation, translation, self.wide_presence)

    def close(self, cube: Tensor, rotation: Tensor, translation: Tensor) -> ScaleEstimate:
        self.asked.append((rotation.double().numpy(), translation.double().numpy() * HALF_MM))
        turned = rotation
        if len(self.asked) == 3 and self.turn:
            matrices = [r.as_matrix() for r in self.turn]
            turned = torch.tensor(np.array(matrices) @ MEAN_ROTATION).float()
        return self._look(turned, translation, self.close_presence)

    def _look(self, rotation: Tensor, translation: Tensor, presence: tuple[float, float]) -> ScaleEstimate:
        distance = np.linalg.norm(translation.numpy() * HALF_MM - at(PEAKS[0]), axis=1)
        said = torch.tensor([presence[0] if d < 1 else presence[1] for d in distance])
        return ScaleEstimate(rotation, translation, said, torch.zeros(len(rotation), 1))


def locate(stub: Any, **options: Any) -> search.Located:
    return search.locate(stub, CUBE, **options)


def test_the_pose_is_found_again_from_two_turned_starts() -> None:
    """12 degrees of swing, and 12 of tilt the other way; no roll, and from the same place."""
    stub = Stub()
    locate(stub)
    rotations, translations = stub.asked[1]
    for found, angles in zip(rotations, ([12, 0, 0], [0, -12, 0]), strict=True):
        turn = Rotation.from_euler("YXZ", angles, degrees=True).as_matrix()
        np.testing.assert_allclose(found, MEAN_ROTATION @ turn, atol=1e-5)
    np.testing.assert_allclose(translations, [at(PEAKS[0])] * 2, atol=0.1)


def test_the_answer_is_the_mean_of_the_starts_and_the_spread_their_distance_from_it() -> None:
    across = MEAN_ROTATION[:, 0]
    stub = Stub(turn=tuple(Rotation.from_rotvec(np.deg2rad(d) * across) for d in (5.0, -5.0)))
    located = locate(stub)
    np.testing.assert_allclose(located.rotation[0].numpy(), MEAN_ROTATION, atol=1e-5)
    assert located.spread_deg == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize(
    ("wide", "close", "winner", "presence"),
    [
        ((3.0, 3.0), (2.0, 1.0), 0, 2.0),
        ((3.0, 3.0), (1.0, 2.0), 1, 2.0),
        ((-1.0, 0.5), (9.0, 9.0), 1, 0.5),
        ((0.0, 9.0), (9.0, -0.5), 0, 0.0),
    ],
)
def test_a_candidate_is_as_likely_as_its_less_sure_look(
    wide: tuple[float, float], close: tuple[float, float], winner: int, presence: float
) -> None:
    located = locate(Stub(wide, close))
    np.testing.assert_allclose(located.translation[0].numpy() * HALF_MM, at(PEAKS[winner]), atol=0.1)
    np.testing.assert_allclose(located.wide_pose[1][0].numpy() * HALF_MM, at(PEAKS[winner]), atol=0.1)
    assert located.presence == pytest.approx(1 / (1 + np.exp(-presence)), abs=1e-6)


def test_a_candidate_that_moves_away_from_the_hint_counts_as_absent() -> None:
    """Three within 40 mm of the middle; the likeliest moves out along y when it is looked at closely."""

    class Moving(Stub):
        def locate(self, cube: Tensor) -> tuple[ScaleEstimate, Tensor]:
            look, heat = super().locate(cube)
            heat[:] = -20.0
            for n, place in enumerate(((11, 10, 13), (10, 13, 11), (13, 11, 10))):  # k, j, i
                heat[(0, *place)] = 10.0 - n
            return look, heat

        def close(self, cube: Tensor, rotation: Tensor, translation: Tensor) -> ScaleEstimate:
            if len(translation) < 3:
                return super().close(cube, rotation, translation)
            moved = translation + torch.tensor([[0, -30.0, 0], [0, 0, 0], [0, 0, 0]]) / HALF_MM
            return ScaleEstimate(rotation, moved, torch.tensor([2.0, 1.0, 0.0]), torch.zeros(3, 1))

    located = locate(Moving(), hint=True)
    np.testing.assert_allclose(located.translation[0].numpy() * HALF_MM, [-8.0, 24.0, -24.0], atol=0.1)
    assert located.presence == pytest.approx(1 / (1 + np.exp(-1.0)), abs=1e-6)
    assert locate(Moving()).presence == pytest.approx(1 / (1 + np.exp(-2.0)), abs=1e-6)


class TestPeaks:
    @pytest.mark.parametrize("axis", range(3))
    def test_between_two_voxels_that_are_as_high(self, axis: int) -> None:
        heat = torch.full((1, 24, 24, 24), -20.0)
        voxel = [10, 14, 9]  # k, j, i
        heat[(0, *voxel)] = 5.0
        voxel[axis] += 1
        heat[(0, *voxel)] = 5.0 - 1e-4
        (found,) = (search.peaks(heat, 1, hint=False) * HALF_MM).tolist()
        expected = (np.array([9, 14, 10]) - 11.5) * 16.0
        expected[2 - axis] += 8.0
        np.testing.assert_allclose(found, expected, atol=0.01)

    def test_neighbours_further_than_two_voxels_do_not_move_it(self) -> None:
        heat = torch.full((1, 24, 24, 24), -20.0)
        heat[0, 10, 10, 10] = 5.0
        heat[0, 10, 10, 12] = 5.0 - np.log(3.0)
        (found, *_) = (search.peaks(heat, 1, hint=False) * HALF_MM).tolist()
        np.testing.assert_allclose(found, [(10.5 - 11.5) * 16, -24.0, -24.0], atol=0.01)
        heat[0, 10, 10, 12] = -20.0
        heat[0, 10, 10, 13] = 4.0
        (found, *_) = (search.peaks(heat, 1, hint=False) * HALF_MM).tolist()
        np.testing.assert_allclose(found, [-24.0] * 3, atol=0.01)

    @pytest.mark.parametrize(("below", "number"), [(7.9, 2), (8.1, 1)])
    def test_a_rival_is_at_most_eight_lower(self, below: float, number: int) -> None:
        heat = torch.full((1, 24, 24, 24), -20.0)
        heat[0, 5, 5, 5], heat[0, 18, 18, 18] = 10.0, 10.0 - below
        assert len(search.peaks(heat, 3, hint=False)) == number

    def test_a_hint_rules_out_what_lies_further_than_40_mm(self) -> None:
        heat = torch.full((1, 24, 24, 24), -20.0)
        heat[0, 11, 11, 14] = 5.0  # (40, -8, -8) mm: 41.6 from the middle
        heat[0, 11, 11, 13] = 4.0  # 26.5 mm
        (found,) = (search.peaks(heat, 1, hint=True) * HALF_MM).tolist()
        np.testing.assert_allclose(found, [24.0, -8.0, -8.0], atol=0.01)


def test_the_place_of_a_look_is_told_from_the_middle_of_its_cube() -> None:
    frame = Grid.centred(96, 4.0, Pose(np.eye(3), np.array([10.0, 20.0, 30.0])))
    pose = Pose(MEAN_ROTATION, np.array([29.0, 1.0, 87.0]))
    network: Any = Stub()
    located = search.look_at(network, CUBE, frame, pose, 1.5)
    np.testing.assert_allclose(located.translation[0], np.array([0.1, -0.1, 0.3]), atol=1e-6)
    np.testing.assert_allclose(search.Found(frame, CUBE, located).pose.matrix, pose.matrix, atol=1e-4)
    assert located.presence == pytest.approx(1 / (1 + np.exp(-3.0)), abs=1e-6)
    assert located.spread_deg == 1.5


def test_faint_counts_far_from_the_body_move_no_cube() -> None:
    """Most voxels are zero, a few hold half a per cent of the body's counts."""
    grid = Grid((60, 60, 120), np.full(3, 10.0), np.zeros(3))
    counts = np.zeros(grid.size[::-1], np.float32)
    counts[20:30, 20:32, 22:30] = 100.0
    counts[110, 5, 50] = 0.5
    (cube,) = search.cubes_for(Volume(counts, grid))
    low, high = cube.centre - 192.0, cube.centre + 192.0
    assert (low <= [220, 200, 200]).all()
    assert (high >= [290, 310, 290]).all()
    counts[110, 5, 50] = 2.0
    assert len(search.cubes_for(Volume(counts, grid))) > 1


@pytest.mark.parametrize(("share", "cubes"), [(0.015, 1), (0.005, 2)])
def test_the_brightest_hundredth_says_what_is_faint(share: float, cubes: int) -> None:
    """A body of 20 with a hot spot of 100; counts of 0.5 far away are less than a hundredth of the spot alone."""
    grid = Grid((60, 60, 120), np.full(3, 10.0), np.zeros(3))
    counts = np.zeros(grid.size[::-1], np.float32)
    body = np.full(10_000, 20.0, np.float32)
    body[: int(share * len(body))] = 100.0
    counts[20:40, 20:40, 22:47] = body.reshape(20, 20, 25)
    counts[70, 30, 30] = 0.5
    assert len(search.cubes_for(Volume(counts, grid))) == cubes


@pytest.mark.parametrize(
    ("z", "middle"),
    [
        (100.0, 192.0),  # the first cube ends at 384 and begins where the counts do
        (300.0, 201.6),  # 300 + 93.6 would be cut by the first cube, which ends at 384
        (380.0, 247.0),  # the counts end at 439
    ],
)
def test_the_cube_round_an_lv_reaches_93_6_mm_to_each_side(
    z: float, middle: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of scale 2's 39 steps of 4.8 mm. The nearest cube is always the first one here, at 192 mm of 0 to 439."""
    grid = Grid((20, 20, 440), [10.0, 10.0, 1.0], [0, 0, 0])
    study = Volume(np.ones(grid.size[::-1], np.float32), grid)
    first = Grid.centred(96, 4.0, Pose(np.eye(3), np.array([95.0, 95.0, 192.0])))
    monkeypatch.setattr(search, "_cubes_over", lambda *_: [first])
    assert search.cube_round(study, [95.0, 95.0, z]).centre[2] == pytest.approx(middle)


@pytest.mark.parametrize(("length", "centres"), [(420, [209.0]), (440, [192.0, 247.0]), (660, [192.0, 329.5, 467.0])])
def test_cubes_of_a_long_study_lie_evenly_between_its_ends(length: int, centres: list[float]) -> None:
    """Counts may reach 24 mm beyond both ends of a cube of 384 mm; then cubes come at least every 264 mm."""
    grid = Grid((20, 20, length), [10.0, 10.0, 1.0], [0, 0, 0])
    found = search.cubes_for(Volume(np.ones(grid.size[::-1], np.float32), grid))
    assert sorted(float(cube.centre[2]) for cube in found) == pytest.approx(centres, abs=1.0)
    np.testing.assert_allclose([cube.centre[:2] for cube in found], 95.0)


def test_a_hint_is_the_middle_of_the_only_cube() -> None:
    grid = Grid((40, 40, 100), [10.0] * 3, [0, 0, 0])
    (cube,) = search.cubes_for(Volume(np.ones(grid.size[::-1], np.float32), grid), [100.0, 150.0, 700.0])
    np.testing.assert_allclose(cube.centre, [100.0, 150.0, 700.0])
    assert cube.size == (96, 96, 96)
    np.testing.assert_allclose(cube.spacing, 4.0)


@pytest.mark.parametrize("axis", range(3))
def test_only_axes_of_fine_voxels_are_smoothed(axis: int) -> None:
    """By 1.6 mm; 3 mm is not fine."""
    spacing = np.full(3, 3.0)
    spacing[axis] = 2.0
    counts = np.random.default_rng(0).random((30, 30, 30)).astype(np.float32)
    study = Volume(counts, Grid((30, 30, 30), spacing, np.zeros(3)))
    expected = ndimage.gaussian_filter1d(counts, 0.8, axis=2 - axis, mode="nearest")
    np.testing.assert_allclose(search.antialiased(study).array, expected, atol=0.06)
    same = Volume(counts, Grid((30, 30, 30), np.full(3, 3.0), np.zeros(3)))
    assert search.antialiased(same) is same
