"""Truth against independent computation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_ellipsoid
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.simulation.apparent import anatomical_labels
from MSSTUNetReorientLib.simulation.apparent import apparent_labels
from MSSTUNetReorientLib.simulation.beat import Beat
from MSSTUNetReorientLib.simulation.beat import phases_of
from MSSTUNetReorientLib.simulation.beat import volumes_ml
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.heart import ParametricShape
from MSSTUNetReorientLib.simulation.heart import points_round_origin
from MSSTUNetReorientLib.simulation.realism import measure_realism
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.segments import scores
from MSSTUNetReorientLib.simulation.segments import segment_of
from MSSTUNetReorientLib.simulation.torso import Ellipsoids
from MSSTUNetReorientLib.simulation.uptake import Defect
from MSSTUNetReorientLib.simulation.uptake import Perfusion
from scipy import ndimage
from studies import HEART
from studies import plain


def voxel_volumes(shape: object, spacing: float = 1.5) -> tuple[float, float]:
    """(wall, cavity) in ml, by counting fine voxels."""
    labels = anatomical_labels(shape, points_round_origin(100, spacing))  # type: ignore[arg-type]
    return tuple(float((labels == n).sum()) * spacing**3 / 1000 for n in (1, 2))  # type: ignore[return-value]


def test_volumes_by_counting_voxels() -> None:
    for seed in range(3):
        heart = draw_parameters("spect", seed, fast=True).heart
        assert volumes_ml(heart) == pytest.approx(voxel_volumes(heart), rel=0.03)  # type: ignore[arg-type]


def test_volumes_of_a_sphere_and_a_cylinder() -> None:
    """Half an ellipsoid below a straight cylinder, whose volumes are known."""
    cup = replace(HEART, radius_i=30.0, radius_j=30.0, taper=0.0, wobble=0.0, tilt=(0.0, 0.0))
    outer = np.pi * 30**2 * (36 + 2 / 3 * 50) / 1000
    inner = np.pi * 20**2 * (36 + 2 / 3 * 43) / 1000
    assert volumes_ml(cup) == pytest.approx((outer - inner, inner), rel=0.02)


@pytest.mark.parametrize("gates", [8, 16])
def test_gates_have_the_drawn_ejection_fraction(gates: int) -> None:
    phases = phases_of(HEART, Beat(ejection=0.55, shortening=0.12, gates=gates))
    volumes = [voxel_volumes(shape) for shape in phases[:: gates // 8]]
    cavity = [v[1] for v in volumes]
    assert (max(cavity) - min(cavity)) / max(cavity) == pytest.approx(0.55, abs=0.02)
    assert [v[0] for v in volumes] == pytest.approx([volumes[0][0]] * 8, rel=0.04)


def test_gates_of_a_study_tell_their_volumes() -> None:
    study = render(plain(beat=Beat(ejection=0.6, shortening=0.1, gates=8)))
    assert study.gates is not None
    assert study.gates.shape == (8, 48, 48, 48)
    assert study.truth.anatomy is not None
    gate_ml = study.truth.anatomy.gate_ml
    assert 1 - min(gate_ml) / max(gate_ml) == pytest.approx(0.6, abs=0.02)
    np.testing.assert_allclose(study.gates.sum(axis=0), study.image, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fwhm", [8.0, 12.0])
def test_apparent_wall_is_the_width_at_half_maximum(fwhm: float) -> None:
    study = render(plain(fwhm=fwhm, spacing=3.0))
    seen = measure_realism(Volume(study.image, study.grid), study.truth.pose).wall_mm
    labels = study.truth.labels
    middle = labels[20:28] == 1
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radii = np.arange(0, 70, 0.25)
    widths = []
    for slab in middle:
        for angle in angles:
            row = np.rint(23.5 + radii * np.sin(angle) / 3.2).astype(int)
            column = np.rint(23.5 + radii * np.cos(angle) / 3.2).astype(int)
            widths.append(0.25 * slab[row, column].sum())
    assert np.mean(widths) == pytest.approx(seen, abs=2.5)
    assert np.mean(widths) > 10.5


@pytest.mark.parametrize(("voxel", "fwhm", "median"), [(4.0, 10.0, 0), (6.8, 8.0, 0), (6.4, 15.0, 0), (6.4, 13.0, 3)])
def test_labels_hold_the_blur_of_the_voxels(voxel: float, fwhm: float, median: int) -> None:
    """The shown wall, alone in its image, measured against half of its ridge on a fine grid."""
    wanted = plain(fwhm=fwhm)
    study = render(replace(wanted, scanner=replace(wanted.scanner, voxel=voxel, median=median)), anatomy=False)
    grid = Grid.centred(96, 1.6, study.truth.pose)
    shown = resample(Volume(study.image, study.grid), grid, order=3).array
    p = (grid.points() - study.truth.pose.centre) @ MEAN_ROTATION + study.truth.origin
    middle = (np.abs(HEART.epicardium(p) + HEART.endocardium(p)) < 2.0) & (HEART.valve(p) < -10)
    nearest = ndimage.distance_transform_edt(~middle, return_distances=False, return_indices=True)
    seen = shown > 0.5 * ndimage.maximum_filter(shown, 5)[tuple(nearest)]
    ml = (study.truth.labels == 1).sum() * 3.2**3
    assert ml == pytest.approx(seen.sum() * 1.6**3, rel=0.03)


@pytest.mark.parametrize("fwhm", [8.0, 20.0])
def test_the_wall_ends_at_the_valve_plane(fwhm: float) -> None:
    """However blurred: half of the ridge of a wall that goes on lies at its end."""
    cup = replace(HEART, tilt=(0.0, 0.0), taper=0.0)
    points = points_round_origin(81, 2.0)
    labels = apparent_labels(cup, points, 2.0, fwhm)
    wall = labels == 1
    assert (wall & (points[..., 2] > cup.base)).sum() < 0.005 * wall.sum()
    assert (wall & (points[..., 2] > cup.base - 4.0)).any()


def test_pose_from_labels() -> None:
    for seed in range(4):
        study = render(draw_parameters("spect", seed, fast=True))
        labels = study.truth.labels
        k, j, i = ((n - 23.5) * 3.2 for n in np.nonzero(labels))
        centre = np.array([i.mean(), j.mean(), k.mean()])
        assert np.linalg.norm(centre) < 2.0
        ellipsoid = fit_ellipsoid(labels, 3.2)
        assert ellipsoid is not None
        assert angle_between(ellipsoid.axis, [0, 0, 1]) < 12


def test_the_image_lies_where_the_pose_says() -> None:
    """The centroid of the shown heart, its counts turned into the SA frame, is that of its labels."""
    study = render(plain(spacing=4.0))
    grid = Grid.centred(64, 3.0, study.truth.pose)
    shown = resample(Volume(study.image, study.grid), grid, order=1).array
    wall = resample(
        Volume((study.truth.labels == 1).astype(np.float32), Grid.centred(48, 3.2, study.truth.pose)), grid, order=1
    ).array
    index = np.indices(shown.shape)
    a, b = ((index * v).sum(axis=(1, 2, 3)) / v.sum() for v in (shown, wall))
    assert np.abs(a - b).max() * 3.0 < 1.5


DEFECT = Perfusion((Defect(segment=10, extent=1.6, depth=0.7, transmurality=1.0),))


def test_segment_means_of_a_noiseless_study() -> None:
    """Shown counts over those of the healthy heart, averaged over the wall of each segment."""
    sharp = {"fwhm": 4.0, "spacing": 3.0}
    sick, healthy = render(plain(DEFECT, **sharp)), render(plain(**sharp))  # type: ignore[arg-type]
    grid = Grid.centred(64, 2.0, Pose(sick.truth.pose.rotation, sick.truth.pose.centre))
    images = [resample(Volume(s.image, s.grid), grid, order=1).array for s in (sick, healthy)]
    p = points_round_origin(64, 2.0) + sick.truth.origin
    wall = anatomical_labels(HEART, p) == 1
    from_anterior = np.degrees(np.arctan2(-p[..., 0], -p[..., 1])) % 360
    apex, plane = -43.0, 36 + 0.1 * p[..., 0]
    number = segment_of((p[..., 2] - apex) / (plane - apex), from_anterior)
    assert sick.truth.anatomy is not None
    for segment in (1, 4, 7, 9, 10, 11, 15, 17):
        here = wall & (number == segment)
        shown = images[0][here].sum() / images[1][here].sum()
        assert shown == pytest.approx(sick.truth.anatomy.segments[segment - 1], abs=0.05)


def test_a_deep_defect_scores_in_its_segment() -> None:
    study = render(plain(DEFECT))
    assert study.truth.anatomy is not None
    found = scores(study.truth.anatomy.segments)
    assert found[9] >= 2
    assert found[0] == found[6] == found[11] == 0
    assert scores((1.0,) * 16 + (0.05,))[16] == 4


def test_segments_face_the_right_way() -> None:
    """Anterior, septal, inferior and lateral of the middle third."""
    u, here = np.full(4, 0.5), np.array([0.0, 90.0, 180.0, 270.0])
    assert segment_of(u, here).tolist() == [7, 9, 10, 12]
    assert segment_of(np.array([-0.1, 0.1, 0.9]), np.zeros(3)).tolist() == [17, 13, 1]


def test_an_aneurysm_bulges_thin_and_scarred() -> None:
    drawn = next(
        p for seed in range(400) if getattr((p := draw_parameters("spect", seed, fast=True)).heart, "bulge", 0)
    )
    heart = drawn.heart
    assert isinstance(heart, ParametricShape)
    plain_cup = replace(heart, bulge=0.0)
    below = np.array([[0.0, 0.0, -0.7 * heart.apex]]) + np.array([[heart.radius_i * 0.7, 0.0, 0.0]])
    assert heart.epicardium(below)[0] < plain_cup.epicardium(below)[0]
    assert heart.apical_wall <= 0.5 * heart.wall
    assert volumes_ml(heart) == pytest.approx(voxel_volumes(heart), rel=0.03)
    study = render(replace(drawn, chest=Ellipsoids(), placement=plain().placement))
    assert study.truth.anatomy is not None
    assert scores(study.truth.anatomy.segments)[16] >= 1


def test_the_pool_lies_inside_the_wall() -> None:
    """No specks of pool on the outside of the wall: all of it but a few voxels is one body."""
    for seed in range(4):
        labels = render(draw_parameters("pet", seed), anatomy=False).truth.labels
        sizes = np.bincount(ndimage.label(labels == 2, np.ones((3, 3, 3)))[0].ravel())[1:]
        assert sizes.sum() - sizes.max() <= 0.005 * sizes.sum() + 2
