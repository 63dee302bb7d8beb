"""The physical camera, where PyTomography is installed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.simulation.camera import draw_camera
from MSSTUNetReorientLib.simulation.scanner import points_of_grid

pytest.importorskip("pytomography", reason="PyTomography is not installed: pip install .[projections]")

from MSSTUNetReorientLib.simulation import projections

SIZE, SPACING = (24, 24, 4), 10.0
POINTS = points_of_grid(SIZE, SPACING)
RADIUS = np.hypot(POINTS[..., 0], POINTS[..., 1])
BODY = (RADIUS < 100).astype(np.float32)
CAMERA = replace(
    draw_camera(np.random.default_rng(0), "spect"), views=12, arc=360.0, iterations=6, subsets=3, scatter=0.0,
    corrected=True, recovery=False, filter="gaussian", cutoff=8.0, seed=0, radius=140.0,
)  # fmt: skip


def test_attenuation_is_corrected() -> None:
    mu = 0.015 * BODY
    inner, outer = RADIUS < 30, (RADIUS > 60) & (RADIUS < 80)
    corrected = projections.scan(BODY, mu, CAMERA, SPACING, POINTS)
    plain = projections.scan(BODY, mu, replace(CAMERA, corrected=False), SPACING, POINTS)
    assert corrected[inner].mean() == pytest.approx(1.0, abs=0.08)
    assert corrected[inner].mean() / corrected[outer].mean() == pytest.approx(1.0, abs=0.1)
    assert plain[inner].mean() / plain[outer].mean() < 0.75


def test_anterior_is_seen_best_from_the_front() -> None:
    front = np.exp(-((POINTS[..., 1] + 70) ** 2 + POINTS[..., 0] ** 2) / 300).astype(np.float32)
    eight = replace(CAMERA, views=8, first=-22.5)
    matrix = projections.system_matrix(0.015 * BODY, eight, SPACING, attenuation=True, resolution=True)
    seen = matrix.forward(projections._to_object(front)).numpy().sum(axis=(1, 2))
    assert int(np.argmax(seen)) == 0
    left = np.exp(-((POINTS[..., 0] - 70) ** 2 + POINTS[..., 1] ** 2) / 300).astype(np.float32)
    assert int(np.argmax(matrix.forward(projections._to_object(left)).numpy().sum(axis=(1, 2)))) == 6


def test_blur_by_distance_is_pytomographys() -> None:
    from pytomography.transforms.SPECT import SPECTPSFTransform
    from pytomography.utils import compute_pad_size

    matrix = projections.system_matrix(0 * BODY, CAMERA, SPACING, attenuation=False, resolution=True)
    ours = matrix.obj2obj_transforms[-1]
    wide = matrix.object_meta.shape[0] + 2 * compute_pad_size(matrix.object_meta.shape[0])
    counts = torch.rand((wide, wide, SIZE[2]), generator=torch.Generator().manual_seed(0))
    theirs = SPECTPSFTransform(ours.psf_meta)
    theirs.configure(matrix.object_meta, matrix.proj_meta)
    angle = torch.tensor(3)
    torch.testing.assert_close(ours.forward(counts, angle), theirs.forward(counts, angle), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.backward(counts, angle), theirs.backward(counts, angle), rtol=1e-5, atol=1e-6)


def test_noise_follows_the_counts_and_the_seed() -> None:
    mu = 0.015 * BODY
    noisy = [
        projections.scan(BODY, mu, replace(CAMERA, seed=seed, counts=counts), SPACING, POINTS)
        for seed, counts in ((1, 2e5), (1, 2e5), (2, 2e5), (1, 2e7))
    ]
    assert noisy[0].tobytes() == noisy[1].tobytes()
    assert not np.array_equal(noisy[0], noisy[2])
    ideal = projections.scan(BODY, mu, CAMERA, SPACING, POINTS)
    inside = RADIUS < 70
    assert (noisy[0] - ideal)[inside].std() > 5 * (noisy[3] - ideal)[inside].std()


def test_truncation_brightens_the_rim() -> None:
    """What lies outside the small field is piled up at its edge, as small cameras show."""
    small = points_of_grid((16, 16, 4), SPACING)
    camera = replace(CAMERA, margin=4, field=78.0, arc=180.0, first=-135.0)
    image = projections.scan(BODY, 0.015 * BODY, replace(camera, corrected=False), SPACING, small)
    radius = np.hypot(small[..., 0], small[..., 1])
    assert image[radius > 78].max() == 0
    assert image[(radius > 66) & (radius < 78)].max() > 1.5 * image[radius < 40].max()


def test_a_butterworth_filter_keeps_the_mean() -> None:
    white = np.random.default_rng(0).random((16, 16, 16)).astype(np.float32)
    camera = replace(CAMERA, filter="butterworth", cutoff=0.25, order=5)
    smooth = projections._filter(white, camera, SPACING)
    assert smooth.mean() == pytest.approx(white.mean(), rel=1e-3)
    assert smooth.std() < 0.6 * white.std()
