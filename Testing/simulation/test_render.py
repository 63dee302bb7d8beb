"""Rendering: the same bytes from the same parameters, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.cup import fit_cup
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.ellipsoids import render_ellipsoids
from MSSTUNetReorientLib.simulation.parameters import CountedHeart
from MSSTUNetReorientLib.simulation.parameters import PlacedMap
from MSSTUNetReorientLib.simulation.parameters import Placement
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.scanner import points_of_grid
from MSSTUNetReorientLib.simulation.sources import HeartCounts
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.simulation.torso import ORGANS
from MSSTUNetReorientLib.simulation.torso import Deformation
from MSSTUNetReorientLib.simulation.torso import Ellipsoids
from MSSTUNetReorientLib.simulation.torso import OrganMap
from scipy.spatial.transform import Rotation
from studies import plain


@pytest.mark.parametrize("kind", ["spect", "czt", "pet"])
def test_same_seed_same_bytes(kind: str) -> None:
    a, b = (render(draw_parameters(kind, 7, fast=True)) for _ in range(2))  # type: ignore[arg-type]
    assert a.image.tobytes() == b.image.tobytes()
    assert a.truth.labels.tobytes() == b.truth.labels.tobytes()
    assert a.image.min() >= 0
    assert np.isfinite(a.image).all()


def test_the_anatomical_side_changes_no_image() -> None:
    drawn = draw_parameters("pet", 3)
    assert render(drawn).image.tobytes() == render(drawn, anatomy=False).image.tobytes()


def test_an_lv_outside_the_field_of_view_is_refused() -> None:
    away = plain(placement=Placement.of(np.eye(3), np.array([90.0, 0.0, 0.0])))
    with pytest.raises(InputError, match="field of view"):
        render(away)


def test_missing_anatomy_is_named() -> None:
    still = Deformation((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0, 1)
    with pytest.raises(InputError, match="chest nowhere"):
        render(plain(chest=PlacedMap("nowhere", still)))
    with pytest.raises(InputError, match="counts nobody"):
        render(plain(heart=CountedHeart("nobody", 3.2, 10.0), kind="composite"))


def test_an_organ_map_is_placed_at_the_heart() -> None:
    tissues = np.full((40, 40, 40), ORGANS.index("body"), np.uint8)
    tissues[:20] = ORGANS.index("liver")
    organs = OrganMap(tissues, 10.0, (200.0, 200.0, 195.0))
    still = Deformation((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0, 1)
    drawn = plain(chest=PlacedMap("box", still))
    values = drawn.activity.values | dict.fromkeys(ORGANS, 0.0) | {"liver": 1.0}
    bright = replace(drawn, activity=replace(drawn.activity, values=values))
    image = render(bright, Sources(chests={"box": organs})).image
    assert image[4].mean() == pytest.approx(1.0, abs=0.02)
    assert image[-4].mean() == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("turn", [(0.0, 0.0), (4.0, -9.0)])
def test_a_real_heart_lands_at_its_pose(turn: tuple[float, float]) -> None:
    """Made-up counts: the wall of the labels shines, so the study's wall must shine where the truth says."""
    axes = Rotation.from_euler("YX", turn, degrees=True).as_matrix()
    indices = np.moveaxis(np.indices((32, 32, 32))[::-1] - 15.5, 0, -1) * 3.2
    x, y, z = np.moveaxis(indices @ axes, -1, 0)
    radius = np.hypot(x, y)
    labels = ((radius < 32) & (np.abs(z) < 40)).astype(np.uint8)
    labels[(radius < 18) & (z > -28) & (labels == 1)] = 2
    counts = np.where(labels == 1, 100.0, 5.0).astype(np.float32)
    sources = Sources(counts={"one": HeartCounts("one", counts, labels, 3.2, axes)})
    study = render(plain(heart=CountedHeart("one", 3.2, 10.0), kind="composite"), sources)
    pose = study.truth.pose
    places = pose.apply(np.array([[25.0, 0.0, 0.0], [0.0, -25.0, 5.0], [0.0, 0.0, -33.0]]))
    index = np.rint(study.grid.index_of(places)).astype(int)
    assert (study.image[index[:, 2], index[:, 1], index[:, 0]] > 0.8).all()
    middle = np.rint(study.grid.index_of(pose.apply([0.0, 0.0, 10.0]))).astype(int)
    assert study.image[middle[2], middle[1], middle[0]] < 0.2
    middle_of_labels = np.argwhere(study.truth.labels > 0).mean(axis=0)
    np.testing.assert_allclose(middle_of_labels, 23.5, atol=0.1)
    cup = fit_cup(study.truth.labels, 3.2)
    assert cup is not None
    np.testing.assert_allclose(cup.axis, [0, 0, 1], atol=0.03)


def test_ellipsoids_by_voxels() -> None:
    """Only a part of the grid is visited for each; the sum over all of it must be the same."""
    points = points_of_grid((40, 38, 36), 8.0)
    chest = Ellipsoids(
        (("body", (0.0, 5.0, 0.0), (130.0, 90.0, 2000.0), 0.0), ("liver", (-60.0, 0.0, -50.0), (60.0, 30.0, 40.0), 0.4))
    )
    out = render_ellipsoids(chest, {"body": 1.0, "liver": 3.0}, points)
    q = points - np.array([-60.0, 0.0, -50.0])
    c, s = np.cos(0.4), np.sin(0.4)
    u, v = q[..., 0] * c + q[..., 1] * s, q[..., 1] * c - q[..., 0] * s
    liver = (u / 60) ** 2 + (v / 30) ** 2 + (q[..., 2] / 40) ** 2 < 1
    assert out[liver].mean() > 2.5
    assert (out > 2).sum() == pytest.approx(liver.sum(), rel=0.05)
    assert out[(np.abs(points[..., 0]) > 145)].max() == 0
