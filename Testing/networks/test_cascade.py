"""The cascade of Zhu 2022: its counts, its stages, and rotations in mm on voxels that are no cubes."""

from __future__ import annotations

import pytest
import torch
from MSSTUNetReorientLib.networks.cascade import CNNSTN
from MSSTUNetReorientLib.networks.cascade import Cascade
from MSSTUNetReorientLib.networks.cascade import with_gradient
from MSSTUNetReorientLib.networks.losses import cascade_loss

SMALL = {"shape": (16, 32, 32), "widths": (3, 4, 4), "hidden": (16, 8)}
PUBLISHED = {"CNN+STN": 360_262, "three stages": 719_897}
BENCHMARKS = {"VGG": (44_278_022, 88_555_654, 64), "ResNet": (33_185_030, 66_366_982, 512)}


def _count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_published_counts_of_the_benchmarks_mean_two_networks_of_three_outputs(name):
    """The evidence for the form of the cascade: two heads ``F -> 3`` replace one ``F -> 6`` in each of two."""
    plain, three_stage, features = BENCHMARKS[name]
    assert 2 * (plain - 3 * (features + 1)) == three_stage


def test_the_plain_form_has_the_published_number_of_parameters():
    assert _count(CNNSTN()) == PUBLISHED["CNN+STN"]


def test_the_three_stage_form_is_three_parameters_short():
    assert _count(Cascade()) == PUBLISHED["three stages"] - 3


@pytest.mark.parametrize("form", [CNNSTN, Cascade])
def test_the_published_input_passes(form):
    network = form().eval()
    output = network(torch.rand(1, 2, 32, 64, 64))
    assert output.images[-1].shape == (1, 2, 32, 64, 64)
    assert output.angles.shape == output.translation.shape == (1, 3)


def test_training_begins_at_the_mean_and_shifts_before_it_turns():
    network = Cascade(mean=(0.3, -0.2, 0.1, 0.1, -0.1, 0.2), **SMALL).eval()
    image = torch.rand(1, 2, 16, 32, 32)
    output = network(image)
    torch.testing.assert_close(output.angles[0], torch.tensor([0.3, -0.2, 0.1]), atol=0.05, rtol=0)
    torch.testing.assert_close(output.translation[0], torch.tensor([0.1, -0.1, 0.2]), atol=0.05, rtol=0)
    still = network(image, half_extent=[15.5, 15.5, 7.5])
    torch.testing.assert_close(output.images[1], still.images[1])
    assert len(output.images) == 2


@pytest.mark.parametrize(
    ("stage", "moves"),
    [("translation", {"translation"}), ("rotation", {"rotation"}), ("both", {"translation", "rotation"})],
)
def test_a_stage_trains_its_own_network_and_freezes_the_other(stage, moves):
    torch.manual_seed(0)
    network = Cascade(**SMALL).train().set_stage(stage)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    optimiser = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=1e-2)
    output = network.train()(torch.rand(2, 2, 16, 32, 32))
    truth = 0.2 * torch.ones(2, 3)
    cascade_loss(output.angles, output.translation, truth, truth, stage).backward()
    optimiser.step()
    changed = {k.split(".")[0] for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == moves, "weights and batch statistics"


def test_an_unknown_stage_is_refused():
    with pytest.raises(ValueError, match="stage must be"):
        Cascade(**SMALL).set_stage("third")


def test_every_parameter_of_both_forms_gets_a_gradient():
    torch.manual_seed(0)
    image, truth = torch.rand(2, 2, 16, 32, 32), 0.2 * torch.ones(2, 3)
    for form in (CNNSTN, Cascade):
        network = form(**SMALL)
        output = network(image)
        loss = cascade_loss(output.angles, output.translation, truth, truth) + output.images[-1].square().mean()
        loss.backward()
        # A convolution's bias before a batch norm has no effect, and so no gradient worth the name.
        assert all(p.grad is not None for p in network.parameters())
        assert all(p.grad.any() for n, p in network.named_parameters() if p.dim() > 1), form.__name__


@pytest.mark.parametrize("slices_mm", [4.0, 7.2])
def test_a_ball_stays_a_ball_where_slices_are_thicker_than_pixels(slices_mm):
    """32 x 32 pixels of 4 mm, 16 slices: turned in normalised coordinates a ball would become an egg."""
    k, j, i = torch.meshgrid(torch.arange(16.0), torch.arange(32.0), torch.arange(32.0), indexing="ij")
    x, y, z = 4 * (i - 15.5), 4 * (j - 15.5), slices_mm * (k - 7.5)
    ball = torch.exp(-(x**2 + y**2 + z**2) / (2 * 14.0**2)).expand(1, 2, 16, 32, 32)
    network = CNNSTN(mean=(0.0, 0.9, 0.0, 0.0, 0.0, 0.0), **SMALL).eval()
    with torch.no_grad():
        network.block[-1].weight.zero_()
    half = [4 * 15.5, 4 * 15.5, slices_mm * 7.5]
    torch.testing.assert_close(network(ball, half).images[-1], ball, atol=0.06, rtol=0)
    if slices_mm != 4.0:
        assert (network(ball).images[-1] - ball).abs().max() > 0.15


def test_the_second_channel_is_the_gradient_in_mm():
    k, _, i = torch.meshgrid(torch.arange(4.0), torch.arange(6.0), torch.arange(6.0), indexing="ij")
    ramp = (3 * i + 4 * k)[None, None]
    both = with_gradient(ramp, spacing=(2.0, 2.0, 8.0))
    assert both.shape == (1, 2, 4, 6, 6)
    torch.testing.assert_close(both[:, 1:], torch.full_like(ramp, (1.5**2 + 0.5**2) ** 0.5))
    assert torch.equal(both[:, :1], ramp)
