"""The localiser: where training begins, what it returns, what its backbone is."""

from __future__ import annotations

import pytest
import torch
from MSSTUNetReorientLib.networks.msstn import MEAN_POSE
from MSSTUNetReorientLib.networks.msstn import MSSTN
from MSSTUNetReorientLib.networks.resnet import ResNet
from MSSTUNetReorientLib.networks.rotation import rotation_from_euler
from MSSTUNetReorientLib.networks.sampler import sample
from MSSTUNetReorientLib.networks.scale import Scale

SCALES = (Scale(16, 1.0), Scale(8, 0.5), Scale(4, 0.25))


@pytest.fixture
def network() -> MSSTN:
    torch.manual_seed(0)
    return MSSTN(SCALES, width=4, blocks=(1, 1, 1, 1))


def test_each_scale_has_a_pose_and_an_image(network):
    output = network(torch.rand(2, 1, 32, 32, 32))
    assert [tuple(x.shape) for x in output.images] == [(2, 1, n, n, n) for n in (16, 8, 4)]
    assert all(x.shape == (2, 3) for x in (*output.angles, *output.translations))


def test_training_begins_at_the_mean_pose(network):
    output = network.eval()(torch.rand(1, 1, 32, 32, 32))
    for a, t in zip(output.angles, output.translations, strict=True):
        torch.testing.assert_close(torch.cat([a, t], dim=1)[0], torch.tensor(MEAN_POSE), atol=0.05, rtol=0)


def test_each_image_is_sampled_with_its_own_pose(network):
    image = torch.rand(1, 1, 32, 32, 32)
    output = network.eval()(image)
    for n, s in enumerate(SCALES):
        expected = sample(image, rotation_from_euler(output.angles[n]), output.translations[n], s.scale, s.size)
        torch.testing.assert_close(output.images[n], expected)
    assert not torch.equal(output.angles[0], output.angles[1]), "three regressors, three answers"


def test_the_pose_is_float32_under_autocast(network):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = network(torch.rand(2, 1, 32, 32, 32))
    assert all(x.dtype == torch.float32 for x in (*output.angles, *output.translations))


def test_a_box_is_refused(network):
    with pytest.raises(ValueError, match="needs a cube"):
        network(torch.rand(1, 1, 32, 32, 16))


def test_the_published_backbone_has_the_layers_of_resnet50():
    with torch.device("meta"):
        backbone = ResNet()
    convolutions = [m for m in backbone.modules() if isinstance(m, torch.nn.Conv3d)]
    assert len(convolutions) == 49 + 4, "49 and the shortcuts of four stages; the 50th is the head"
    assert backbone.features == 2048
    assert backbone(torch.empty(1, 1, 128, 128, 128, device="meta")).shape == (1, 2048)
