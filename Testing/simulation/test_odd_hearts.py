"""Odd hearts: how often they are drawn, and that their labels, uptake and axis follow their geometry."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.long_axis import axis_across
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.simulation import odd_hearts
from MSSTUNetReorientLib.simulation.apparent import anatomical_labels
from MSSTUNetReorientLib.simulation.apparent import apparent_labels
from MSSTUNetReorientLib.simulation.beat import volumes_ml
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.heart import ParametricShape
from MSSTUNetReorientLib.simulation.heart import Pouch
from MSSTUNetReorientLib.simulation.heart import Step
from MSSTUNetReorientLib.simulation.heart import points_round_origin
from MSSTUNetReorientLib.simulation.odd_hearts import odd_heart
from MSSTUNetReorientLib.simulation.parameters import StudyParameters
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.segments import scores
from MSSTUNetReorientLib.simulation.truth import shape_axis
from MSSTUNetReorientLib.simulation.uptake import uptake
from studies import HEART
from studies import plain

LEVEL = replace(HEART, tilt=(0.0, 0.0))
GRID = points_round_origin(80, 2.0)


def drawn_as(oddity: object, monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> StudyParameters:
    """The plain study with one oddity."""
    monkeypatch.setattr(odd_hearts, "ODD_SHARE", 1.0)
    monkeypatch.setattr(odd_hearts, "ODDITIES", (oddity,))
    return odd_heart(plain(), np.random.default_rng(seed))


def test_each_oddity_is_drawn_in_its_share() -> None:
    rng, study = np.random.default_rng(0), plain()
    hearts = [odd_heart(study, rng).heart for _ in range(3000)]
    shares = [
        sum(getattr(h, "pouch", None) is not None for h in hearts) / 3000,
        sum(getattr(h, "radius_i", 0) < 25 for h in hearts) / 3000,
        sum(getattr(h, "step", None) is not None for h in hearts) / 3000,
    ]
    assert shares == pytest.approx([0.07, 0.07, 0.07], abs=0.02)
    assert sum(h == study.heart for h in hearts) / 3000 == pytest.approx(0.79, abs=0.03)


def test_an_apical_aneurysm_and_a_measured_heart_stay() -> None:
    aneurysm = plain(heart=replace(HEART, bulge=0.2))
    assert all(odd_heart(aneurysm, np.random.default_rng(n)) is aneurysm for n in range(30))


def test_parameters_with_odd_hearts_survive_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for oddity in odd_hearts.ODDITIES:
        study = drawn_as(oddity, monkeypatch)
        assert StudyParameters.from_json(json.dumps(study.to_json())) == study
        monkeypatch.undo()


def test_studies_of_older_versions_are_read() -> None:
    """Their hearts have neither pouch nor step."""
    content = draw_parameters("spect", 1, fast=True).to_json()
    if content["heart"]["type"] == "ParametricShape":
        del content["heart"]["pouch"], content["heart"]["step"]
    assert StudyParameters.from_json(content) == draw_parameters("spect", 1, fast=True)


def test_a_pouch_bulges_thin_where_it_is_and_nowhere_else() -> None:
    pouch = Pouch(degrees=180.0, k=5.0, bulge=0.4, thinning=0.6)
    odd = replace(LEVEL, pouch=pouch)
    inferior = np.stack([np.zeros(400), np.linspace(0, 70, 400), np.full(400, 5.0)], axis=1)
    anterior = inferior * [1, -1, 1]

    def wall_along(heart: ParametricShape, ray: np.ndarray) -> tuple[float, float]:
        """Where the wall begins and ends on a ray, mm."""
        radii = np.linalg.norm(ray[anatomical_labels(heart, ray) == MYOCARDIUM][:, :2], axis=1)
        return float(radii.min()), float(radii.max())

    (_, plain_out), (inner, outer) = wall_along(LEVEL, inferior), wall_along(odd, inferior)
    assert outer == pytest.approx(1.4 * plain_out, abs=0.6)
    assert outer - inner == pytest.approx(0.4 * LEVEL.wall, abs=0.6)
    assert wall_along(odd, anterior) == pytest.approx(wall_along(LEVEL, anterior), abs=0.3)


def test_a_pouch_is_cold_in_its_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    study = drawn_as(odd_hearts._with_pouch, monkeypatch)
    assert isinstance(study.heart, ParametricShape)
    assert study.heart.pouch is not None
    (scar,) = study.perfusion.defects
    truth = render(study).truth
    assert truth.anatomy is not None
    assert scores(truth.anatomy.segments)[scar.segment - 1] >= 2
    angle = np.deg2rad(study.heart.pouch.degrees)
    radius = 1.1 * LEVEL.radius_j
    middle = np.array([-radius * np.sin(angle), -radius * np.cos(angle), study.heart.pouch.k])
    assert uptake(study.perfusion, study.heart, middle) < 0.5
    other_side = middle * [-1, -1, 1]
    assert uptake(study.perfusion, study.heart, other_side) > 0.9


def test_the_labels_hold_the_pouch() -> None:
    odd = replace(LEVEL, pouch=Pouch(180.0, 5.0, 0.4, 0.5))
    seen, before = (apparent_labels(heart, GRID, 2.0, 10.0) > 0 for heart in (odd, LEVEL))
    gained = GRID[seen & ~before]
    assert len(gained) * 0.008 > 8.0  # ml
    assert (gained[:, 1] > 0).mean() > 0.95
    assert gained[:, 2].mean() == pytest.approx(5.0, abs=4.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_very_small_heart_keeps_a_cavity(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    study = drawn_as(odd_hearts._very_small, monkeypatch, seed)
    heart = study.heart
    assert isinstance(heart, ParametricShape)
    assert 15.0 < (heart.radius_i * heart.radius_j) ** 0.5 < 22.5
    assert heart.wall <= 0.5 * min(heart.radius_i, heart.radius_j) + 1e-9
    wall, cavity = volumes_ml(heart)
    assert wall < 75.0
    assert 5.0 < cavity < 45.0
    labels = render(study, anatomy=False).truth.labels
    assert (labels == MYOCARDIUM).sum() * 3.2**3 / 1000 < 110.0


@pytest.mark.parametrize(("degrees", "short", "long"), [(90.0, -1, 1), (270.0, 1, -1)])
def test_a_step_ends_one_side_lower(degrees: float, short: int, long: int) -> None:
    odd = replace(LEVEL, step=Step(degrees, 14.0))
    labels = apparent_labels(odd, GRID, 2.0, 8.0)

    def top(side: int, value: int) -> float:
        """Where the labels end on one side (-1 septal, 1 lateral), mm."""
        there = (labels == value) & (side * GRID[..., 0] > 18) & (np.abs(GRID[..., 1]) < 10)
        return float(GRID[..., 2][there].max())

    assert top(long, MYOCARDIUM) - top(short, MYOCARDIUM) == pytest.approx(14.0, abs=3.0)
    assert (labels == BLOOD_POOL).any()


def test_the_axis_of_a_stepped_heart_is_that_of_its_labels() -> None:
    """The rule of all other hearts; its own bias is a third of a degree for each mm of the step."""
    odd = replace(LEVEL, step=Step(90.0, 14.0))
    labels = apparent_labels(odd, GRID, 2.0, 6.0)
    assert angle_between(shape_axis([odd]), axis_across(labels, 2.0, np.array([0.0, 0.0, 1.0]))) < 0.5
    assert 3.0 < angle_between(shape_axis([odd]), [0, 0, 1]) < 6.0
