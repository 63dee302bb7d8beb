"""Volumes, mass and form of cups for which a formula gives them."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.perfusion.anatomical_volumes import AnatomicalVolumes
from MSSTUNetReorientLib.perfusion.anatomical_volumes import anatomical_volumes
from MSSTUNetReorientLib.perfusion.anatomical_volumes import volumes_round
from MSSTUNetReorientLib.perfusion.anatomical_volumes import wall_thickness_mm
from MSSTUNetReorientLib.perfusion.mid_wall import FINE_MM
from MSSTUNetReorientLib.perfusion.mid_wall import mid_wall

from perfusion.cups import HALF_BALL
from perfusion.cups import HALF_ELLIPSOID
from perfusion.cups import TUBE
from perfusion.cups import Cup


def with_wall(cup: Cup, spacing: float) -> AnatomicalVolumes:
    """With the wall that the labels have, instead of the calibrated one."""
    surface = mid_wall(cup.labels(spacing, shift=0.3))
    assert surface is not None
    return volumes_round(surface, surface.apparent_mm)


@pytest.mark.parametrize("spacing", [1.6, 3.2])
@pytest.mark.parametrize("cup", [HALF_BALL, TUBE, HALF_ELLIPSOID], ids=["half ball", "tube", "half ellipsoid"])
def test_a_wall_as_thick_as_it_appears_gives_the_volumes_of_the_labels(cup: Cup, spacing: float) -> None:
    found = with_wall(cup, spacing)
    half = cup.wall / 2
    assert found.cavity_ml == pytest.approx(cup.ml(-half), rel=0.05)
    assert found.myocardium_ml == pytest.approx(cup.ml(half) - cup.ml(-half), rel=0.06)


def test_by_hand() -> None:
    """A tube of 30 mm radius with a half ball below, 40 mm high: pi * 0.9 * (4 + 2) = 16.96 cl within the mid-wall."""
    assert TUBE.ml() == pytest.approx(169.6, abs=0.1)
    found = with_wall(TUBE, 2.0)
    assert found.cavity_ml == pytest.approx(np.pi * 2.55**2 * (4 + 2 * 2.55 / 3), rel=0.05)  # 116.4
    assert found.mass_g == pytest.approx(1.05 * found.myocardium_ml)
    assert found.length_mm == pytest.approx(70.0, abs=1.6)
    assert found.shape_index == pytest.approx(60 / 70, abs=0.03)


def test_eccentricity_is_that_of_the_ellipsoid() -> None:
    assert with_wall(HALF_ELLIPSOID, 2.0).eccentricity == pytest.approx(0.8, abs=0.02)
    assert with_wall(HALF_BALL, 2.0).eccentricity < 0.3
    assert with_wall(HALF_ELLIPSOID, 2.0).shape_index == pytest.approx(60 / 50, abs=0.04)


@settings(max_examples=8, deadline=None)
@given(
    spacing=st.floats(1.5, 3.5), radius=st.floats(24.0, 40.0), base=st.floats(10.0, 40.0),
    wall=st.floats(8.0, 16.0), modality=st.sampled_from(["NM", "PT"]),
)  # fmt: skip
def test_the_voxel_size_does_not_matter(spacing: float, radius: float, base: float, wall: float, modality: str) -> None:
    cup = Cup(radius, 1.4 * radius, base, wall)
    fine, other = (anatomical_volumes(cup.labels(s, shift=0.3), modality) for s in (1.5, spacing))
    assert fine is not None
    assert other is not None
    assert other.cavity_ml == pytest.approx(fine.cavity_ml, rel=0.08, abs=2.0)
    assert other.myocardium_ml == pytest.approx(fine.myocardium_ml, rel=0.08, abs=2.0)
    rounded = (spacing + 1.5) / 2 + FINE_MM  # the apex of either label lies within half its voxel, and half a fine one
    assert other.length_mm == pytest.approx(fine.length_mm, abs=rounded)


def test_the_place_in_the_cube_does_not_matter() -> None:
    first, moved = (anatomical_volumes(TUBE.labels(2.0, shift), "NM") for shift in (0.0, 5.0))
    assert first is not None
    assert moved is not None
    assert moved.cavity_ml == pytest.approx(first.cavity_ml, rel=0.03)


def test_an_lv_at_the_edge_of_the_cube_is_measured_as_far_as_it_goes() -> None:
    labels = TUBE.labels(2.0)
    top = int(np.flatnonzero((labels.array > 0).any(axis=(1, 2)))[-1]) + 1
    cut = labels.part(np.array([0, 0, 0]), np.array([79, 79, top - 1]))
    whole, ending = anatomical_volumes(labels, "NM"), anatomical_volumes(Volume(cut.array, cut.grid), "NM")
    assert whole is not None
    assert ending is not None
    assert ending.cavity_ml == pytest.approx(whole.cavity_ml, rel=0.02)


def test_the_wall_model_depends_on_the_modality() -> None:
    assert wall_thickness_mm(12.0, "PT") == pytest.approx(11.4)
    assert wall_thickness_mm(16.0, "NM") == wall_thickness_mm(16.0, "unknown") == pytest.approx(11.6)
    assert wall_thickness_mm(8.0, "NM") == wall_thickness_mm(8.0, "unknown") == pytest.approx(7.2)
    assert wall_thickness_mm(2.0, "PT") == 3.0


def test_a_blurred_wall_is_thinner_than_it_appears_and_the_cavity_larger() -> None:
    cup = Cup(radius=33.0, apex=45.0, base=30.0, wall=18.0)
    found = anatomical_volumes(cup.labels(2.0), "NM")
    assert found is not None
    assert found.wall_mm == pytest.approx(12.3, abs=0.3)
    assert found.myocardium_ml < cup.ml(9.0) - cup.ml(-9.0)
    assert found.cavity_ml > cup.ml(-9.0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), wall=st.floats(0.0, 0.3), pool=st.floats(0.0, 0.3))
def test_any_labels_give_numbers_or_none(seed: int, wall: float, pool: float) -> None:
    drawn = np.random.default_rng(seed).random((14, 12, 10))
    array = np.where(drawn < wall, 1, np.where(drawn < wall + pool, 2, 0)).astype(np.uint8)
    found = anatomical_volumes(Volume(array, Grid((10, 12, 14), np.full(3, 3.0), np.zeros(3))), "NM")
    if found is not None:
        assert np.isfinite(astuple(found)).all()
        assert found.cavity_ml >= 0
        assert found.myocardium_ml >= 0
        assert found.length_mm > 0


def test_small_hearts_are_told() -> None:
    small = anatomical_volumes(Cup(radius=17.0, apex=25.0, base=20.0, wall=10.0).labels(2.0), "PT")
    large = anatomical_volumes(TUBE.labels(2.0), "PT")
    assert small is not None
    assert small.is_small
    assert large is not None
    assert not large.is_small
