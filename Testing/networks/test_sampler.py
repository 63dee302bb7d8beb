"""The sampler against SimpleITK and scipy, which know nothing of normalised coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from MSSTUNetReorientLib.networks.rotation import rotation_from_euler
from MSSTUNetReorientLib.networks.sampler import affine_grid
from MSSTUNetReorientLib.networks.sampler import sample
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

EULER = (-1.06, -1.01, 1.25)
SHIFT = (-0.2, 0.1, 0.05)


def _image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape)


def _sample(array: np.ndarray, scale: float, size, half_extent=None, mode: str = "bilinear") -> np.ndarray:
    rotation = rotation_from_euler(torch.tensor([EULER], dtype=torch.float64))
    shift = torch.tensor([SHIFT], dtype=torch.float64)
    return sample(
        torch.from_numpy(array)[None, None], rotation, shift, scale, size, half_extent=half_extent, mode=mode
    )[0, 0].numpy()  # fmt: skip


def _simpleitk(array: np.ndarray, spacing, scale: float, size: tuple[int, int, int]) -> np.ndarray:
    """The output box is ``scale`` times the input's, centred at c0 + t * h, along the columns of R; in mm.

    SimpleITK repeats the outer voxels for half a voxel; eq. 5 fades to zero. A rim of zeros makes the two agree.
    """
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin((11.0, -7.0, 3.0))
    half = (np.array(image.GetSize()) - 1) / 2 * np.array(spacing)
    rotation = Rotation.from_euler("YXZ", EULER).as_matrix()
    centre = np.array(image.GetOrigin()) + half + np.array(SHIFT) * half
    voxels = np.array(size[::-1])
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(voxels.tolist())
    resampler.SetOutputSpacing((2 * scale * half / (voxels - 1)).tolist())
    resampler.SetOutputOrigin((centre - rotation @ (scale * half)).tolist())
    resampler.SetOutputDirection(rotation.ravel().tolist())
    resampler.SetInterpolator(sitk.sitkLinear)
    return sitk.GetArrayFromImage(resampler.Execute(sitk.ConstantPad(image, [1] * 3, [1] * 3, 0.0)))


@pytest.mark.parametrize(("scale", "size"), [(1.0, 24), (0.5, 12), (0.25, 9), (0.5, 24)])
def test_a_cube_is_sampled_as_simpleitk_does(scale, size):
    array = _image(24, 24, 24)
    ours = _sample(array, scale, size)
    np.testing.assert_allclose(ours, _simpleitk(array, (4.0,) * 3, scale, (size,) * 3), atol=1e-9)


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 4.0), (6.4, 6.4, 9.1), (2.0, 3.0, 5.0)])
def test_a_box_is_turned_in_mm(spacing):
    array = _image(14, 20, 24)
    half = (np.array([24, 20, 14]) - 1) / 2 * np.array(spacing)
    ours = _sample(array, 0.7, (12, 18, 20), half.tolist())
    np.testing.assert_allclose(ours, _simpleitk(array, spacing, 0.7, (12, 18, 20)), atol=1e-9)


def test_each_study_of_a_batch_has_its_own_box_and_scale():
    array = torch.rand(2, 1, 8, 12, 12)
    rotation, shift = rotation_from_euler(torch.tensor([EULER] * 2)), torch.zeros(2, 3)
    half, scale = torch.tensor([[11.0, 11.0, 7.0], [11.0, 11.0, 14.0]]), torch.tensor([0.5, 0.8])
    both = sample(array, rotation, shift, scale, (8, 12, 12), half_extent=half)
    for n in range(2):
        one = slice(n, n + 1)
        alone = sample(
            array[one], rotation[one], shift[one], float(scale[n]), (8, 12, 12), half_extent=half[n]
        )  # fmt: skip
        torch.testing.assert_close(both[one], alone)


def test_the_grid_names_the_voxels_that_scipy_would_read():
    """Zeros beyond the outer voxel centres, linear between: eq. 5 written out with scipy."""
    array = _image(16, 16, 16)
    rotation = Rotation.from_euler("YXZ", EULER).as_matrix()
    k, j, i = np.indices((10, 10, 10))
    g = np.stack([i, j, k]).reshape(3, -1) / 4.5 - 1
    at = ((0.8 * rotation @ g + np.array(SHIFT)[:, None]) + 1) * 7.5
    padded = map_coordinates(np.pad(array, 1), at[::-1] + 1, order=1, mode="constant", cval=0.0)
    np.testing.assert_allclose(_sample(array, 0.8, 10).ravel(), padded, atol=1e-10)


def test_no_motion_returns_the_image_itself():
    array = torch.rand(1, 2, 6, 7, 8)
    same = sample(array, torch.eye(3)[None], torch.zeros(1, 3), 1.0, (6, 7, 8))
    torch.testing.assert_close(same, array)


def test_labels_stay_labels():
    labels = np.random.default_rng(0).integers(0, 3, (12, 12, 12)).astype(float)
    assert set(np.unique(_sample(labels, 0.7, 10, mode="nearest"))) <= {0.0, 1.0, 2.0}


def test_gradients_reach_image_and_pose():
    torch.manual_seed(0)
    image = torch.rand(1, 1, 6, 6, 6, dtype=torch.float64, requires_grad=True)
    angles = torch.tensor([EULER], dtype=torch.float64, requires_grad=True)
    shift = torch.tensor([SHIFT], dtype=torch.float64, requires_grad=True)

    def run(image, angles, shift):
        return sample(image, rotation_from_euler(angles), shift, 0.61, 4)

    assert torch.autograd.gradcheck(run, (image, angles, shift))


def test_the_grid_keeps_its_precision_under_autocast():
    rotation, shift = rotation_from_euler(torch.tensor([EULER])), torch.tensor([SHIFT])
    plain = affine_grid(rotation, shift, 0.5, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = affine_grid(rotation, shift, 0.5, 8)
        image = torch.rand(1, 1, 8, 8, 8, dtype=torch.bfloat16)
        assert sample(image, rotation, shift, 0.5, 8).dtype == torch.bfloat16
    torch.testing.assert_close(plain, mixed, atol=0, rtol=0)
