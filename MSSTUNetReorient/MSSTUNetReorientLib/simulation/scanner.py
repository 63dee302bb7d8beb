"""The fast, image-space scanner: blur, noise, attenuation shading, field of view and its artefacts."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from ..geometry.refine import resized
from .codec import parameters_class
from .torso import Field
from .torso import smooth_noise

FAR_MM = 180.0
"""Distance from the heart at which the resolution is at its worst."""
STREAK_VIEWS, STREAK_REACH_MM, STREAK_LEVEL = 14, 20.0, 0.5
"""Directions of the streaks; how far round a place its activity makes them (standard deviation); that activity's root
near a heart."""


@parameters_class
@dataclass(frozen=True)
class Scanner:
    """Parameters of a camera and its reconstruction.

    Attributes:
        kind: "spect", "conventional", "czt" or "pet".
        fwhm: resolution with motion, mm.
        voxel: of the reconstructed study, mm.
        noise: standard deviation where activity is 1, after smoothing by ``noise_fwhm`` mm.
        floor: share of the noise that does not depend on the activity.
        shading: amplitude of the smooth loss of counts; depth_loss: relative loss per mm towards posterior.
        field: radius in mm of the round field of view (0: none); axial: half height in mm (0: none).
        rim: amplitude of the bright rim; specks: number of single bright voxels on it.
        seed: of the noise.
        widening: resolution far from the detectors over that at the heart.
        streaks: standard deviation of streaks and patches of middle size, as few views leave them; streak_fwhm: mm.
        acquisition: of the same patient; another one has other noise and streaks, but loses counts in the same places.
        median, levels: see :func:`stored`.
    """

    kind: str
    fwhm: float
    voxel: float
    noise: float
    noise_fwhm: float
    floor: float
    shading: float
    depth_loss: float
    field: float
    axial: float
    rim: float
    specks: int
    seed: int
    widening: float = 1.0
    streaks: float = 0.0
    streak_fwhm: float = 25.0
    acquisition: int = 0
    median: int = 0
    levels: int = 0


def draw_scanner(rng: np.random.Generator, kind: str | None = None) -> Scanner:
    """A parallel-hole SPECT, sharp or conventional, a CZT camera with a small round field, or a PET scanner."""
    kind = kind or str(rng.choice(["spect", "conventional", "czt", "pet"], p=[0.33, 0.22, 0.25, 0.2]))
    seed = int(rng.integers(2**31))
    noise = float(np.clip(0.05 * np.exp(rng.normal(0, 0.75)), 0.005, 0.25))
    draw = {"spect": _draw_spect, "conventional": _draw_conventional, "czt": _draw_czt, "pet": _draw_pet}
    return draw[kind](rng, noise, seed)


def _draw_czt(rng: np.random.Generator, noise: float, seed: int) -> Scanner:
    return Scanner(
        "czt", fwhm=rng.uniform(8.0, 17.5), voxel=4.0, noise=noise * 1.3, noise_fwhm=rng.uniform(8, 22),
        floor=rng.uniform(0.05, 0.5), shading=rng.uniform(0.0, 0.35), depth_loss=rng.uniform(0, 0.006),
        field=rng.uniform(125, 145), axial=rng.uniform(80, 104), rim=_draw_rim(rng),
        specks=int(rng.integers(0, 30)), seed=seed, widening=rng.uniform(1.0, 1.7),
        streaks=_draw_streaks(rng, 0.055), streak_fwhm=rng.uniform(14, 32),
    )  # fmt: skip


def _draw_rim(rng: np.random.Generator) -> float:
    """From none to several times the heart, where a prone or wide patient fills the edge of the field."""
    return float(np.exp(rng.uniform(np.log(0.4), np.log(20.0))))


def _draw_streaks(rng: np.random.Generator, median: float) -> float:
    return float(np.clip(median * np.exp(rng.normal(0.0, 0.6)), 0.0, 0.16))


def _draw_pet(rng: np.random.Generator, noise: float, seed: int) -> Scanner:
    return Scanner(
        "pet", fwhm=rng.uniform(5, 9), voxel=rng.uniform(2, 4.2), noise=noise, noise_fwhm=rng.uniform(4, 9),
        floor=rng.uniform(0.02, 0.2), shading=rng.uniform(0, 0.12), depth_loss=0.0, field=0.0,
        axial=rng.uniform(70, 130), rim=0.0, specks=0, seed=seed,
    )  # fmt: skip


def _draw_spect(rng: np.random.Generator, noise: float, seed: int) -> Scanner:
    return Scanner(
        "spect", fwhm=rng.uniform(8, 18), voxel=rng.uniform(4.8, 6.8), noise=noise * 1.3, noise_fwhm=rng.uniform(6, 16),
        floor=rng.uniform(0.02, 0.3), shading=rng.uniform(0, 0.35), depth_loss=rng.uniform(0, 0.006),
        field=rng.uniform(150, 230) if rng.random() < 0.5 else 0.0, axial=rng.uniform(70, 210),
        rim=_draw_rim(rng) if rng.random() < 0.4 else 0.0, specks=int(rng.integers(0, 40)), seed=seed,
        widening=rng.uniform(1.0, 1.5), streaks=_draw_streaks(rng, 0.03), streak_fwhm=rng.uniform(14, 36),
    )  # fmt: skip


CONVENTIONAL_FWHM_MM = (12.0, 18.0)
"""Parallel holes over 180 degrees without resolution recovery, with the motion of the heart (ours)."""


def _draw_conventional(rng: np.random.Generator, noise: float, seed: int) -> Scanner:
    """A smooth study of an older camera, as its workstation stores it: small cavities are nearly closed."""
    drawn = _draw_spect(rng, 0.7 * noise, seed)
    fwhm, smooth = rng.uniform(*CONVENTIONAL_FWHM_MM), rng.uniform(12, 20)
    return replace(drawn, kind="conventional", fwhm=fwhm, noise_fwhm=smooth, median=draw_median(rng), levels=BYTE)


def draw_median(rng: np.random.Generator) -> int:
    """Side of the median filter of a conventional study, 0 for none; see :func:`stored`."""
    return 3 if rng.random() < MEDIAN_SHARE else 0


MEDIAN_SHARE, BYTE = 0.7, 255
"""Of the conventional studies those with a median filter (ours); the levels of a byte."""
MEDIAN_WIDTH = 0.25
"""Of the Gaussian (FWHM over the side in mm) that widens walls as the filter does, measured on hearts without noise."""


def shown_fwhm(scanner: Scanner, spacing: float, painted: float) -> float:
    """Resolution of a study on voxels of ``spacing`` mm, its voxels with it, mm.

    What is painted on voxels of ``painted`` mm and blurred to it looks like the study: the blur of these is taken off.
    """
    variance = (spacing**2 - painted**2) / 12
    if is_coarser(scanner.voxel, spacing):
        variance += spacing**2 / 6  # of reading between voxels, on the way to the coarser ones
    variance += (MEDIAN_WIDTH * scanner.median * max(scanner.voxel, spacing) / 2.355) ** 2
    return float(np.sqrt(max(scanner.fwhm**2 + 2.355**2 * variance, 1.0)))


def is_coarser(voxel: float, spacing: float) -> bool:
    """Whether a study of ``voxel`` mm loses detail that voxels of ``spacing`` mm hold."""
    return voxel > 1.1 * spacing


def blur(activity: Field, fwhm: float, spacing: float) -> Field:
    """Gaussian of ``fwhm`` mm on voxels of ``spacing`` mm."""
    return np.asarray(ndimage.gaussian_filter(activity, fwhm / 2.355 / spacing, truncate=3.0))


def blur_by_place(activity: Field, scanner: Scanner, local: Field, spacing: float) -> Field:
    """The scanner's blur, growing from the heart away from the detectors (towards the right and the back).

    Args:
        activity: ``(K, J, I)``; local: ``(K, J, I, 3)`` mm from the LV centre, LPS.
    """
    near = blur(activity, scanner.fwhm, spacing)
    if scanner.widening <= 1:
        return near
    far = blur(near, scanner.fwhm * float(np.sqrt(scanner.widening**2 - 1)), spacing)
    beyond = np.clip((local[..., 1] - local[..., 0]) / np.float32(np.sqrt(2) * FAR_MM) - 0.25, 0, 1)
    return np.asarray(near + beyond * (far - near), np.float32)


def attenuate(image: Field, scanner: Scanner, points: Field) -> Field:
    """Loss of counts with depth (posterior of the heart) and a smooth field, as without attenuation correction."""
    rng = np.random.default_rng(scanner.seed)
    smooth = smooth_noise(rng, 4, image.shape)[0] * scanner.shading
    return np.asarray(image * np.exp(smooth - scanner.depth_loss * points[..., 1]), np.float32)


def add_noise(image: Field, scanner: Scanner, spacing: float, number: int = 0, gates: int = 1) -> Field:
    """Correlated noise that grows with the square root of the local activity; gate ``number`` of ``gates``."""
    if scanner.noise <= 0:
        return image
    rng = np.random.default_rng((scanner.seed + 1 + _apart(scanner), number))
    white = rng.standard_normal(image.shape, dtype=np.float32)
    sigma = scanner.noise_fwhm / 2.355 / spacing
    noise = ndimage.gaussian_filter(white, sigma, truncate=2.5)
    noise /= noise.std() + 1e-9
    level = np.sqrt(np.maximum(image, 0.0) + scanner.floor * scanner.floor)
    amount = np.float32(scanner.noise * np.sqrt(gates))
    return np.asarray(np.maximum(image + amount * level * noise, 0.0), np.float32)


def add_streaks(image: Field, scanner: Scanner, spacing: float) -> Field:
    """What a backprojection of few noisy views leaves: streaks in the planes, patches where they cross.

    Made on every second voxel; they follow the root of the activity round about.
    """
    if scanner.streaks <= 0:
        return image
    rng = np.random.default_rng(scanner.seed + 3 + _apart(scanner))
    coarse = image[::2, ::2, ::2]
    deep, tall, wide = coarse.shape
    y, x = np.mgrid[:tall, :wide].astype(np.float32) - np.float32((tall + wide) / 4)
    reach = int(np.ceil(np.hypot(tall, wide)))
    sigma = scanner.streak_fwhm / 2.355 / (2 * spacing)
    found = np.zeros((deep, tall * wide), np.float32)
    for angle in rng.uniform(0, np.pi, STREAK_VIEWS):
        profile = ndimage.gaussian_filter(rng.standard_normal((deep, reach), dtype=np.float32), sigma, truncate=2.5)
        place = np.rint(x * np.cos(angle) + y * np.sin(angle)).astype(int).ravel() + reach // 2
        found += profile[:, np.clip(place, 0, reach - 1)]
    level = np.sqrt(ndimage.gaussian_filter(np.maximum(coarse, 0.0), STREAK_REACH_MM / (2 * spacing), truncate=2.0))
    found = found.reshape(coarse.shape) * (level * np.float32(scanner.streaks / (found.std() * STREAK_LEVEL)))
    fine = F.interpolate(torch.from_numpy(found)[None, None], size=image.shape, mode="trilinear", align_corners=True)
    return np.asarray(np.maximum(image + fine[0, 0].numpy(), 0.0), np.float32)


def _apart(scanner: Scanner) -> int:
    """What an acquisition adds to the seeds of its noise: beyond all seeds that are drawn."""
    return scanner.acquisition << 32


def limit_field(image: Field, scanner: Scanner, from_centre: Field) -> Field:
    """Cut to the field of view (``from_centre`` is mm from its centre) and add the artefacts of its edge."""
    rng = np.random.default_rng(scanner.seed + 2)
    out = image
    if scanner.field > 0:
        radius = np.hypot(from_centre[..., 0], from_centre[..., 1])
        if scanner.rim > 0:
            at_edge = np.exp(-(((radius - scanner.field) / rng.uniform(3, 13)) ** 2))
            patchy = np.maximum(smooth_noise(rng, 5, image.shape)[0] + 0.2, 0.0)
            out = out + np.float32(scanner.rim) * (at_edge * patchy).astype(np.float32) * (0.05 + out)
            out = _specks(out, scanner, from_centre, rng)
        out = np.where(radius < scanner.field, out, 0.0)
    if scanner.axial > 0:
        out = np.where(np.abs(from_centre[..., 2]) < scanner.axial, out, 0.0)
    return np.asarray(out, np.float32)


def _specks(image: Field, scanner: Scanner, from_centre: Field, rng: np.random.Generator) -> Field:
    deep, tall, wide = image.shape
    spacing = float(from_centre[0, 0, 1, 0] - from_centre[0, 0, 0, 0])
    out = image.copy()
    for _ in range(scanner.specks):
        phi, r = rng.uniform(0, 2 * np.pi), scanner.field * rng.uniform(0.93, 0.995)
        middle = (np.array([r * np.cos(phi), r * np.sin(phi)]) - from_centre[0, 0, 0, :2]) / spacing
        i, j = (int(np.clip(round(v), 0, n - 1)) for v, n in zip(middle, (wide, tall), strict=True))
        k = int(rng.integers(deep))
        out[k : k + int(rng.integers(1, 6)), j, i] += rng.uniform(0.5, 3.0)
    return out


def stored(image: Field, median: int, levels: int) -> Field:
    """As a workstation may store a study: the median of a square in each plane, counts in steps of the hottest voxel.

    Args:
        median: side of the square in voxels, 0 for none; levels: number of steps, 0 for none.
    """
    if median:
        image = ndimage.median_filter(image, (1, median, median))
    if levels and image.max() > 0:
        step = image.max() / np.float32(levels)
        image = np.rint(image / step) * step
    return image


def resolve(image: Field, scanner: Scanner, spacing: float) -> Field:
    """The study on its own voxels, as it is :func:`stored`, resampled to ``spacing`` mm by cubic splines."""
    if not is_coarser(scanner.voxel, spacing):
        return stored(image, scanner.median, scanner.levels)
    coarse = [max(round((n - 1) * spacing / scanner.voxel) + 1, 8) for n in image.shape]
    down = F.interpolate(torch.from_numpy(image)[None, None], size=coarse, mode="trilinear", align_corners=True)
    up = stored(down[0, 0].numpy(), scanner.median, scanner.levels)
    for axis, n in enumerate(image.shape):
        up = resized(up, axis, n)
    return np.asarray(np.maximum(up, 0.0), np.float32)


def points_of_grid(size: tuple[int, int, int], spacing: float) -> Field:
    """``(K, J, I, 3)`` positions (x, y, z) in mm from the middle of a grid of ``size`` (I, J, K)."""
    x, y, z = ((np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2)) * np.float32(spacing) for n in size)
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    return np.stack([xx, yy, zz], axis=-1)
