"""The anatomical volumes of a result, or why they are withheld: for ``result.json`` and the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from ..geometry.volume import Volume
from ..perfusion.anatomical_volumes import SMALL_CAVITY_ML
from ..perfusion.anatomical_volumes import WALL_MM
from ..perfusion.anatomical_volumes import AnatomicalVolumes
from ..perfusion.anatomical_volumes import anatomical_volumes
from ..prediction.result import Result

NO_POOL = "withheld: the labels have no blood pool or no wall"
SMALL_HEART = f"small heart: a cavity below {SMALL_CAVITY_ML:.0f} ml is unreliable"
REVIEW = "review: the quality verdict asks to check the pose and the labels first"
NO_MODALITY = "the file does not state the modality: the wall model of SPECT was used, which is wrong for PET"
ACCURACY = {
    "PT": "within 15 % of the truth in nine of ten simulated PET studies",
    "NM": "within 40 % of the truth only in nine of ten simulated SPECT studies: blur hides the thickness of the wall",
}
"""By modality; from ten studies of validation subjects each, by the model's own labels (docs/volumes.md)."""

_MEASURED: WeakKeyDictionary[Volume, AnatomicalVolumes | None] = WeakKeyDictionary()
"""Report and ``result.json`` need the same numbers; they are freed with their labels."""


@dataclass(frozen=True)
class AnatomicalSection:
    """The anatomical volumes of a result, with their notes.

    Attributes:
        volumes: None where they are withheld.
        notes: why they are withheld, or how to read them.
    """

    volumes: AnatomicalVolumes | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The section ``anatomical`` of ``result.json``; the same keys whether withheld or not."""
        v = self.volumes
        return {
            "cavity_ml": None if v is None else round(v.cavity_ml, 1),
            "myocardium_ml": None if v is None else round(v.myocardium_ml, 1),
            "mass_g": None if v is None else round(v.mass_g, 1),
            "length_mm": None if v is None else round(v.length_mm, 1),
            "eccentricity": None if v is None else round(v.eccentricity, 2),
            "shape_index": None if v is None else round(v.shape_index, 2),
            "notes": list(self.notes),
        }


def anatomical_section(result: Result) -> AnatomicalSection:
    """The anatomical volumes of a result with their notes, or the reason why they are withheld."""
    reason = _reason_to_withhold(result)
    if reason:
        return AnatomicalSection(None, (reason,))
    volumes = _volumes(result)
    if volumes is None:
        return AnatomicalSection(None, (NO_POOL,))
    notes = [phase_note(result.study.info), ACCURACY.get(str(result.study.info.get("modality")), ACCURACY["NM"])]
    if result.study.info.get("modality") not in WALL_MM:
        notes.append(NO_MODALITY)
    if volumes.is_small:
        notes.append(SMALL_HEART)
    if result.quality.status == "review":
        notes.append(REVIEW)
    return AnatomicalSection(volumes, tuple(notes))


def phase_note(info: dict[str, Any]) -> str:
    """Which state of the heart a study shows."""
    gate = info.get("gate", "sum")
    if "gates" in info and gate != "sum":
        return f"gate {gate} of {info['gates']}"
    return "mean over the cardiac cycle: not the end-diastolic volume, which is larger"


def _reason_to_withhold(result: Result) -> str | None:
    if result.quality.status == "fail":
        return "withheld: the quality verdict is fail"
    if result.quality.cut_off:
        return f"withheld: {100 * result.quality.measures['cut_share']:.0f} % of the LV is cut off"
    return None


def _volumes(result: Result) -> AnatomicalVolumes | None:
    if result.labels not in _MEASURED:
        _MEASURED[result.labels] = anatomical_volumes(result.labels, str(result.study.info.get("modality", "unknown")))
    return _MEASURED[result.labels]
