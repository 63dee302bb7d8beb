"""Scale transformer blocks: what eq. 6 means on nested cubes and on a pyramid."""

from __future__ import annotations

import pytest
import torch
from MSSTUNetReorientLib.networks.rotation import rotation_from_euler
from MSSTUNetReorientLib.networks.sampler import sample
from MSSTUNetReorientLib.networks.scale import Scale
from MSSTUNetReorientLib.networks.scale import require_cube
from MSSTUNetReorientLib.networks.scale import sample_labels
from MSSTUNetReorientLib.networks.scale_transformer import ScalePose
from MSSTUNetReorientLib.networks.scale_transformer import inverse_scale_transform
from MSSTUNetReorientLib.networks.scale_transformer import scale_transform

NESTED = (Scale(32, 1.0), Scale(16, 0.5))
PYRAMID = (Scale(32, 1.0), Scale(16, 1.0))
HERE = ScalePose(torch.tensor([[-1.0, -1.0, 1.2]]), torch.tensor([[-0.2, 0.1, -0.2]]))
NEAR = ScalePose(torch.tensor([[-0.9, -1.1, 1.3]]), torch.tensor([[-0.15, 0.12, -0.25]]))


def _smooth(size: int) -> torch.Tensor:
    """A Gaussian off the centre, ``(1, 1, size, size, size)``."""
    x = torch.linspace(-1, 1, size)
    z, y, x = torch.meshgrid(x, x, x, indexing="ij")
    return torch.exp(-((x + 0.2) ** 2 + 2 * (y - 0.1) ** 2 + (z + 0.15) ** 2) / 0.2)[None, None]


def _linear(size: int) -> torch.Tensor:
    x = torch.linspace(-1, 1, size)
    z, y, x = torch.meshgrid(x, x, x, indexing="ij")
    return (3 + x - 2 * y + 0.5 * z)[None, None]


@pytest.mark.parametrize("alignment", ["paper", "exact"])
def test_agreeing_poses_crop_the_central_half(alignment):
    features = _linear(32)
    cropped = scale_transform(features, NESTED, (HERE, HERE), alignment)
    middle = 0.5 * (_linear(16) - 3) + 3
    torch.testing.assert_close(cropped, middle, atol=1e-5, rtol=0)


def test_the_inverse_puts_the_crop_back_with_zeros_round_it():
    """Interpolation is exact for a linear field, so what comes back is the field itself inside the small cube."""
    features = _linear(32)
    back = inverse_scale_transform(scale_transform(features, NESTED, (HERE, HERE)), NESTED)
    inside = torch.zeros(32, dtype=torch.bool)
    inside[8:24] = True  # |g| <= 1/2: the small cube ends on its outer voxel centres
    cube = inside[:, None, None] & inside[None, :, None] & inside[None, None, :]
    torch.testing.assert_close(back[0, 0][cube], features[0, 0][cube], atol=1e-5, rtol=0)
    beyond = torch.zeros(32, dtype=torch.bool)
    beyond[:7], beyond[25:] = True, True
    assert (back[0, 0][beyond] == 0).all()
    assert (back[0, 0][:, beyond] == 0).all()
    assert (back[0, 0][:, :, beyond] == 0).all()


def test_on_a_pyramid_the_inverse_gives_the_whole_field_back():
    features = _linear(32)
    there = scale_transform(features, PYRAMID, (HERE, HERE))
    torch.testing.assert_close(there, _linear(16), atol=1e-5, rtol=0)
    torch.testing.assert_close(inverse_scale_transform(there, PYRAMID), features, atol=1e-5, rtol=0)


def _mismatch(alignment: str, poses: tuple[ScalePose, ScalePose]) -> float:
    """How far the first scale's image, brought over, is from the second scale's own; mean over its range."""
    image = _smooth(48)
    images = [
        sample(image, rotation_from_euler(p.angles), p.translation, s.scale, s.size)
        for p, s in zip(poses, NESTED, strict=True)
    ]
    over = scale_transform(images[0], NESTED, poses, alignment)
    return float((over - images[1]).abs().mean() / (images[1].max() - images[1].min()))


def test_exact_alignment_brings_features_to_the_voxels_they_came_from():
    assert _mismatch("exact", (HERE, NEAR)) < 0.005
    assert _mismatch("exact", (HERE, NEAR)) < _mismatch("paper", (HERE, NEAR)) / 5


def test_eq_6_is_exact_where_the_first_pose_is_upright():
    """There the rotation is the difference; elsewhere Euler angles do not subtract."""
    upright = ScalePose(torch.zeros(1, 3), torch.zeros(1, 3))
    turned = ScalePose(torch.tensor([[0.1, -0.1, 0.2]]), torch.tensor([[0.05, 0.0, -0.05]]))
    assert _mismatch("paper", (upright, turned)) < 0.005


@pytest.mark.parametrize("alignment", ["paper", "exact"])
def test_gradients_reach_both_poses(alignment):
    leaves = [x.clone().requires_grad_() for x in (*HERE, *NEAR)]
    poses = (ScalePose(*leaves[:2]), ScalePose(*leaves[2:]))
    scale_transform(_smooth(32), NESTED, poses, alignment).square().sum().backward()
    assert all(x.grad is not None and (x.grad != 0).all() for x in leaves)


def test_labels_are_sampled_as_the_images_are():
    labels = (_smooth(32)[:, 0] > 0.3).long() + (_smooth(32)[:, 0] > 0.7).long()
    rotation = rotation_from_euler(HERE.angles)
    sampled = sample_labels(labels, rotation, HERE.translation, NESTED)
    assert [tuple(x.shape) for x in sampled] == [(1, 32, 32, 32), (1, 16, 16, 16)]
    assert all(x.dtype == torch.int64 and set(x.unique().tolist()) == {0, 1, 2} for x in sampled)
    image = sample(_smooth(32), rotation, HERE.translation, 1.0, 32)[:, 0]
    expected = (image > 0.3).long() + (image > 0.7).long()
    assert (expected == sampled[0]).float().mean() > 0.98


@pytest.mark.parametrize("shape", [(1, 1, 8, 8, 9), (1, 8, 8, 8)])
def test_a_box_is_refused(shape):
    with pytest.raises(ValueError, match="needs a cube"):
        require_cube(torch.zeros(shape))
