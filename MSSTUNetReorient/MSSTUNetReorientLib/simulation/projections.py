"""Projections of a gamma camera, their reconstruction and filter, by PyTomography."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import InputError
from .camera import Camera
from .scanner import stored
from .torso import Field

Array = NDArray[np.float64]

THREADS = 1
"""Sums over more threads round differently: same seed, same bytes needs a fixed number. Processes share the cores."""


@contextmanager
def _fixed_threads() -> Iterator[None]:
    former = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(former)


def scan(
    activity: Field, mu: Field, camera: Camera, spacing: float, points: Field, number: int = 0, share: float = 1.0
) -> Field:
    """The camera's image of an activity.

    Args:
        activity, mu: ``(K, J, I)`` relative activity and attenuation per mm; wider than the study by the camera's
            margin in the plane.
        spacing: mm.
        points: ``(K, J, I, 3)`` mm from the middle, of the study.
        number: of the gate, for its noise; share: of the counts that it gets.

    Returns:
        ``(K, J, I)`` in units of the activity where attenuation is corrected.

    Raises:
        InputError: PyTomography is not installed.
    """
    with _fixed_threads(), torch.no_grad():
        measured, scale = _acquire(activity, mu, camera, spacing, number, share)
        m = camera.margin
        inner = mu[:, m : mu.shape[1] - m, m : mu.shape[2] - m]
        visible = _visible(camera, points)
        image = _reconstruct(measured, inner, camera, spacing, visible) / scale
    shown = np.asarray(_filter(image, camera, spacing) * visible, np.float32)
    return stored(shown, camera.median, 0 if camera.seed == 0 else camera.levels)


def _visible(camera: Camera, points: Field) -> Field:
    inside = np.ones(points.shape[:3], bool)
    if camera.field > 0:
        inside &= np.hypot(points[..., 0], points[..., 1]) < camera.field
    if camera.axial > 0:
        inside &= np.abs(points[..., 2]) < camera.axial
    return inside.astype(np.float32)


def system_matrix(mu: Field, camera: Camera, spacing: float, *, attenuation: bool, resolution: bool) -> Any:
    """PyTomography's ``SPECTSystemMatrix`` of a camera round an object of the shape of ``mu`` ``(K, J, I)``."""
    try:
        from pytomography.metadata.SPECT import SPECTObjectMeta
        from pytomography.metadata.SPECT import SPECTProjMeta
        from pytomography.metadata.SPECT import SPECTPSFMeta
        from pytomography.projectors.SPECT import SPECTSystemMatrix
        from pytomography.transforms.SPECT import SPECTAttenuationTransform
        from pytomography.transforms.SPECT import SPECTPSFTransform
    except ImportError as error:
        msg = "the physical cameras need PyTomography, but it is not installed; "
        msg += "run pip install 'msstunet-reorient[projections]' or add --fast"
        raise InputError(msg) from error
    deep, tall, wide = mu.shape
    angles = _angles(camera)
    object_meta = SPECTObjectMeta([spacing] * 3, [wide, tall, deep])
    detector = SPECTProjMeta([wide, deep], [spacing] * 2, angles, np.full(len(angles), camera.radius))
    transforms = []
    if attenuation and mu.any():
        transforms.append(_remembering(SPECTAttenuationTransform)(_to_object(mu)))
    if resolution:
        meta = SPECTPSFMeta((camera.slope, camera.floor, camera.intrinsic), sigma_fit=_sigma)
        transforms.append(_by_matrices(SPECTPSFTransform)(meta))
    return SPECTSystemMatrix(transforms, [], object_meta, detector)


def _remembering(transform: Any) -> Any:
    """PyTomography's attenuation, with the detection probabilities of each angle kept: OSEM asks for them often."""

    class Remembering(transform):
        def forward(self, object_i: torch.Tensor, ang_idx: torch.Tensor) -> torch.Tensor:
            kept = self.__dict__.setdefault("kept", {})
            number = int(ang_idx)
            if number not in kept:
                kept[number] = super().forward(torch.ones_like(object_i), ang_idx)
            return object_i * kept[number]

        backward = forward  # the matrix is diagonal

    return Remembering


def _by_matrices(transform: Any) -> Any:
    """PyTomography's blur by distance as a product of matrices a plane: grouped convolutions are slow on CPUs."""
    from pytomography.utils import compute_pad_size

    class ByMatrices(transform):
        def configure(self, object_meta: Any, proj_meta: Any) -> None:
            super().configure(object_meta, proj_meta)
            pad = 2 * compute_pad_size(object_meta.shape[0])
            _, wide, deep = object_meta.shape
            self.matrices = {
                radius: (_toeplitz(net.layer_r.weight, wide + pad), _toeplitz(net.layer_z.weight, deep))
                for radius, net in self.layers.items()
            }

        def forward(self, object_i: torch.Tensor, ang_idx: torch.Tensor) -> torch.Tensor:
            across, along = self.matrices[self.proj_meta.radii[ang_idx]]
            return across @ object_i @ along

        backward = forward  # the matrices are symmetric

    return ByMatrices


def _toeplitz(kernels: torch.Tensor, size: int) -> torch.Tensor:
    """``(D, size, size)``, each the convolution with one of the symmetric kernels ``(D, 1, odd)``, zero outside."""
    half = kernels.shape[-1] // 2
    apart = (torch.arange(size)[:, None] - torch.arange(size)).abs()
    return torch.where(apart <= half, kernels.detach()[:, 0, (half + apart).clamp_max(2 * half)], 0.0)


def _angles(camera: Camera) -> Array:
    """In PyTomography's way of counting, which with LPS axes is ours: 0 is anterior, 270 the patient's left."""
    return np.mod(camera.first + camera.arc * (np.arange(camera.views) + 0.5) / camera.views, 360.0)


def _sigma(distance: Array, slope: float, floor: float, intrinsic: float) -> Array:
    return np.asarray(np.hypot(intrinsic, floor + slope * np.maximum(distance, 0.0)) / 2.355)


def _to_object(volume: Field) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(volume.transpose(2, 1, 0), dtype=np.float32))


def _acquire(
    activity: Field, mu: Field, camera: Camera, spacing: float, number: int, share: float
) -> tuple[torch.Tensor, float]:
    """Counted projections ``(views, I, K)`` of the study's width, and the counts of a unit of activity."""
    matrix = system_matrix(mu, camera, spacing, attenuation=True, resolution=True)
    ideal = matrix.forward(_to_object(activity)).numpy().astype(np.float64)
    ideal = ideal[:, camera.margin : ideal.shape[1] - camera.margin]
    sigma = camera.scatter_fwhm / 2.355 / spacing
    scattered = ndimage.gaussian_filter(ideal, (0, sigma, sigma))
    expected = (1 - camera.scatter) * ideal + camera.scatter * scattered
    if camera.seed == 0:
        return torch.from_numpy(expected.astype(np.float32)), 1.0
    scale = camera.counts * share / expected.sum()
    counted = np.random.default_rng((camera.seed, number)).poisson(np.maximum(expected, 0) * scale)
    return torch.from_numpy(counted.astype(np.float32)), float(scale)


def _reconstruct(measured: torch.Tensor, mu: Field, camera: Camera, spacing: float, visible: Field) -> Field:
    from pytomography.algorithms import OSEM
    from pytomography.likelihoods import PoissonLogLikelihood

    matrix = system_matrix(mu, camera, spacing, attenuation=camera.corrected, resolution=camera.recovery)
    start = _to_object(visible) * float(measured.mean() / max(visible.shape[1:]) + 1e-6)
    osem = OSEM(PoissonLogLikelihood(matrix, measured), object_initial=start)
    found = osem(n_iters=camera.iterations, n_subsets=camera.subsets)
    return np.asarray(found.numpy().transpose(2, 1, 0), np.float32)


def _filter(image: Field, camera: Camera, spacing: float) -> Field:
    if camera.filter == "gaussian":
        return np.asarray(ndimage.gaussian_filter(image, camera.cutoff / 2.355 / spacing), np.float32)
    frequencies = np.meshgrid(*(np.fft.fftfreq(n, spacing / 10) for n in image.shape), indexing="ij")
    radius = np.sqrt(sum(f**2 for f in frequencies))
    passed = 1 / np.sqrt(1 + (radius / camera.cutoff) ** (2 * camera.order))
    filtered = np.fft.ifftn(np.fft.fftn(image) * passed).real
    return np.maximum(filtered, 0.0)
