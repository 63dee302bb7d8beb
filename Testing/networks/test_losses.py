"""Losses against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from MSSTUNetReorientLib.networks import losses
from MSSTUNetReorientLib.networks.joint import JointOutput
from MSSTUNetReorientLib.networks.msstn import MSSTNOutput
from MSSTUNetReorientLib.networks.scale import Scale
from MSSTUNetReorientLib.networks.scale import sample_labels

ZERO = torch.zeros(1, 3)
SCALE = Scale(12, 0.8)


def test_rotation_loss_goes_the_short_way_round():
    found, true = torch.tensor([[math.pi - 0.1, 0.5, 0.0]]), torch.tensor([[-math.pi + 0.2, 0.2, 0.0]])
    assert float(losses.rotation_loss(found, true)) == pytest.approx((0.3 + 0.3 + 0.0) / 3, abs=1e-6)


def test_reorientation_loss_weighs_rotation_ten_times():
    angles, shift = torch.tensor([[0.3, -0.3, 0.0]]), torch.tensor([[0.1, 0.0, -0.2]])
    assert float(losses.translation_loss(shift, ZERO)) == pytest.approx(0.1)
    assert float(losses.reorientation_loss(angles, shift, ZERO, ZERO)) == pytest.approx(10 * 0.2 + 0.1)


def test_dice_loss_of_half_an_overlap():
    found, true = torch.zeros(1, 2, 2, 2, 2), torch.zeros(1, 2, 2, 2, 2)
    found[0, 0, 0], true[0, 0, :, 0] = 1, 1  # 4 voxels each, 2 in common; the second channel is empty in both
    for squared in (False, True):
        loss = losses.dice_loss(found, true, squared)
        torch.testing.assert_close(loss, torch.tensor([[0.5, 0.0]]), atol=1e-4, rtol=0)


def test_squares_make_the_dice_loss_of_fractions_with_themselves_zero():
    half = torch.full((1, 1, 4, 4, 4), 0.5)
    assert float(losses.dice_loss(half, half)) == pytest.approx(0.5, abs=1e-4)
    assert float(losses.dice_loss(half, half, squared=True)) == pytest.approx(0.0, abs=1e-4)


def test_segmentation_loss_weighs_the_myocardium_three_times():
    """Certain answers: background right, every myocardium voxel called blood pool."""
    labels = torch.tensor([0, 0, 1, 1]).reshape(1, 1, 2, 2)
    answer = torch.tensor([0, 0, 2, 2]).reshape(1, 1, 2, 2)
    logits = 50.0 * torch.nn.functional.one_hot(answer, 3).movedim(-1, 1).float()
    # DL(BG) = 0, DL(MY) = 1, DL(BP) = 1
    assert float(losses.segmentation_loss(logits, labels)) == pytest.approx(3 * 1 + 1 + 0, abs=1e-4)
    perfect = 50.0 * torch.nn.functional.one_hot(labels, 3).movedim(-1, 1).float()
    assert float(losses.segmentation_loss(perfect, labels)) == pytest.approx(0.0, abs=1e-4)


def test_deep_supervision_halves_the_weight_per_level():
    labels = torch.tensor([0, 0, 1, 1]).reshape(1, 1, 2, 2)
    right = 50.0 * torch.nn.functional.one_hot(labels, 3).movedim(-1, 1).float()
    wrong = 50.0 * torch.nn.functional.one_hot(torch.where(labels == 1, 2, 0), 3).movedim(-1, 1).float()
    loss = losses.deep_supervision_loss([right, wrong, right], [labels] * 3)
    assert float(loss) == pytest.approx(4 * 0.5 / 1.75, abs=1e-4)


def test_segmentation_loss_keeps_full_precision():
    loss = losses.segmentation_loss(torch.randn(1, 3, 4, 4, 4, dtype=torch.float16), torch.zeros(1, 4, 4, 4).long())
    assert loss.dtype == torch.float32


def test_binarisation_is_by_each_volumes_own_mean():
    image = torch.stack([torch.tensor([0.0, 0.0, 0.0, 4.0]), torch.tensor([0.0, 30.0, 20.0, 10.0])])
    binary = losses.binarise(image.reshape(2, 1, 1, 2, 2)).reshape(2, 4)
    assert binary.tolist() == [[0, 0, 0, 1], [0, 1, 1, 0]]


def _blob() -> torch.Tensor:
    x = torch.linspace(-1, 1, 16)
    z, y, x = torch.meshgrid(x, x, x, indexing="ij")
    return torch.exp(-((x + 0.3) ** 2 + 3 * (y - 0.2) ** 2 + (z + 0.1) ** 2) / 0.2)[None, None]


def test_threshold_loss_is_zero_at_the_truth_and_grows_away_from_it():
    values = []
    for step in (0.0, 0.1, 0.2, 0.4):
        shift = torch.tensor([[step, 0.0, 0.0]])
        values.append(float(losses.threshold_loss(_blob(), ZERO, shift, ZERO, ZERO, SCALE)))
    assert values[0] == pytest.approx(0.0, abs=1e-6)
    assert values == sorted(values)


def test_threshold_loss_leads_the_pose_back():
    angles = torch.tensor([[0.0, 0.0, 0.4]], requires_grad=True)
    shift = torch.tensor([[0.15, 0.0, 0.0]], requires_grad=True)
    losses.threshold_loss(_blob(), angles, shift, ZERO, ZERO, SCALE).backward()
    assert angles.grad is not None
    assert shift.grad is not None
    assert float(angles.grad[0, 2]) > 0
    assert float(shift.grad[0, 0]) > 0


def test_the_joint_loss_is_the_sum_of_its_parts():
    scales = (Scale(8, 1.0), Scale(4, 0.5))
    image, labels = _blob(), (_blob()[:, 0] > 0.5).long()
    angles = (torch.tensor([[0.3, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 0.0]]))
    shifts = (torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[0.0, 0.3, 0.0]]))
    torch.manual_seed(0)
    logits = tuple(torch.randn(1, 3, s.size, s.size, s.size) for s in scales)
    located = MSSTNOutput(angles, shifts, tuple(torch.rand(1, 1, s.size, s.size, s.size) for s in scales))
    targets = sample_labels(labels, torch.eye(3)[None], ZERO, scales)
    loss = losses.joint_loss(JointOutput(located, logits), image, targets, ZERO, ZERO, scales)
    assert float(loss.rotation) == pytest.approx(0.05)
    assert float(loss.translation) == pytest.approx(0.05)
    expected = 10 * loss.rotation + loss.translation + loss.threshold + loss.segmentation
    assert float(loss.total) == pytest.approx(float(expected))


@pytest.mark.parametrize(("stage", "value"), [("translation", 0.1), ("rotation", 0.06), ("both", 0.06 + 5 * 0.1)])
def test_cascade_loss_is_mae_of_the_shift_and_mse_of_the_turn(stage, value):
    angles, shift = torch.tensor([[0.3, -0.3, 0.0]]), torch.tensor([[0.1, 0.0, -0.2]])
    assert float(losses.cascade_loss(angles, shift, ZERO, ZERO, stage, mu=5.0)) == pytest.approx(value, abs=1e-6)
