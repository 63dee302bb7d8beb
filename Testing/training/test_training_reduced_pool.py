"""A pool read to small cubes holds what a direct reading gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.networks.geometry import HALF_MM
from MSSTUNetReorientLib.networks.geometry import LABEL_HALF_MM
from MSSTUNetReorientLib.networks.sampler import sample
from MSSTUNetReorientLib.networks.view import reduced
from MSSTUNetReorientLib.networks.view import view
from MSSTUNetReorientLib.training.batches import collate
from MSSTUNetReorientLib.training.loop import Studies
from MSSTUNetReorientLib.training.loop import Training
from MSSTUNetReorientLib.training.pool import read_sample
from MSSTUNetReorientLib.training.reduced_pool import ReducedPool
from MSSTUNetReorientLib.training.reduced_pool import reduced_pool
from MSSTUNetReorientLib.training.stretch import FieldOfView
from recipes import TINY
from recipes import tiny
from scipy import ndimage


def quiet(_: str) -> None:
    """Do nothing."""


@pytest.fixture(scope="module")
def small(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> ReducedPool:
    """Three studies in two views each."""
    return reduced_pool(tmp_path_factory.mktemp("reduced"), [pool], FieldOfView(32), 2, quiet)


def test_it_equals_direct_reading(pool: Path, small: ReducedPool) -> None:
    assert len(small) == 6
    direct = collate([read_sample(f) for f in sorted(pool.glob("*.npz"))])
    cached = small.batch(np.array([0, 2, 4]))
    for name in ("rotation", "translation", "labels"):
        assert torch.equal(getattr(cached, name), getattr(direct, name)), name
    torch.testing.assert_close(cached.septum_deg, direct.septum_deg, equal_nan=True)
    torch.testing.assert_close(cached.cube, reduced(direct.cube, 32), rtol=1e-3, atol=1e-3)  # float16
    torch.testing.assert_close(view(cached.cube, 32), view(direct.cube, 32), rtol=0, atol=2e-3)


def test_other_views_carry_their_truth_along(small: ReducedPool) -> None:
    plain, turned = small.batch(np.array([0])), small.batch(np.array([1]))
    assert torch.equal(plain.translation, turned.translation)
    assert not torch.allclose(plain.rotation, turned.rotation, atol=0.01)
    for batch in (plain, turned):
        upright = view(batch.cube, 32, batch.rotation, batch.translation)[0, 0]
        wall = torch.nn.functional.interpolate(batch.labels[:, :1], 24)[0, 0] > 0.5  # 6.4 mm
        k, j, i = (torch.round((x - 11.5) * 6.4 / HALF_MM * 15.5 + 15.5).long() for x in torch.nonzero(wall).T)
        assert upright[k, j, i].mean() > 1.5 * upright[upright > 0].mean()


def test_a_reduced_cube_keeps_extent_and_counts() -> None:
    cube = torch.zeros(1, 1, 96, 96, 96)
    cube[..., 30:33, 45:48, 60:63] = 1.0
    small = reduced(cube, 32)
    assert small.sum() * 27 * (95 / 93) ** 3 == pytest.approx(27, rel=0.35)
    k, j, i = (torch.arange(32.0)[:, None] * (95 / 31) for _ in range(3))
    masses = [small.sum((0, 1, *axes)) for axes in ((3, 4), (2, 4), (2, 3))]
    found = [float((m * x[:, 0]).sum() / m.sum()) for m, x in zip(masses, (k, j, i), strict=True)]
    assert found == pytest.approx([31, 46, 61], abs=0.8)
    assert reduced(small, 32) is small


def test_a_field_lies_round_the_heart(pool: Path, tmp_path: Path) -> None:
    """Its wall is where the pose and the labels say; its centre is spread as in the papers."""
    near = reduced_pool(tmp_path, [pool], FieldOfView(48, 100.0), 12, quiet)
    batch = near.batch(np.arange(len(near)))
    assert 0.05 < batch.translation.std() < 0.11
    assert batch.translation.abs().max() < 0.4
    upright = sample(batch.cube, batch.rotation, batch.translation, LABEL_HALF_MM / 100, 48)
    for counts, labels in zip(upright[:, 0], batch.labels, strict=True):
        wall = labels[0] > 0.5
        around = ndimage.binary_dilation(wall.numpy(), iterations=4) & ~wall.numpy()
        assert counts[wall].mean() > 1.3 * counts[torch.from_numpy(around)].mean()


@pytest.mark.parametrize("architecture", TINY)
def test_a_few_steps_on_small_cubes_lower_the_loss(architecture: str, small: ReducedPool, tmp_path: Path) -> None:
    frame = "short-axis" if architecture == "msunet" else "transaxial"
    state = Training(tiny(tmp_path, architecture, frame=frame, data="reduced = 32"))
    one = ReducedPool(
        *(x[:1] for x in (small.cubes, small.labels, small.rotation, small.centre, small.septum_deg)), HALF_MM
    )
    totals = [sum(state.advance(Studies([], reduced=one)).values()) for _ in range(12)]
    assert np.mean(totals[-4:]) < 0.985 * np.mean(totals[:4]), totals


def test_one_that_does_not_fit_is_refused(pool: Path, small: ReducedPool, tmp_path: Path) -> None:
    reduced_pool(tmp_path, [pool], FieldOfView(32), 1, quiet)
    with pytest.raises(InputError, match="must have cubes of 64 voxels, 380 mm and 1 views"):
        reduced_pool(tmp_path, [pool], FieldOfView(64), 1, quiet)
    (tmp_path / "poses.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        reduced_pool(tmp_path, [pool], FieldOfView(32), 1, quiet)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="pools have none"):
        reduced_pool(tmp_path / "other", [tmp_path / "empty"], FieldOfView(32), 1, quiet)
