"""Small studies for the tests, made from parts of a drawn one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.heart import ParametricShape
from MSSTUNetReorientLib.simulation.parameters import Placement
from MSSTUNetReorientLib.simulation.parameters import Raster
from MSSTUNetReorientLib.simulation.parameters import StudyParameters
from MSSTUNetReorientLib.simulation.scanner import Scanner
from MSSTUNetReorientLib.simulation.torso import Activity
from MSSTUNetReorientLib.simulation.torso import Ellipsoids
from MSSTUNetReorientLib.simulation.uptake import Perfusion

HEART = ParametricShape(
    radius_i=34.0, radius_j=32.0, apex=50.0, base=36.0, tilt=(0.1, 0.0), wall=10.0, apical_wall=7.0, taper=0.1,
    wobble=0.03, wobble_phase=0.8, bulge=0.0, rv_radius=(33.0, 38.0, 44.0), rv_centre=(-31.0, -4.0, 16.0),
)  # fmt: skip
NOTHING = Activity(dict.fromkeys(("air", "body", "lung", "blood", "bone", "liver"), 0.0), unevenness=0.0)


def plain(
    perfusion: Perfusion | None = None, *, fwhm: float = 10.0, spacing: float = 4.0, **other: object
) -> StudyParameters:
    """A heart alone, without noise, on a cube."""
    drawn = draw_parameters("spect", 1, fast=True)
    scanner = Scanner(
        "spect", fwhm=fwhm, voxel=spacing, noise=0.0, noise_fwhm=8.0, floor=0.0, shading=0.0, depth_loss=0.0, field=0.0,
        axial=0.0, rim=0.0, specks=0, seed=1,
    )  # fmt: skip
    bare = replace(
        drawn, heart=HEART, perfusion=perfusion or Perfusion(), chest=Ellipsoids(), activity=NOTHING, spots=(),
        tissue=replace(drawn.tissue, right_wall=0.0), scanner=scanner,
        placement=Placement.of(MEAN_ROTATION, np.array([5.0, -7.0, 3.0])),
        raster=Raster((48, 48, 48), spacing, (10.0, 20.0, 300.0)),
    )  # fmt: skip
    return replace(bare, **other)  # type: ignore[arg-type]
