"""The function of the LV over a heart beat: volumes of every gate, ejection fraction, rates, wall motion and phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .aha_segments import SEGMENTS
from .anatomical_volumes import DENSITY_G_PER_ML
from .figure import CUT_OFF
from .figure import NO_VERDICT
from .figure import Figure
from .figure import rounded
from .gated_volumes import GatedVolumes
from .gated_volumes import gated_volumes
from .moving_walls import MovingWalls
from .moving_walls import moving_walls
from .phase import MOST_NOISE_DEG
from .phase import Phase
from .phase import phase_of
from .volume_curve import Rates
from .volume_curve import rates_of
from .wall_motion import WallMotion
from .wall_motion import wall_motion

Array = NDArray[np.float64]
Values = dict[str, tuple[float | None, str, str]]
"""Value and unit of each figure, and why a missing one is missing where not all are."""

SCHEMA = 1
"""Version of the section ``function`` of ``result.json``."""
LEAST_GATES = 4
"""Fewer show neither end-diastole nor end-systole, and have no second harmonic."""
EMPTY_SHARE = 0.5
"""A gate with less of the median counts is not like the others: heart beats of other lengths were rejected (ours)."""
SMALL_ESV_ML = 20.0
"""Readers expect a warning below this volume at end-systole (PMC3699706)."""
MOST_UNSTEADY = 0.25
"""Above this relative SD of the apparent wall volume over the cycle the gates were not segmented reliably (ours,
docs/function.md)."""

NO_LV = "no left ventricle is labelled in the gates"
UNSTEADY = "the gates are too noisy: the wall of the LV does not keep its volume from gate to gate"
REVIEW = "Review: the quality verdict asks to check the pose and the labels first."
SMALL = f"Small heart: an end-systolic volume below {SMALL_ESV_ML:.0f} ml is unreliable, and so is the EF."
ACCURACY = {
    "PT": "Nine of ten simulated PET studies had an EF within 7 points of the truth.",
    "NM": "Nine of ten simulated SPECT studies had an EF within 16 points of the truth, half of them within 6.",
}
"""By modality; 12 PET, 39 SPECT and CZT studies of validation subjects (docs/function.md)."""
NO_MODALITY = "The file does not state the modality: the wall model of SPECT was used, which is wrong for PET."
ONE_GATE = "all gates have the same counts, so the study shows no heart beat"
NO_PHASE = "the counts of the wall do not change during the cycle"
NO_NOISE = "too few gates to separate noise from motion"
NOISY_PHASE = "noise alone spreads the phases by {:.0f} degrees"
TWO_DECIMALS = ("EDV/cycle", "EDV/s", "cycle")
"""Units of figures that are written with two decimals; others have one."""
NO_INTERVAL = "the study does not state its R-R interval"


@dataclass(frozen=True, eq=False)
class Function:
    """The function of one study.

    Attributes:
        verdict: of the quality control.
        reason: why everything is withheld; empty otherwise. The attributes below are then None.
        gate_counts: ``(G,)`` of each gate in percent of the median gate.
        interval_ms: mean R-R interval, None where it is not stated.
        volumes: cavity in every gate, wall.
        walls: the surfaces as they appear.
        motion: of the wall, by segment.
        phase: None also where the wall does not move.
        notes: what a reader must know.
    """

    verdict: str
    reason: str = ""
    gate_counts: tuple[float, ...] = ()
    interval_ms: float | None = None
    volumes: GatedVolumes | None = None
    walls: MovingWalls | None = None
    motion: WallMotion | None = None
    phase: Phase | None = None
    notes: tuple[str, ...] = ()

    @property
    def gates(self) -> int:
        """How many."""
        return len(self.gate_counts)

    @property
    def curve_ml(self) -> Array | None:
        """``(G,)`` cavity of each gate."""
        return None if self.volumes is None else self.volumes.cavity_ml

    @property
    def diastole(self) -> int | None:
        """Index of the gate with the largest cavity."""
        return None if self.volumes is None else int(self.volumes.cavity_ml.argmax())

    @property
    def systole(self) -> int | None:
        """Index of the gate with the smallest cavity."""
        return None if self.volumes is None else int(self.volumes.cavity_ml.argmin())

    @property
    def edv_ml(self) -> float | None:
        """The largest cavity of the cycle."""
        return None if self.volumes is None else float(self.volumes.cavity_ml.max())

    @property
    def esv_ml(self) -> float | None:
        """The smallest cavity of the cycle."""
        return None if self.volumes is None else float(self.volumes.cavity_ml.min())

    @property
    def stroke_volume_ml(self) -> float | None:
        """EDV minus ESV."""
        return None if self.edv_ml is None or self.esv_ml is None else self.edv_ml - self.esv_ml

    @property
    def ef_percent(self) -> float | None:
        """Stroke volume in percent of the EDV."""
        stroke = self.stroke_volume_ml
        return None if stroke is None or not self.edv_ml else 100 * stroke / self.edv_ml

    @property
    def mass_g(self) -> float | None:
        """Of the wall, which is the same in every gate."""
        return None if self.volumes is None else DENSITY_G_PER_ML * self.volumes.wall_ml

    @property
    def rates(self) -> Rates | None:
        """Peak ejection and filling."""
        return None if self.volumes is None else rates_of(self.volumes.cavity_ml)

    @property
    def phase_reason(self) -> str:
        """Why the phase is withheld; empty where it is not."""
        if self.phase is None:
            return self.reason or NO_PHASE
        noise = self.phase.noise_deg
        if np.isnan(noise):
            return NO_NOISE
        return NOISY_PHASE.format(noise) if noise > MOST_NOISE_DEG else ""

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures by their name in ``result.json``."""
        values = self._volume_values() | self._rate_values() | self._phase_values()
        return {
            name: Figure(value, self.verdict, "" if value is not None else self.reason or missing, unit)
            for name, (value, unit, missing) in values.items()
        }

    def _volume_values(self) -> Values:
        return {
            "edv_ml": (self.edv_ml, "ml", ""),
            "esv_ml": (self.esv_ml, "ml", ""),
            "stroke_volume_ml": (self.stroke_volume_ml, "ml", ""),
            "ef_percent": (self.ef_percent, "%", ""),
            "mass_g": (self.mass_g, "g", ""),
        }

    def _rate_values(self) -> Values:
        rates, interval = self.rates, self.interval_ms
        ejection, filling, wait = (
            (None,) * 3 if rates is None else (rates.ejection, rates.filling, rates.to_peak_filling)
        )

        def per_s(per_cycle: float | None) -> float | None:
            return None if per_cycle is None or interval is None else per_cycle * 1000 / interval

        wait_ms = None if wait is None or interval is None else wait * interval
        return {
            "peak_ejection_rate_edv_per_cycle": (ejection, "EDV/cycle", ""),
            "peak_filling_rate_edv_per_cycle": (filling, "EDV/cycle", ""),
            "peak_ejection_rate_edv_per_s": (per_s(ejection), "EDV/s", NO_INTERVAL),
            "peak_filling_rate_edv_per_s": (per_s(filling), "EDV/s", NO_INTERVAL),
            "time_to_peak_filling_cycle": (wait, "cycle", ""),
            "time_to_peak_filling_ms": (wait_ms, "ms", NO_INTERVAL),
        }

    def _phase_values(self) -> Values:
        phase, missing = self.phase, self.phase_reason
        shown = None if missing else phase
        return {
            "phase_mean_deg": (None if shown is None else shown.mean_deg, "deg", missing),
            "phase_sd_deg": (None if shown is None else shown.sd_deg, "deg", missing),
            "phase_bandwidth_deg": (None if shown is None else shown.bandwidth_deg, "deg", missing),
            "phase_entropy_percent": (None if shown is None else shown.entropy_percent, "%", missing),
            "phase_noise_deg": (
                None if phase is None or np.isnan(phase.noise_deg) else phase.noise_deg,
                "deg",
                NO_NOISE,
            ),
        }

    def as_dict(self) -> dict[str, Any]:
        """The section ``function`` of ``result.json``; the same keys whether withheld or not."""
        curve, phase = self.curve_ml, self.phase
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "withheld": self.reason or None,
            "gates": self.gates,
            "gate_counts_percent": [round(c, 1) for c in self.gate_counts],
            "interval_ms": self.interval_ms,
            "end_diastole_gate": None if self.diastole is None else self.diastole + 1,
            "end_systole_gate": None if self.systole is None else self.systole + 1,
            "cavity_ml": [] if curve is None else np.round(curve, 1).tolist(),
            "figures": {name: f.as_dict(2 if f.unit in TWO_DECIMALS else 1) for name, f in self.figures.items()},
            "segments": _segment_content(self.motion),
            "phase_histogram_percent": []
            if phase is None or self.phase_reason
            else np.round(phase.histogram, 2).tolist(),
            "notes": list(self.notes),
        }


def function_of(
    gates: Sequence[Volume],
    shares: NDArray[np.float32],
    grid: Grid,
    pose: Pose,
    *,
    total_counts: Sequence[float],
    modality: str,
    verdict: str,
    cut_off: bool = False,
    interval_ms: float | None = None,
) -> Function:
    """Measure a gated study.

    Args:
        gates: counts of each gate on any grid that holds the LV.
        shares: ``(G, 2, K, J, I)`` of wall and blood pool in each gate.
        grid: of the shares.
        pose: of the sum of the gates, SA frame to LPS.
        total_counts: of each gate.
        modality: "PT", or anything else for SPECT.
        verdict: of the quality control.
        cut_off: the field of view cuts a part of the LV off.
        interval_ms: mean R-R interval.
    """
    percent = _percent_of_median(total_counts)

    def withheld(reason: str) -> Function:
        return Function(verdict, reason, percent, interval_ms)

    for reason in (_gate_fault(percent), NO_VERDICT if verdict == "fail" else "", CUT_OFF if cut_off else ""):
        if reason:
            return withheld(reason)
    if all(np.array_equal(gate.array, gates[0].array) for gate in gates[1:]):
        return withheld(ONE_GATE)
    walls = moving_walls(shares, grid, pose)
    if walls is None:
        return withheld(NO_LV)
    if unsteadiness(walls) > MOST_UNSTEADY:
        return withheld(UNSTEADY)
    volumes = gated_volumes(walls, modality)
    diastole, systole = int(volumes.cavity_ml.argmax()), int(volumes.cavity_ml.argmin())
    motion = wall_motion(_alike(gates, percent), pose, walls, volumes.endocardium, diastole, systole)
    phase = phase_of(motion.counts, motion.counted, motion.area_mm2, motion.noise)
    notes = _notes(verdict, modality, percent, float(volumes.cavity_ml.min()))
    return Function(verdict, "", percent, interval_ms, volumes, walls, motion, phase, notes)


def unsteadiness(walls: MovingWalls) -> float:
    """Relative SD over the cycle of the wall's apparent volume, which blur alone changes little."""
    wall = walls.rays.volume_ml(walls.outer, walls.plane) - walls.rays.volume_ml(walls.inner, walls.plane)
    return float(wall.std() / max(wall.mean(), 1e-6))


def _percent_of_median(total_counts: Sequence[float]) -> tuple[float, ...]:
    middle = float(np.median(total_counts)) if len(total_counts) else 0.0
    return tuple(100 * max(c, 0.0) / middle if middle > 0 else 0.0 for c in total_counts)


def _gate_fault(percent: Sequence[float]) -> str:
    """Why gates like these have no function; empty where they do."""
    if len(percent) < LEAST_GATES:
        return f"function needs at least {LEAST_GATES} gates, but the study has {len(percent)}"
    empty = [str(n) for n, c in enumerate(percent, 1) if c <= 0]
    if empty:
        return f"gate {', '.join(empty)} of {len(percent)} has no counts"
    poor = [f"{n} ({c:.0f} %)" for n, c in enumerate(percent[:-1], 1) if c < 100 * EMPTY_SHARE]
    if poor:
        return f"gate {', '.join(poor)} has less than half of the counts of the median gate"
    return ""


def _alike(gates: Sequence[Volume], percent: Sequence[float]) -> list[Volume]:
    """Gates scaled to the same counts: that beats are longer or shorter shall not look like thickening."""
    return [Volume(g.array * np.float32(100 / p), g.grid, g.info) for g, p in zip(gates, percent, strict=True)]


def _notes(verdict: str, modality: str, percent: Sequence[float], esv_ml: float) -> tuple[str, ...]:
    notes = [ACCURACY.get(modality, ACCURACY["NM"])]
    if modality not in ACCURACY:
        notes.append(NO_MODALITY)
    if verdict == "review":
        notes.append(REVIEW)
    if percent[-1] < 100 * EMPTY_SHARE:
        notes.append(
            f"The last gate has only {percent[-1]:.0f} % of the counts of the median gate: beats were rejected or "
            "short. It is scaled to the others; the end of the filling is unreliable."
        )
    if esv_ml < SMALL_ESV_ML:
        notes.append(SMALL)
    return tuple(notes)


def _segment_content(motion: WallMotion | None) -> list[dict[str, Any]]:
    if motion is None:
        return []
    return [
        {
            "number": segment.number,
            "name": segment.name,
            "motion_mm": rounded(motion.segment_motion_mm[n]),
            "thickening_percent": rounded(motion.segment_thickening_percent[n]),
        }
        for n, segment in enumerate(SEGMENTS)
    ]
