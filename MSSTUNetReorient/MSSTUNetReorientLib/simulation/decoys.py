"""Bright things that are no heart: shells, blobs, kidneys, rings and loops of gut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from .parameters import CUBE

Array = NDArray[np.float64]
Field = NDArray[np.float32]

SIZE_MM = (14.0, 40.0)
"""Half of the width of a decoy."""
WALL_MM = (5.0, 14.0)
"""Thickness of a hollow one."""
LEVEL = (0.4, 1.8)
"""Counts of a decoy over those of a healthy wall."""
BLUR_MM = (7.0, 18.0)
"""Resolution (FWHM) at which a decoy is seen."""
REACH = 22
"""Voxels from the centre of a decoy to the edge of the box that holds it."""


def paint_decoy(
    cube: Field,
    centre: Array,
    size: float,
    rng: np.random.Generator,
    hidden: Field | None = None,
    kind: str | None = None,
) -> None:
    """Add a random decoy to counts ``(96, 96, 96)`` whose healthy wall is about 1, in place.

    Args:
        centre: ``(3,)`` (x, y, z) mm from the middle of the cube.
        size: half of its width, mm.
        hidden: ``(96, 96, 96)`` share of a voxel where nothing is added.
        kind: one of :data:`KINDS`; None for any.
    """
    middle = np.round(centre / CUBE.spacing + (CUBE.size[0] - 1) / 2).astype(int)[::-1]
    first = np.clip(middle - REACH, 0, CUBE.size[0])
    last = np.clip(middle + REACH + 1, 0, CUBE.size[0])
    if (last <= first).any():
        return
    line = np.arange(-REACH, REACH + 1) * CUBE.spacing
    z, y, x = np.meshgrid(line, line, line, indexing="ij")
    p = np.stack([x, y, z], axis=-1) @ Rotation.random(random_state=rng).as_matrix()
    distance = KINDS[kind or list(KINDS)[int(rng.integers(len(KINDS)))]]
    inside = np.clip(0.5 - distance(p / size, size, rng) / CUBE.spacing, 0.0, 1.0)
    seen = ndimage.gaussian_filter(inside.astype(np.float32), rng.uniform(*BLUR_MM) / 2.355 / CUBE.spacing)
    seen *= np.float32(rng.uniform(*LEVEL) / max(float(seen.max()), 1e-3))
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    part = seen[tuple(slice(a, b) for a, b in zip(first - middle + REACH, last - middle + REACH, strict=True))]
    cube[box] += part if hidden is None else part * (1 - hidden[box])


def _ball(p: Array, size: float, semi: Array, centre: Array | float = 0.0) -> Array:
    """Distance (mm, negative inside) to an ellipsoid whose semi-axes are given in units of ``size``."""
    q = (p - centre) / semi
    return np.asarray((np.linalg.norm(q, axis=-1) - 1) * size * float(semi.min()))


def _blob(p: Array, size: float, rng: np.random.Generator) -> Array:
    return _ball(p, size, rng.uniform(0.5, 1.0, 3))


def _shell(p: Array, size: float, rng: np.random.Generator) -> Array:
    """A closed hollow ellipsoid."""
    outer = _ball(p, size, rng.uniform(0.8, 1.0, 3))
    return np.maximum(outer, -outer - rng.uniform(*WALL_MM))


def _kidney(p: Array, size: float, rng: np.random.Generator) -> Array:
    """A bean: an ellipsoid with its hilum taken out."""
    semi = np.array([0.55, 0.65, 1.15])
    hilum = _ball(p, size, np.full(3, 0.5), np.array([rng.uniform(0.4, 0.6), 0.0, 0.0]))
    return np.maximum(_ball(p, size, semi), -hilum)


def _ring(p: Array, size: float, rng: np.random.Generator) -> Array:
    """The wall of a stomach or of a loop: a tube that is open at both ends."""
    across = (np.hypot(p[..., 0], p[..., 1]) - 1) * size
    tube = np.maximum(across, -across - rng.uniform(*WALL_MM))
    return np.maximum(tube, (np.abs(p[..., 2]) - rng.uniform(0.3, 1.0)) * size)


def _loop(p: Array, size: float, rng: np.random.Generator) -> Array:
    """Gut: balls along a path that bends."""
    place, way = np.array([-1.0, 0.0, 0.0]), np.array([0.35, 0.0, 0.0])
    out = np.full(p.shape[:-1], np.inf)
    radius = rng.uniform(0.3, 0.5)
    for _ in range(7):
        out = np.minimum(out, (np.linalg.norm(p - place, axis=-1) - radius) * size)
        way = Rotation.from_rotvec(rng.normal(0, 0.6, 3)).apply(way)
        place = place + way
    return out


KINDS: dict[str, Callable[[Array, float, np.random.Generator], Array]] = {
    "blob": _blob, "hollow shell": _shell, "kidney": _kidney, "open ring": _ring, "gut loop": _loop,
}  # fmt: skip
"""Distance (mm, negative inside) to each, at points in units of its size."""
