"""The compact joint model: shapes, frames, gradients, and what must not change its answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.geometry import pose
from MSSTUNetReorientLib.geometry.septum import septum_angle
from MSSTUNetReorientLib.networks import compact as c
from MSSTUNetReorientLib.networks.convolution import Convolution
from MSSTUNetReorientLib.networks.rotation import rotation_from_euler
from MSSTUNetReorientLib.networks.sampler import sample


@pytest.fixture(scope="module")
def model() -> c.CompactMSSTUNet:
    torch.manual_seed(0)
    return c.compact().eval()


@pytest.fixture(scope="module")
def cube() -> torch.Tensor:
    """A ring-like blob off the middle, on a dim ground: ``(1, 1, 96, 96, 96)``."""
    line = (torch.arange(96) - 47.5) * 4.0
    z, y, x = torch.meshgrid(line, line, line, indexing="ij")
    r = ((x - 30) ** 2 + (y + 20) ** 2 + (z - 10) ** 2).sqrt()
    return (torch.exp(-(((r - 28) / 8) ** 2)) + 0.1)[None, None]


def test_shapes_of_the_answer(model: c.CompactMSSTUNet, cube: torch.Tensor) -> None:
    with torch.inference_mode():
        look, logits = model(cube.expand(2, -1, -1, -1, -1))
    assert look.rotation.shape == (2, 3, 3)
    assert look.translation.shape == (2, 3)
    assert look.presence.shape == (2,)
    assert logits.shape == (2, 3, 48, 48, 48)
    torch.testing.assert_close(torch.linalg.det(look.rotation), torch.ones(2))


def test_it_is_small() -> None:
    count = sum(p.numel() for p in c.compact().parameters())
    assert count * 2 < 8e6, "in float16 the weights must stay under 8 MB"


def test_the_mean_pose_is_the_projects_with_the_septum_at_the_left(model: c.CompactMSSTUNet) -> None:
    """The long axis is the project's; the networks' roll is that of the septum, 171 +- 7 degrees in hearts."""
    mean = model.locate.mean_rotation.double().numpy()
    np.testing.assert_allclose(mean[:, 2], pose.MEAN_LONG_AXIS, atol=1e-3)
    assert septum_angle(mean[:, 2], -mean[:, 0]) == pytest.approx(171.0, abs=2.0)


def test_unit_of_translation_is_the_cubes_half_extent() -> None:
    assert pytest.approx((96 - 1) * 4.0 / 2) == c.HALF_MM
    assert pytest.approx(47 * 3.2 / 2) == c.CLOSE_SCALE * c.HALF_MM


@pytest.mark.parametrize("normalise", [c.normalised_cube, c.normalised_look])
def test_the_unit_of_counts_does_not_matter(normalise, cube: torch.Tensor) -> None:
    small = cube[..., ::2, ::2, ::2]
    torch.testing.assert_close(normalise(small), normalise(small * 37000.0), rtol=1e-3, atol=1e-3)


def test_a_hot_spot_far_away_hardly_changes_a_look(cube: torch.Tensor) -> None:
    crop = cube[..., 24:72, 24:72, 24:72].clone()
    hot = crop.clone()
    hot[..., :4, :4, :4] = 50.0
    difference = (c.normalised_look(hot) - c.normalised_look(crop)).abs()
    assert float(difference[..., 12:36, 12:36, 12:36].max()) < 1e-5


def test_heat_map_expectation_is_in_the_cubes_frame() -> None:
    weight = torch.zeros(1, 24, 24, 24)
    weight[0, 3, 10, 20] = 1.0
    at = c.expected_position(weight.flatten(1), 24) * c.HALF_MM
    np.testing.assert_allclose(at[0].numpy(), [(20 - 11.5) * 16, (10 - 11.5) * 16, (3 - 11.5) * 16], rtol=1e-5)


def test_pooling_keeps_the_frame(cube: torch.Tensor) -> None:
    weight = cube - 0.1
    fine = c.expected_position((weight / weight.sum()).flatten(1), 96)
    coarse = torch.nn.functional.avg_pool3d(weight, 4)
    pooled = c.expected_position((coarse / coarse.sum()).flatten(1), 24)
    np.testing.assert_allclose(pooled.numpy() * c.HALF_MM, fine.numpy() * c.HALF_MM, atol=0.3)
    np.testing.assert_allclose(fine[0].numpy() * c.HALF_MM, [30, -20, 10], atol=0.5)


def test_scale_transformer_reads_features_where_the_other_scale_looks(cube: torch.Tensor) -> None:
    """Against sampling the cube itself at the target pose: through scale 2, the same values come back."""
    transform = c.ScaleTransformer(1, 1, c.WIDE_SCALE, c.CLOSE_SCALE, 24)
    torch.nn.init.constant_(transform.mix.weight, 1.0)
    torch.nn.init.constant_(transform.mix.bias, 0.0)
    source = (rotation_from_euler(torch.tensor([[-0.9, -1.0, 1.1]])), torch.tensor([[0.12, -0.08, 0.04]]))
    target = (rotation_from_euler(torch.tensor([[-0.8, -1.1, 1.2]])), torch.tensor([[0.15, -0.10, 0.05]]))
    wide = sample(cube, *source, c.WIDE_SCALE, 80)
    direct = sample(cube, *target, c.CLOSE_SCALE, 24)
    with torch.inference_mode():
        through = transform(wide, source, target)
    inner = (slice(None), slice(None), *[slice(5, 19)] * 3)
    assert float((through - direct)[inner].abs().max()) < 0.06
    assert float(direct[inner].max()) > 0.8, "the blob is in view"


def test_shuffle_puts_each_channel_at_its_corner() -> None:
    x = torch.arange(8.0).reshape(1, 8, 1, 1, 1)
    out = c.shuffle(x)
    assert out.shape == (1, 1, 2, 2, 2)
    assert [float(out[0, 0, k, j, i]) for k in (0, 1) for j in (0, 1) for i in (0, 1)] == list(range(8))


def test_a_zero_correction_keeps_the_pose(model: c.CompactMSSTUNet, cube: torch.Tensor) -> None:
    refiner = c.Refiner(c.CLOSE_SIZE, c.CLOSE_SCALE).eval()
    torch.nn.init.zeros_(refiner.head[-1].weight)
    torch.nn.init.zeros_(refiner.head[-1].bias)
    rotation = rotation_from_euler(torch.tensor([[-0.9, -1.0, 1.1]]))
    look = refiner(cube, rotation, torch.tensor([[0.1, 0.0, -0.1]]))
    torch.testing.assert_close(look.rotation, rotation, atol=1e-5, rtol=0)
    torch.testing.assert_close(look.translation, torch.tensor([[0.1, 0.0, -0.1]]))


def test_a_residual_shift_is_told_in_the_sa_frame(cube: torch.Tensor) -> None:
    refiner = c.Refiner(c.CLOSE_SIZE, c.CLOSE_SCALE).eval()
    torch.nn.init.zeros_(refiner.head[-1].weight)
    torch.nn.init.zeros_(refiner.head[-1].bias)
    refiner.head[-1].bias.data[11] = 0.5
    rotation = rotation_from_euler(torch.tensor([[-0.9, -1.0, 1.1]]))
    look = refiner(cube, rotation, torch.zeros(1, 3))
    np.testing.assert_allclose(look.translation.detach().numpy() * c.HALF_MM, rotation[:, :, 2].numpy() * 10, atol=1e-4)


def test_gradients_reach_every_parameter(cube: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = c.compact()
    first, heat = network.locate(cube)
    wide, _, last = network.refine(cube, first.rotation, first.translation)
    at = (last.rotation, last.translation)
    logits, auxiliary = network.segment(cube, wide, (first.rotation, first.translation), at)
    total = sum(x.float().square().mean() for x in (heat, logits, auxiliary, wide.presence, last.presence))
    (total + last.rotation[:, 0].sum() + last.translation.sum() + first.rotation[:, 1].sum()).backward()
    missing = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert missing == []


@pytest.mark.parametrize(("stride", "kernel"), [(1, 3), (2, 3), (1, 1)])
def test_quick_convolution_is_torchs(stride: int, kernel: int) -> None:
    torch.manual_seed(1)
    quick = Convolution(5, 6, kernel, stride, kernel // 2)
    volume = torch.randn(1, 5, 12, 11, 10)
    expected = torch.nn.functional.conv3d(volume, quick.weight, quick.bias, stride, kernel // 2)
    with torch.inference_mode():
        torch.testing.assert_close(quick(volume), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(quick(volume), expected)
    assert quick(volume).requires_grad


@pytest.mark.parametrize(
    ("shape", "share"), [((1, 110_592), 0.998), ((3, 9_000), 0.95), ((2, 101), 0.95), ((2, 7), 0.95)]
)
def test_a_high_quantile_is_that_of_all_values(shape: tuple[int, int], share: float) -> None:
    values = torch.rand(shape, generator=torch.Generator().manual_seed(1)) ** 3
    expected = np.quantile(values.double().numpy(), share, axis=1)
    np.testing.assert_allclose(c.high_quantile(values, share), expected, rtol=1e-5)
