"""The labels of a physical camera against the wall as its noiseless images show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_ellipsoid
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.simulation.beat import Beat
from MSSTUNetReorientLib.simulation.camera import draw_camera
from MSSTUNetReorientLib.simulation.parameters import Placement
from MSSTUNetReorientLib.simulation.parameters import Raster
from MSSTUNetReorientLib.simulation.parameters import StudyParameters
from MSSTUNetReorientLib.simulation.render import Study
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.torso import Ellipsoids
from MSSTUNetReorientLib.simulation.truth import LABEL_SPACING
from MSSTUNetReorientLib.simulation.uptake import Defect
from MSSTUNetReorientLib.simulation.uptake import Perfusion
from scipy import ndimage
from studies import HEART
from studies import NOTHING
from studies import plain

pytest.importorskip("pytomography", reason="PyTomography is not installed: pip install .[projections]")

CHEST = Ellipsoids((("body", (-30.0, 60.0, 0.0), (150.0, 120.0, 500.0), 0.0),))
COLD = Perfusion((Defect(segment=9, extent=100.0, depth=1.0, transmurality=1.0),))
"""A defect of the whole wall."""
CAMERA = replace(
    draw_camera(np.random.default_rng(0), "spect"), views=12, iterations=4, subsets=4, corrected=False, recovery=False,
    filter="gaussian", cutoff=8.0, scatter=0.3, seed=0, slope=0.035,
)  # fmt: skip
RADII = np.arange(0.0, 60.0, 0.5)


def physical() -> StudyParameters:
    """A large heart in a warm body on a coarse grid."""
    values = NOTHING.values | {"body": 0.12, "blood": 0.12}
    heart = replace(HEART, radius_i=40.0, radius_j=38.0, apex=58.0, tilt=(0.0, 0.0))
    return plain(
        heart=heart, chest=CHEST, activity=replace(NOTHING, values=values), scanner=CAMERA,
        beat=Beat(phases=2, ejection=0.3), placement=Placement.of(MEAN_ROTATION, np.array([5.0, -10.0, 3.0])),
        raster=Raster((40, 40, 24), 6.4, (0.0, 0.0, 0.0)),
    )  # fmt: skip


def width(profile: np.ndarray) -> float:
    """Full width at half maximum of a profile that rises and falls, mm."""
    top = int(np.argmax(profile))
    half = profile[top] / 2
    outer, inner = np.flatnonzero(profile[top:] < half), np.flatnonzero(profile[:top] < half)
    return float(RADII[1] * (outer[0] + top - inner[-1] - 1)) if len(outer) and len(inner) else np.nan


def widths(study: Study, shown: np.ndarray) -> tuple[float, float]:
    """Medians over directions of (FWHM of the shown wall, thickness of LV-MY), mm."""
    wall = resample(Volume(shown, study.grid), Grid.centred(121, 1.0, study.truth.pose), order=3).array
    labels = (study.truth.labels == 1).astype(float)
    seen, drawn = [], []
    for z in (-9.6, -3.2, 3.2):
        for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):
            place = np.stack([np.full_like(RADII, z), RADII * np.sin(angle), RADII * np.cos(angle)])
            seen.append(width(ndimage.map_coordinates(wall, place + 60.0, order=1)))
            drawn.append(0.5 * (ndimage.map_coordinates(labels, place / 3.2 + 23.5, order=1) > 0.5).sum())
    return float(np.nanmedian(seen)), float(np.median(drawn))


def test_labels_are_as_thick_as_the_wall_is_seen() -> None:
    """The wall is what a hot one adds to the image of a cold one, each without noise; its profiles are measured."""
    hot = physical()
    study, cold = render(hot, anatomy=False), render(replace(hot, perfusion=COLD), anatomy=False)
    seen, drawn = widths(study, study.image - cold.image)
    assert drawn == pytest.approx(seen, abs=2.0)
    assert drawn > 14.0
    assert np.array_equal(cold.truth.labels, study.truth.labels)


def test_attenuation_that_is_not_corrected_bends_no_label() -> None:
    """Labels that held it leaned inferior and lateral at the base: this cup by 3.6 degrees."""
    hot = physical()
    study, free = (render(replace(hot, chest=chest), anatomy=False) for chest in (CHEST, Ellipsoids()))
    assert study.image.max() < 0.75 * free.image.max()  # the image is attenuated
    ellipsoid = fit_ellipsoid(study.truth.labels, LABEL_SPACING)
    assert ellipsoid is not None
    assert angle_between(ellipsoid.axis, np.array([0.0, 0.0, 1.0])) < 1.5
