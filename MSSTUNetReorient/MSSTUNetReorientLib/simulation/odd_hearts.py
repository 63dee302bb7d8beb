"""Hearts that are seldom drawn otherwise: aneurysms of the inferior wall, very small ones, bases that end in a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .heart import ParametricShape
from .heart import Pouch
from .heart import Step
from .parameters import StudyParameters
from .segments import centre_of_segment
from .uptake import Defect
from .uptake import Perfusion

ODD_SHARE = 0.07
"""Of the parametric hearts, those with each of the oddities."""
SMALL_MM = (16.0, 22.0)
"""Outer radius of a very small heart."""
THICKEST = 0.5
"""Largest thickness of its wall, over its smallest radius."""
POUCH_SEGMENTS = (4, 5, 10, 11)
"""Segments in which a pouch lies: inferior and inferolateral, basal and mid."""
STEP_DEPTHS_MM = (6.0, 18.0)
SEPTAL, LATERAL = 90.0, 270.0
SEPTAL_SHARE = 0.7
"""Of the steps, those whose septal side is the shorter, as its base is a membrane."""

Changed = tuple[ParametricShape, Perfusion]


def odd_heart(parameters: StudyParameters, rng: np.random.Generator) -> StudyParameters:
    """The study, now and then with an odd heart instead; only a parametric one without an aneurysm is changed."""
    heart, which = parameters.heart, int(rng.random() / ODD_SHARE)
    if not isinstance(heart, ParametricShape) or heart.bulge > 0 or which >= len(ODDITIES):
        return parameters
    heart, perfusion = ODDITIES[which](heart, parameters.perfusion, rng)
    return replace(parameters, heart=heart, perfusion=perfusion)


def _with_pouch(heart: ParametricShape, perfusion: Perfusion, rng: np.random.Generator) -> Changed:
    """A thin, scarred part of the wall that bulges outward."""
    segment = int(rng.choice(POUCH_SEGMENTS))
    u, degrees = centre_of_segment(segment)
    k = heart.cavity_apex() + u * (heart.base - heart.cavity_apex())
    pouch = Pouch(degrees, k, bulge=float(rng.uniform(0.2, 0.5)), thinning=float(rng.uniform(0.4, 0.65)))
    scar = Defect(segment, float(rng.uniform(1.2, 2.2)), float(rng.uniform(0.6, 0.95)), 1.0)
    return replace(heart, pouch=pouch), replace(perfusion, defects=(*perfusion.defects, scar))


def _very_small(heart: ParametricShape, perfusion: Perfusion, rng: np.random.Generator) -> Changed:
    """All lengths of the heart smaller, those of the wall as long as it leaves a cavity."""
    factor = float(rng.uniform(*SMALL_MM)) / (heart.radius_i * heart.radius_j) ** 0.5
    thinner = min(1.0, THICKEST * factor * min(heart.radius_i, heart.radius_j) / heart.wall)
    a, b, c = (factor * x for x in heart.rv_radius)
    x, y, z = (factor * v for v in heart.rv_centre)
    small = replace(
        heart, radius_i=factor * heart.radius_i, radius_j=factor * heart.radius_j, apex=factor * heart.apex,
        base=factor * heart.base, wall=thinner * heart.wall, apical_wall=thinner * heart.apical_wall,
        rv_radius=(a, b, c), rv_centre=(x, y, z),
    )  # fmt: skip
    return small, perfusion


def _ending_in_a_step(heart: ParametricShape, perfusion: Perfusion, rng: np.random.Generator) -> Changed:
    """Septal and lateral wall end at different depths, whatever the axis is."""
    side = SEPTAL if rng.random() < SEPTAL_SHARE else LATERAL
    step = Step(side + float(rng.normal(0, 20)), float(rng.uniform(*STEP_DEPTHS_MM)))
    return replace(heart, step=step), perfusion


ODDITIES: tuple[Callable[[ParametricShape, Perfusion, np.random.Generator], Changed], ...] = (
    _with_pouch,
    _very_small,
    _ending_in_a_step,
)
