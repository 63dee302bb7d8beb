"""Rendering: the same bytes from the same parameters, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_ellipsoid
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.simulation.batch import at_rest
from MSSTUNetReorientLib.simulation.beat import Beat
from MSSTUNetReorientLib.simulation.bodywall import arms_beside
from MSSTUNetReorientLib.simulation.bodywall import draw_round_map
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.ellipsoids import render_ellipsoids
from MSSTUNetReorientLib.simulation.paint import render_chest
from MSSTUNetReorientLib.simulation.parameters import CountedHeart
from MSSTUNetReorientLib.simulation.parameters import PlacedMap
from MSSTUNetReorientLib.simulation.parameters import Placement
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.scanner import points_of_grid
from MSSTUNetReorientLib.simulation.sources import HeartCounts
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.simulation.sources import summed
from MSSTUNetReorientLib.simulation.torso import ORGANS
from MSSTUNetReorientLib.simulation.torso import Deformation
from MSSTUNetReorientLib.simulation.torso import Ellipsoids
from MSSTUNetReorientLib.simulation.torso import OrganMap
from MSSTUNetReorientLib.simulation.torso import render_map
from scipy.spatial.transform import Rotation
from studies import plain


@pytest.mark.parametrize("kind", ["spect", "czt", "pet"])
def test_same_seed_same_bytes(kind: str) -> None:
    a, b = (render(draw_parameters(kind, 7, fast=True)) for _ in range(2))  # type: ignore[arg-type]
    assert a.image.tobytes() == b.image.tobytes()
    assert a.truth.labels.tobytes() == b.truth.labels.tobytes()
    assert a.image.min() >= 0
    assert np.isfinite(a.image).all()


def test_a_partner_at_rest_loses_counts_in_the_same_places() -> None:
    drawn = draw_parameters("spect", 11, fast=True)
    healthy = replace(drawn, perfusion=replace(drawn.perfusion, defects=()))
    silent = replace(healthy, scanner=replace(healthy.scanner, noise=0.0, streaks=0.0))
    assert silent.scanner.shading > 0.05  # type: ignore[union-attr]
    assert render(at_rest(silent)).image.tobytes() == render(silent).image.tobytes()
    assert render(at_rest(healthy)).image.tobytes() != render(healthy).image.tobytes()


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
    organs = OrganMap(tissues, 10.0, (200.0, 200.0, 195.0), np.zeros(tissues.shape, bool))
    still = Deformation((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0, 1)
    drawn = plain(chest=PlacedMap("box", still))
    values = drawn.activity.values | dict.fromkeys(ORGANS, 0.0) | {"liver": 1.0}
    bright = replace(drawn, activity=replace(drawn.activity, values=values))
    image = render(bright, Sources(chests={"box": organs})).image
    assert image[4].mean() == pytest.approx(1.0, abs=0.02)
    assert image[-4].mean() == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("turn", [(0.0, 0.0), (9.0, -7.0)])
def test_a_real_heart_lands_in_its_own_frame(turn: tuple[float, float]) -> None:
    """Made-up counts whose wall leans in their frame: the technologist's axis is the frame's, and stays it."""
    leaning = Rotation.from_euler("YX", turn, degrees=True).as_matrix()
    indices = np.moveaxis(np.indices((32, 32, 32))[::-1] - 15.5, 0, -1) * 3.2
    x, y, z = np.moveaxis(indices @ leaning, -1, 0)
    radius = np.hypot(x, y)
    labels = ((radius < 32) & (np.abs(z) < 40)).astype(np.uint8)
    labels[(radius < 18) & (z > -28) & (labels == 1)] = 2
    counts = np.where(labels == 1, 100.0, 5.0).astype(np.float32)
    sources = Sources(counts={"one": HeartCounts("one", counts, labels, 3.2)})
    given = plain(heart=CountedHeart("one", 3.2, 10.0), kind="composite")
    study = render(given, sources)
    pose = study.truth.pose
    np.testing.assert_allclose(pose.long_axis, np.array(given.placement.rotation)[:, 2], atol=1e-12)
    np.testing.assert_allclose(pose.rotation, rotation_from_long_axis(pose.long_axis), atol=1e-12)
    assert study.truth.septum_deg is None
    # the placement's own frame holds the counts as they came: points of the leaning wall shine
    own = Pose(np.array(given.placement.rotation), pose.centre)
    middle = indices[labels > 0].mean(axis=0)
    places = np.array([[25.0, 0.0, 0.0], [0.0, -25.0, 5.0], [0.0, 0.0, -33.0]]) @ leaning.T - middle
    index = np.rint(study.grid.index_of(own.apply(places))).astype(int)
    assert (study.image[index[:, 2], index[:, 1], index[:, 0]] > 0.8).all()
    inside = np.rint(study.grid.index_of(own.apply(leaning @ [0.0, 0.0, 10.0] - middle))).astype(int)
    assert study.image[inside[2], inside[1], inside[0]] < 0.2
    np.testing.assert_allclose(np.argwhere(study.truth.labels > 0).mean(axis=0), 23.5, atol=0.1)
    ellipsoid = fit_ellipsoid(study.truth.labels, 3.2)
    assert ellipsoid is not None
    # labels lie in the truth's frame: their own lean is that of the wall, seen after the roll
    expected = pose.rotation.T @ own.rotation @ leaning[:, 2]
    np.testing.assert_allclose(ellipsoid.axis, expected, atol=0.03)


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


def chest_with_arms() -> OrganMap:
    """A body 280 mm wide with lungs up to 40 mm from its sides, and an arm beyond a gap on either side."""
    tissues = np.full((40, 40, 60), ORGANS.index("air"), np.uint8)
    tissues[:, 10:30, 16:44] = ORGANS.index("body")
    tissues[:, 14:26, 20:40] = ORGANS.index("lung")
    tissues[:, 16:24, 8:13] = tissues[:, 16:24, 47:52] = ORGANS.index("body")
    return OrganMap(tissues, 10.0, (295.0, 195.0, 195.0), arms_beside(tissues, 10.0))


def test_most_arms_of_a_label_map_are_raised() -> None:
    organs, points = chest_with_arms(), points_of_grid((60, 40, 40), 10.0)
    values = dict.fromkeys(ORGANS, 0.0) | {"body": 1.0}
    still = Deformation((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0, 1)
    down, raised = (render_map(organs, values, still, points, arms=arms) for arms in (True, False))
    there = down > 0.5
    assert (raised[there] < 0.5).sum() == 40 * 8 * 10
    assert (raised[~there] < 0.5).all()
    drawn = [draw_round_map(organs, replace(still, seed=seed))[1] for seed in range(300)]
    assert 0.05 < np.mean(drawn) < 0.16


def test_breasts_lie_on_the_front_of_a_label_map() -> None:
    """They end where the body begins, and whatever else is drawn is the same with them and without."""
    organs, sources = chest_with_arms(), Sources(chests={"box": chest_with_arms()})
    still = Deformation((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0, 1)
    seeds = [s for s in range(40) if draw_round_map(organs, replace(still, seed=s))[0]]
    assert 8 <= len(seeds) <= 24
    placed = PlacedMap("box", still, draw_round_map(organs, replace(still, seed=seeds[0]))[0], arms=False)
    points = points_of_grid((60, 40, 40), 10.0)
    values = dict.fromkeys((*ORGANS, "breast", "arm"), 0.0) | {"body": 1.0, "breast": 5.0}
    image = render_chest(plain(chest=placed), sources, values, points)
    bare = render_chest(plain(chest=replace(placed, outside=())), sources, values, points)
    _, j, _ = np.nonzero(image > 2)
    assert j.size > 50
    assert j.max() <= 11
    np.testing.assert_array_equal(image[:, 12:], bare[:, 12:])
    assert image[:, :, :30].sum() == pytest.approx(image[:, :, 30:].sum(), rel=0.1)


def gated_counts(gates: int) -> Sources:
    """A made-up real heart that shrinks from gate to gate, and its sum."""
    indices = np.moveaxis(np.indices((32, 32, 32))[::-1] - 15.5, 0, -1) * 3.2
    radius, z = np.hypot(indices[..., 0], indices[..., 1]), indices[..., 2]
    found = {}
    for n in range(gates):
        labels = ((radius < 32) & (np.abs(z) < 40)).astype(np.uint8)
        labels[(radius < 20 - 2 * n) & (z > -28)] *= 2
        found[f"one_rest_g{n + 1:02d}"] = HeartCounts(
            "one", np.where(labels == 1, 100.0, 5.0).astype("f4"), labels, 3.2
        )
    counts = np.sum([heart.counts for heart in found.values()], axis=0)
    return Sources(counts=found | {"one_rest_sum": HeartCounts("one", counts, found["one_rest_g01"].labels, 3.2)})


def test_gates_of_a_real_heart() -> None:
    """Every gate in one chest at one place; the volumes drawn by hand are kept."""
    sources = gated_counts(4)
    given = plain(heart=CountedHeart("one_rest_sum", 3.2, 10.0), kind="composite", beat=Beat(gates=4))
    study = render(given, sources)
    assert study.gates is not None
    assert study.gates.shape[0] == 4
    np.testing.assert_allclose(study.gates.sum(axis=0), study.image, rtol=1e-4, atol=1e-5)
    voxels = [int((sources.counts[f"one_rest_g{n:02d}"].labels == 2).sum()) for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(study.truth.drawn_gate_ml, np.array(voxels) * 3.2**3 / 1000)
    points = study.grid.points()
    axis = study.truth.pose.apply_inverse(points)
    ring = (np.abs(np.hypot(axis[..., 0], axis[..., 1]) - 17) < 2) & (np.abs(axis[..., 2]) < 15)
    assert study.gates[3][ring].mean() > 2 * study.gates[0][ring].mean()


def test_a_real_heart_has_its_own_number_of_gates() -> None:
    with pytest.raises(InputError, match="real hearts of 8 gates, but found none"):
        draw_parameters("composite", 0, gated_counts(4), gates=8)
    drawn = draw_parameters("composite", 0, gated_counts(8), gates=8)
    assert isinstance(drawn.heart, CountedHeart)
    assert drawn.heart.name == "one_rest_sum"


def test_the_labels_of_an_ungated_study_keep_walls_that_move() -> None:
    """LV in five of eight gates, of these pool in two: wall, although no label has more gates than background."""
    votes = [[0, 0, 0, 1, 1, 1, 2, 2], [0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2, 2, 2]]
    gates = [
        HeartCounts("a", np.ones((1, 1, 3), np.float32), np.array([[column]], np.uint8), 3.2)
        for column in np.array(votes).T
    ]
    assert summed(gates).labels.tolist() == [[[1, 0, 2]]]
