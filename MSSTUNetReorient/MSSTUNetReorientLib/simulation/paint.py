"""Activity on the voxels of a study: chest, spots, and the heart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .apparent import Surfaces
from .apparent import occupancy
from .beat import shares
from .bodywall import paint_ribs
from .camera import MU_PER_MM
from .ellipsoids import paint_outside
from .ellipsoids import render_ellipsoids
from .heart import RV_WALL_MM
from .heart import Shape
from .parameters import Spot
from .parameters import StudyParameters
from .sources import Sources
from .torso import Ellipsoids
from .torso import Field
from .torso import render_map
from .torso import smooth_noise
from .uptake import uptake

Array = NDArray[np.float64]

REACH_MM = 105.0
"""Half edge of the box round the LV in which the heart is painted."""
ATRIUM_MM = 30.0
"""How far blood goes on above the valve plane: the left atrium and the aortic root."""


def render_chest(p: StudyParameters, sources: Sources, values: dict[str, float], local: Field) -> Field:
    """A value of each tissue at ``local`` ``(K, J, I, 3)`` mm from the LV centre.

    Raises:
        InputError: an organ map that the sources do not have.
    """
    if isinstance(p.chest, Ellipsoids):
        return render_ellipsoids(p.chest, values, local)
    if p.chest.name not in sources.chests:
        msg = f"the study needs the chest {p.chest.name} of an anatomy folder, but it is missing; give the folder"
        raise InputError(msg)
    chest, organs = p.chest, sources.chests[p.chest.name]
    image = render_map(organs, values, chest.deformation, local, arms=chest.arms)
    if chest.outside:
        solid = {name: float(name != "air") for name in values}
        body = render_map(organs, solid, chest.deformation, local, arms=chest.arms)
        paint_outside(image, chest.outside, values, body, local)
    return image


def background(p: StudyParameters, sources: Sources, local: Field) -> Field:
    """Activity of everything but the heart, uneven and with hot spots."""
    image = uneven_chest(p, sources, local)
    for spot in p.spots:
        paint_spot(image, spot, local)
    return np.maximum(image, 0.0)


def uneven_chest(p: StudyParameters, sources: Sources, local: Field) -> Field:
    """Activity of the organs alone."""
    image = render_chest(p, sources, p.activity.values, local)
    rng = np.random.default_rng(p.tissue.seed)
    image *= 1 + p.activity.unevenness * smooth_noise(rng, 12, image.shape)[0]
    return np.maximum(image, 0.0)


def paint_spot(image: Field, spot: Spot, local: Field) -> None:
    """Blend an ellipsoid in, in place."""
    reach = 1.3 * max(spot.semi)
    lines = (local[:, 0, 0, 2], local[0, :, 0, 1], local[0, 0, :, 0])
    box = tuple(
        slice(*(int(n) for n in np.searchsorted(line, [c - reach, c + reach])))
        for line, c in zip(lines, spot.centre[::-1], strict=True)
    )
    q = local[box] - np.array(spot.centre, np.float32)
    c, s = np.cos(spot.angle), np.sin(spot.angle)
    x, y = q[..., 0] * c + q[..., 2] * s, q[..., 2] * c - q[..., 0] * s
    g = (x / spot.semi[0]) ** 2 + (q[..., 1] / spot.semi[1]) ** 2 + (y / spot.semi[2]) ** 2
    weight = np.clip((1 - g) * 2 + 0.5, 0, 1)
    image[box] += (weight * (spot.value - image[box])).astype(np.float32)


def _near(local: Field) -> NDArray[np.int64]:
    return np.flatnonzero((np.abs(local) < REACH_MM).all(axis=-1))


def paint_heart(
    image: Field,
    p: StudyParameters,
    shape: Shape,
    local: Field,
    rotation: Array,
    origin: Array,
    uniform: float | None = None,
) -> None:
    """Put wall, cavities and the tissue round them into the chest, in place.

    Args:
        local: ``(K, J, I, 3)`` mm from the LV centre; rotation: SA axes; origin: the LV centre in the shape's frame.
        uniform: uptake of the whole wall, instead of the study's perfusion.
    """
    spacing = p.raster.spacing
    near = _near(local)
    q = local.reshape(-1, 3)[near].astype(float) @ rotation + origin
    surfaces, rv = Surfaces.of(shape, q), shape.right_cavity(q)
    epi, _, valve = surfaces
    values = image.reshape(-1)[near].astype(float)
    blood, body = p.activity.values["blood"], p.activity.values["body"]
    around = np.minimum(np.maximum(epi, valve - 25.0), rv)
    values += occupancy(around - p.tissue.clearance, 8.0) * (p.tissue.fat * body - values)
    values += occupancy(np.minimum(np.maximum(epi, valve - ATRIUM_MM), rv), spacing) * (blood - values)
    rv_wall = (occupancy(rv - RV_WALL_MM, spacing) - occupancy(rv, spacing)) * (epi > 0)
    values += rv_wall * (p.tissue.right_wall - values)
    wall, _ = shares(surfaces, spacing)
    inside = wall > 0
    shown = uptake(p.perfusion, shape, q[inside]) if uniform is None else uniform
    values[inside] += wall[inside] * (shown - values[inside])
    image.reshape(-1)[near] = values.astype(np.float32)


def attenuation(p: StudyParameters, sources: Sources, local: Field) -> Field:
    """Of the chest without its heart, per mm; ``local`` as in :func:`render_chest`."""
    mu = render_chest(p, sources, MU_PER_MM, local)
    if isinstance(p.chest, Ellipsoids) and p.chest.bodies:
        paint_ribs(mu, p.chest, MU_PER_MM["bone"], local)
    return mu


def paint_attenuation(mu: Field, shape: Shape, local: Field, rotation: Array, origin: Array) -> None:
    """Put the heart's attenuation (per mm) into the chest's, in place."""
    near = _near(local)
    q = local.reshape(-1, 3)[near].astype(float) @ rotation + origin
    heart = np.minimum(np.maximum(shape.epicardium(q), shape.valve(q) - ATRIUM_MM), shape.right_cavity(q) - RV_WALL_MM)
    share = occupancy(heart, 6.0).astype(np.float32)
    mu.reshape(-1)[near] += share * (np.float32(MU_PER_MM["blood"]) - mu.reshape(-1)[near])
