"""Function of beating cups whose volumes a formula gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.perfusion import function as function_module
from MSSTUNetReorientLib.perfusion import gated_volumes as volumes_module
from MSSTUNetReorientLib.perfusion.figure import CUT_OFF
from MSSTUNetReorientLib.perfusion.figure import NO_VERDICT
from MSSTUNetReorientLib.perfusion.figure import rounded
from MSSTUNetReorientLib.perfusion.function import Function
from MSSTUNetReorientLib.perfusion.function import function_of
from MSSTUNetReorientLib.perfusion.gated_volumes import WallModel
from MSSTUNetReorientLib.perfusion.gated_volumes import gated_volumes
from MSSTUNetReorientLib.perfusion.moving_walls import MovingWalls
from MSSTUNetReorientLib.perfusion.moving_walls import harmonics
from MSSTUNetReorientLib.perfusion.moving_walls import moving_walls
from MSSTUNetReorientLib.perfusion.phase import phase_of
from MSSTUNetReorientLib.perfusion.volume_curve import rates_of
from MSSTUNetReorientLib.perfusion.wall_motion import noise_of

from perfusion.beating import GRID
from perfusion.beating import Beat
from perfusion.beating import beat
from perfusion.cups import OBLIQUE

SHARP = WallModel(0.0, 0.0, 1.0, 1.0)
"""A camera that shows every wall as it is."""


def walls_of(given: Beat) -> MovingWalls:
    found = moving_walls(given.shares(), GRID, OBLIQUE)
    assert found is not None
    return found


def measured(given: Beat, **options: object) -> Function:
    gates = options.pop("gates", given.counts())
    asked = {"total_counts": [1.0] * len(gates), "modality": "NM", "verdict": "pass"} | options
    return function_of(gates, given.shares(), GRID, OBLIQUE, **asked)  # type: ignore[arg-type]


@pytest.fixture
def sharp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(volumes_module.WALL_MODELS, "NM", SHARP)


@pytest.mark.parametrize("gates", [8, 16])
def test_surfaces_of_a_cup(gates: int) -> None:
    given = beat(gates)
    walls = walls_of(given)
    np.testing.assert_allclose(walls.plane, given.length, atol=0.3)
    np.testing.assert_allclose(np.median(walls.inner, axis=(1, 2)), given.inner, atol=0.3)
    np.testing.assert_allclose(np.median(walls.outer, axis=(1, 2)), given.outer, atol=0.5)
    np.testing.assert_allclose(walls.rays.volume_ml(walls.inner, walls.plane), given.cavity_ml, rtol=0.05)


@pytest.mark.usefixtures("sharp")
@pytest.mark.parametrize("given", [beat(8), beat(16), beat(8, mean=14.0, change=5.0), beat(8, mean=28.0, change=2.0)])
def test_volumes_and_ejection_fraction(given: Beat) -> None:
    found = measured(given)
    true = given.cavity_ml
    assert found.edv_ml == pytest.approx(true.max(), rel=0.03)
    assert found.esv_ml == pytest.approx(true.min(), rel=0.05, abs=0.5)
    assert found.ef_percent == pytest.approx(100 * (1 - true.min() / true.max()), abs=1.5)
    assert found.mass_g == pytest.approx(1.05 * given.wall_ml, rel=0.04)
    assert (found.diastole, found.systole) == (0, len(given.inner) // 2)


@pytest.mark.parametrize("modality", ["PT", "NM", "unknown"])
def test_the_wall_never_changes_its_volume(modality: str) -> None:
    """Whatever the model says of its thickness."""
    walls = walls_of(beat())
    found = gated_volumes(walls, modality)
    lv = walls.rays.volume_ml(found.epicardium, found.plane)
    np.testing.assert_allclose(lv - found.cavity_ml, found.wall_ml, rtol=1e-4)
    assert np.ptp(found.wall_mm) > 0.5


def test_motion_gets_its_gain() -> None:
    """Half as much again of what appears, in the surface of the wall and in nothing else."""
    walls = walls_of(beat())
    fixed = replace(SHARP, gain=1.5)
    moved = volumes_module._amplified(walls, fixed.gain)
    np.testing.assert_allclose(np.ptp(moved.outer, axis=0), 1.5 * np.ptp(walls.outer, axis=0), atol=1e-9)
    np.testing.assert_allclose(moved.outer.mean(axis=0), walls.outer.mean(axis=0))


def test_rates_by_hand() -> None:
    """EDV 100 ml; 20 ml on the first harmonic and 5 on the second: the slopes of a sum of cosines."""
    t = np.arange(16) / 16
    curve = 75 + 20 * np.cos(2 * np.pi * t) + 5 * np.cos(4 * np.pi * t)
    fine = np.arange(2000) / 2000
    slope = (-40 * np.pi * np.sin(2 * np.pi * fine) - 20 * np.pi * np.sin(4 * np.pi * fine)) / 100
    found = rates_of(curve)
    assert found.ejection == pytest.approx(-slope.min(), rel=1e-3)
    assert found.filling == pytest.approx(slope.max(), rel=1e-3)


def test_rates_per_second_need_the_interval() -> None:
    without, told = measured(beat()), measured(beat(), interval_ms=800.0)
    name, per_cycle = "peak_filling_rate_edv_per_s", "peak_filling_rate_edv_per_cycle"
    assert without.figures[name].value is None
    assert "R-R interval" in without.figures[name].reason
    assert told.figures[name].value == pytest.approx(told.figures[per_cycle].value / 0.8)
    assert told.figures["time_to_peak_filling_ms"].value == pytest.approx(
        800 * told.figures["time_to_peak_filling_cycle"].value
    )


def test_thickening_and_motion_of_segments() -> None:
    """70 counts at end-diastole, 130 at end-systole; the endocardium moves by 8 mm."""
    motion = measured(beat(), modality="NM").motion
    assert motion is not None
    np.testing.assert_allclose(motion.segment_thickening_percent[:16], 100 * (130 / 70 - 1), rtol=0.03)
    walls = walls_of(beat())
    by_hand = gated_volumes(walls, "NM").endocardium
    np.testing.assert_allclose(motion.motion_mm, by_hand[0] - by_hand[4])
    assert np.nanmin(motion.segment_motion_mm) > 5


def test_a_wall_that_contracts_late_shows_its_phase() -> None:
    """All of the wall is brightest at 180 degrees, the lateral quarter 40 degrees later."""
    level, given = measured(beat()), beat()
    late = measured(given, gates=given.counts(40.0, (0.0, 90.0)))
    assert level.phase is not None
    assert late.phase is not None
    assert level.phase.mean_deg == pytest.approx(180, abs=1)
    assert level.phase.sd_deg < 2
    assert level.phase.bandwidth_deg < 8
    assert late.motion is not None
    columns = late.phase.degrees[15, 5:13], late.phase.degrees[15, 24:66]
    np.testing.assert_allclose(columns[0], 220, atol=3)
    np.testing.assert_allclose(columns[1], 180, atol=3)
    # a quarter 40 degrees late: mean + 10 degrees, variance 0.25 * 0.75 * 40 ** 2
    assert late.phase.mean_deg == pytest.approx(190, abs=1.5)
    assert late.phase.sd_deg == pytest.approx(40 * np.sqrt(3) / 4, abs=2)
    assert late.phase.bandwidth_deg == pytest.approx(40, abs=3)
    assert late.phase.entropy_percent > level.phase.entropy_percent + 5


def test_statistics_of_phases_by_hand() -> None:
    """Two thirds of the wall at 350 degrees, one at 20: round the circle, not along the line."""
    t = 2 * np.pi * np.arange(8) / 8
    angle = np.deg2rad([[350.0, 350.0, 20.0]])
    counts = 100 + 10 * np.cos(t[:, None, None] - angle)
    found = phase_of(counts, np.ones((1, 3), bool), np.ones((1, 3)))
    assert found is not None
    mean = np.rad2deg(np.angle(np.exp(1j * angle).mean())) % 360
    assert found.mean_deg == pytest.approx(mean)
    off = np.array([350 - mean, 350 - mean, 380 - mean])
    assert found.sd_deg == pytest.approx(np.sqrt((off**2).mean()))
    assert found.bandwidth_deg == pytest.approx(30)
    expected = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3)) / np.log(60) * 100
    assert found.entropy_percent == pytest.approx(expected)
    assert phase_of(np.full((8, 1, 3), 7.0), np.ones((1, 3), bool), np.ones((1, 3))) is None


def test_phases_of_noise_are_withheld() -> None:
    """Noise of known size on every gate: its spread is foretold, and too much of it withholds the phase."""
    given, rng = beat(), np.random.default_rng(4)
    quiet = measured(given, gates=[replace(g, array=g.array + rng.normal(0, 4, g.array.shape)) for g in given.counts()])
    loud = measured(
        given, gates=[replace(g, array=g.array + rng.normal(0, 300, g.array.shape)) for g in given.counts()]
    )
    assert quiet.phase is not None
    assert 0.2 < quiet.phase.noise_deg < 10
    assert quiet.figures["phase_sd_deg"].value is not None
    assert loud.phase is not None
    assert loud.phase.noise_deg > 20
    assert loud.figures["phase_sd_deg"].value is None
    assert "noise alone" in loud.figures["phase_sd_deg"].reason
    assert loud.figures["ef_percent"].value is not None
    assert loud.as_dict()["phase_histogram_percent"] == []


def test_noise_of_phases_by_hand() -> None:
    """An amplitude of 10 and noise of 3 in each of 8 gates: 3 sqrt(2 / 8) / 10 rad."""
    t = 2 * np.pi * np.arange(8) / 8
    counts = np.tile(100 + 10 * np.cos(t)[:, None, None], (1, 4, 5))
    found = phase_of(counts, np.ones((4, 5), bool), np.ones((4, 5)), 3.0)
    assert found is not None
    assert found.noise_deg == pytest.approx(np.rad2deg(0.15))
    rng = np.random.default_rng(1)
    seen = counts[:, :1, :1] + rng.normal(0, 3, (8, 60, 70))
    assert noise_of(seen, harmonics(seen), np.ones((60, 70), bool)) == pytest.approx(3.0, rel=0.03)


def test_only_two_harmonics_are_kept() -> None:
    t = 2 * np.pi * np.arange(16) / 16
    kept, dropped = 3 + np.cos(t) + np.sin(2 * t), np.cos(3 * t) + np.cos(8 * t)
    np.testing.assert_allclose(harmonics(kept + dropped), kept, atol=1e-12)


def without_counts(gates: list[Volume], number: int, factor: float) -> list[Volume]:
    return [replace(g, array=g.array * np.float32(factor)) if n == number else g for n, g in enumerate(gates)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"verdict": "fail"}, NO_VERDICT),
        ({"cut_off": True}, CUT_OFF),
        ({"total_counts": [1.0, 1, 1, 0, 1, 1, 1, 1]}, "gate 4 of 8 has no counts"),
        ({"total_counts": [1.0, 1, 0.3, 1, 1, 1, 1, 1]}, "gate 3 (30 %) has less than half"),
        ({"total_counts": [1.0, 1.0]}, "at least 4 gates, but the study has 2"),
        ({"total_counts": []}, "at least 4 gates, but the study has 0"),
    ],
)
def test_what_is_withheld_says_why(options: dict[str, object], reason: str) -> None:
    found = measured(beat(), **options)
    assert reason in found.reason
    assert found.ef_percent is None
    assert found.volumes is None
    content = found.as_dict()
    assert content["withheld"] == found.reason
    assert all(f["value"] is None and f["withheld"] for f in content["figures"].values())


def test_nothing_labelled_is_withheld() -> None:
    given = beat()
    nothing = np.zeros_like(given.shares())
    found = function_of(given.counts(), nothing, GRID, OBLIQUE, total_counts=[1.0] * 8, modality="NM", verdict="pass")
    assert found.reason == function_module.NO_LV


def test_a_wall_that_grows_is_withheld() -> None:
    """Gates of another size each: no heart does that, noise does."""
    one, other = beat().shares(), Beat(beat().inner, wall_ml=25.0).shares()
    mixed = np.concatenate([one[:4], other[4:]])
    given = beat()
    found = function_of(given.counts(), mixed, GRID, OBLIQUE, total_counts=[1.0] * 8, modality="NM", verdict="pass")
    assert found.reason == function_module.UNSTEADY


def test_an_emptier_last_gate_is_told_and_scaled() -> None:
    """Its counts look like those of the others, so the wall does not seem to thin."""
    given = beat()
    poor = without_counts(given.counts(), 7, 0.3)
    found = measured(given, gates=poor, total_counts=[1.0] * 7 + [0.3])
    assert found.reason == ""
    assert any("last gate has only 30 %" in note for note in found.notes)
    level = measured(given)
    assert found.motion is not None
    assert level.motion is not None
    np.testing.assert_allclose(found.motion.counts, level.motion.counts, rtol=1e-4)


def test_warnings_go_with_the_figures() -> None:
    small = measured(beat(8, mean=11.0, change=3.0), verdict="review")
    assert any("Small heart" in note for note in small.notes)
    assert function_module.REVIEW in small.notes
    assert {f.verdict for f in small.figures.values()} == {"review"}
    large = beat(8, mean=28.0, change=2.0)
    assert measured(large).notes == (function_module.ACCURACY["NM"],)
    assert function_module.NO_MODALITY in measured(large, modality="unknown").notes


def test_one_gate_repeated_is_no_beat() -> None:
    """Some exports repeat the sum: an ejection fraction of 0 would look like a measurement."""
    given = beat()
    found = measured(given, gates=given.counts()[:1] * 8)
    assert found.reason == function_module.ONE_GATE
    assert found.ef_percent is None


def test_counts_below_zero_are_none() -> None:
    found = measured(beat(), total_counts=[1.0, 1, 1, -1, 1, 1, 1, 1])
    assert "gate 4 of 8 has no counts" in found.reason
    assert min(found.as_dict()["gate_counts_percent"]) == 0


def test_phases_are_withheld_where_noise_is_unknown() -> None:
    """Four and five gates leave no harmonic over that would show the noise."""
    for gates, known in ((4, False), (5, False), (6, True)):
        found = measured(beat(gates))
        assert (found.figures["phase_sd_deg"].value is not None) == known
        assert found.figures["ef_percent"].value is not None
    assert measured(beat(5)).figures["phase_sd_deg"].reason == function_module.NO_NOISE


def test_no_figure_is_minus_zero() -> None:
    numbers = [n for s in measured(beat()).as_dict()["segments"] for n in (s["motion_mm"], s["thickening_percent"])]
    assert "-0.0" not in [str(n) for n in numbers + [rounded(-0.01)]]
