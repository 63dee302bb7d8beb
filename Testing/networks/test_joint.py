"""MSUNet and joint model: shapes, gradients, and that a few steps of training help."""

from __future__ import annotations

import pytest
import torch
from MSSTUNetReorientLib.networks.joint import MSSTUNet
from MSSTUNetReorientLib.networks.losses import deep_supervision_loss
from MSSTUNetReorientLib.networks.losses import joint_loss
from MSSTUNetReorientLib.networks.msunet import AttentionGate
from MSSTUNetReorientLib.networks.msunet import MSUNet
from MSSTUNetReorientLib.networks.rotation import rotation_from_euler
from MSSTUNetReorientLib.networks.sampler import sample
from MSSTUNetReorientLib.networks.scale import Scale
from MSSTUNetReorientLib.networks.scale import sample_labels

NESTED = (Scale(16, 1.0), Scale(8, 0.5), Scale(4, 0.25))
PYRAMID = (Scale(16, 1.0), Scale(8, 1.0), Scale(4, 1.0))
MEAN = (0.1, -0.1, 0.1, 0.0, 0.0, 0.0)


def _model(scales=NESTED, alignment="paper", widths=(4, 6, 8)) -> MSSTUNet:
    torch.manual_seed(0)
    return MSSTUNet(scales, 4, (1, 1, 1, 1), widths, mean=MEAN, alignment=alignment)


def _hearts(count: int, size: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Thick shells open at one end, turned and shifted: images, labels, angles, translations."""
    torch.manual_seed(1)
    x = torch.linspace(-1, 1, size)
    z, y, x = torch.meshgrid(x, x, x, indexing="ij")
    radius = torch.sqrt(x**2 + y**2 + (z / 1.3) ** 2)
    labels = ((radius < 0.45) & (z < 0.3)).float() + ((radius < 0.25) & (z < 0.3)).float()
    upright = labels.expand(count, 1, size, size, size)
    angles, shift = 0.25 * torch.randn(count, 3), 0.1 * torch.randn(count, 3)
    rotation = rotation_from_euler(angles)
    back = -(rotation.mT @ shift.unsqueeze(-1)).squeeze(-1)
    turned = sample(upright, rotation.mT, back, 1.0, size, mode="nearest")
    image = (turned == 1).float() + 0.1 * torch.rand_like(turned)
    return image, turned[:, 0].long(), angles, shift


@pytest.mark.parametrize("scales", [NESTED, PYRAMID])
@pytest.mark.parametrize("alignment", ["paper", "exact"])
def test_every_level_answers(scales, alignment):
    output = _model(scales, alignment)(torch.rand(2, 1, 32, 32, 32))
    assert [tuple(x.shape) for x in output.logits] == [(2, 3, n, n, n) for n in (16, 8, 4)]
    assert len(output.located.angles) == 3


def test_grid_and_scale_are_independent():
    scales = (Scale(12, 0.6), Scale(10, 0.4))
    output = _model(scales, widths=(4, 6))(torch.rand(1, 1, 32, 32, 32).expand(2, -1, -1, -1, -1))
    assert [x.shape[-1] for x in output.logits] == [12, 10]


def test_widths_must_match_scales():
    with pytest.raises(ValueError, match="one width per scale"):
        MSUNet(NESTED, (4, 8))


def test_the_gradient_of_the_joint_loss_reaches_every_parameter():
    model = _model()
    image, labels, angles, shift = _hearts(2)
    targets = sample_labels(labels, rotation_from_euler(angles), shift, NESTED)
    joint_loss(model(image), image, targets, angles, shift, NESTED).total.backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert missing == []
    assert all(p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("alignment", ["paper", "exact"])
def test_segmentation_alone_corrects_every_pose_regressor(alignment):
    model = _model(alignment=alignment)
    image, labels, angles, shift = _hearts(2)
    targets = sample_labels(labels, rotation_from_euler(angles), shift, NESTED)
    deep_supervision_loss(model(image).logits, targets).backward()
    for head in model.msstn.heads:
        assert (head.bias.grad != 0).all()
        assert head.weight.grad.any()
    assert model.msstn.backbone.stem[0].weight.grad.any()


def test_the_finest_answer_sees_the_deepest_image():
    """The multi-scale image of a level enters there, and goes all the way up."""
    model = _model().eval()
    located = model.msstn(_hearts(1)[0])
    images = (*located.images[:-1], located.images[-1] + 1)
    assert not torch.allclose(model.msunet(located)[0], model.msunet(located._replace(images=images))[0])


def test_attention_weighs_the_skip_between_zero_and_one():
    torch.manual_seed(0)
    skip = torch.rand(1, 4, 3, 3, 3) + 0.1
    ratio = AttentionGate(4, 6)(skip, torch.randn(1, 6, 3, 3, 3)) / skip
    assert ((ratio > 0) & (ratio < 1)).all()
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio))


def test_a_few_steps_lower_every_part_of_the_loss():
    model = _model()
    image, labels, angles, shift = _hearts(4)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    targets = sample_labels(labels, rotation_from_euler(angles), shift, NESTED)
    for _ in range(45):
        loss = joint_loss(model(image), image, targets, angles, shift, NESTED)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        losses.append([float(x.detach()) for x in loss])
    first, last = losses[0], losses[-1]
    assert last[0] < 0.6 * first[0]
    assert all(b < a for a, b in zip(first, last, strict=True)), (first, last)


def test_weights_round_trip():
    model, other = _model().eval(), _model().eval()
    with torch.no_grad():
        other.msstn.heads[0].bias.add_(1.0)
    other.load_state_dict(model.state_dict())
    image = _hearts(1)[0]
    torch.testing.assert_close(model(image).logits[0], other(image).logits[0])
