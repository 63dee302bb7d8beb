"""A study stretched along its own axes, against ellipsoids that are drawn anew."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.training.batches import slant
from MSSTUNetReorientLib.training.batches import smooth_field
from MSSTUNetReorientLib.training.pool import Sample
from MSSTUNetReorientLib.training.stretch import STRETCH
from MSSTUNetReorientLib.training.stretch import stretched
from MSSTUNetReorientLib.training.stretch import warped
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

CENTRE = np.array([18.0, -22.0, 10.0])
AXES = Rotation.from_euler("zyx", (40, -25, 70), degrees=True).as_matrix()
RADII = np.array([26.0, 36.0, 52.0])


def ellipsoid(size: int, spacing: float, axes: NDArray[np.float64], centre: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float64]:  # fmt: skip  # noqa: E501
    """A Gaussian: smooth, so that reading between voxels is exact enough."""
    line = (np.arange(size) - (size - 1) / 2) * spacing
    z, y, x = np.meshgrid(line, line, line, indexing="ij")
    own = (np.stack([x, y, z], -1) - centre) @ axes
    result: NDArray[np.float64] = np.exp(-((own / radii) ** 2).sum(-1) / 2)
    return result


def study(axes: NDArray[np.float64], radii: NDArray[np.float64], kind: str = "spect-physical") -> Sample:
    cube = ellipsoid(96, 4.0, axes, CENTRE, radii).astype(np.float16)
    upright = ellipsoid(48, 3.2, np.eye(3), np.zeros(3), radii) > 0.6
    return Sample(cube, axes, CENTRE, upright.astype(np.uint8), kind)


@pytest.mark.parametrize("lengths", [(1.0, 1.0, 1.0), (1.15, 0.9, 1.1)])
def test_what_is_stretched_is_the_stretched_heart_at_the_pose_it_tells(lengths: tuple[float, float, float]) -> None:
    turn = Rotation.from_rotvec([0.1, -0.15, 0.12]).as_matrix()
    found = warped(study(AXES, RADII), turn, np.array(lengths))
    expected = study(turn @ AXES, RADII * lengths)
    np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-12)
    np.testing.assert_allclose(found.centre, CENTRE)
    assert np.abs(found.cube.astype(float) - expected.cube).max() < 0.02
    both = (found.labels & expected.labels).sum() * 2 / (found.labels.sum() + expected.labels.sum())
    assert both > 0.97


def test_the_stretch_differs_from_study_to_study_but_spares_sharp_ones() -> None:
    one = study(AXES, RADII)
    volumes = [stretched(one, np.random.default_rng(seed)).labels.sum() / one.labels.sum() for seed in range(40)]
    assert np.std(np.log(volumes)) == pytest.approx(STRETCH * 3**0.5, rel=0.4)
    pet = study(AXES, RADII, "pet-physical")
    assert stretched(pet, np.random.default_rng(1)) is pet


def test_uneven_uptake_is_smooth_and_about_one() -> None:
    field = smooth_field(np.random.default_rng(5), 96, pitch=32.0, deviation=0.15)[0].numpy()
    assert field.shape == (96, 96, 96)
    assert field.mean() == pytest.approx(1, abs=0.05)
    assert 0.05 < field.std() < 0.2
    assert np.abs(np.diff(np.log(field), axis=0)).max() < 0.15


def test_noise_is_as_coarse_as_asked() -> None:
    """Neighbours at half the pitch go together, those at three times the pitch do not."""
    field = np.log(smooth_field(np.random.default_rng(6), 96, pitch=16.0, deviation=0.2)[0].numpy())
    near = np.corrcoef(field[2:].ravel(), field[:-2].ravel())[0, 1]
    far = np.corrcoef(field[12:].ravel(), field[:-12].ravel())[0, 1]
    assert near > 0.7
    assert abs(far) < 0.1


def test_counts_slant_about_the_ventricle() -> None:
    """One at the LV centre; opposite points have a product of one; as steep there as a tanh that 50 mm reach."""
    centre = np.array([18.0, -22.0, 10.0])  # mm, (x, y, z): voxel (52, 42, 50) of the cube
    field = slant(np.random.default_rng(3), 96, centre)[0].numpy()
    k, j, i = 50, 42, 52
    assert field[k, j, i] == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(field[k - 9 : k + 10, j, i] * field[k - 9 : k + 10, j, i][::-1], 1, rtol=1e-4)
    rise = np.array([np.log(field[k + 1, j, i]), np.log(field[k, j + 1, i]), np.log(field[k, j, i + 1])])
    most, steepest = np.abs(np.log(field)).max(), np.linalg.norm(rise) / 4.0
    assert steepest == pytest.approx(most / 50, rel=0.02)
