"""Information about a study without personal data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import InputError
from .acquisition_facts import acquisition_facts
from .dicom_values import items
from .dicom_values import text
from .header_words import study_phase
from .header_words import tracer

POSITIONS = ("HFS", "HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL", "LFP", "LFS", "RFP", "RFS", "AFDR", "AFDL",
             "PFDR", "PFDL")  # fmt: skip
"""Values of PatientPosition; anything else in that place is not repeated."""
POSITION_WORDS = {"PRONE": "P", "SUPINE": "S", "HEAD": "HF", "FEET": "FF"}
"""Words of the orientation codes' meanings, and the letters of PatientPosition that agree with them."""


def technical_info(dataset: Any, kind: str, name: object) -> dict[str, Any]:
    """``kind``, ``modality``, ``warnings``, and where the header has them ``patient_position`` (only a defined value),
    ``study_phase`` ("stress" or "rest"), ``tracer``, and what :func:`.acquisition_facts.acquisition_facts` gives.
    """
    modality = text(dataset, "Modality", name)
    info: dict[str, Any] = {"kind": kind, "modality": modality if modality in ("NM", "PT") else "unknown"}
    info |= acquisition_facts(dataset, name)
    info |= _recognised("study_phase", study_phase, dataset, name) | _recognised("tracer", tracer, dataset, name)
    position = text(dataset, "PatientPosition", name)
    if position not in POSITIONS:
        return info
    info["patient_position"] = position
    contradicting = [
        w for w in _stated_positions(dataset, name) if POSITION_WORDS[w] not in (position[:2], position[2:])
    ]
    if contradicting:
        words = " and ".join(contradicting).lower()
        warn(
            info, f"The header states patient position {position} but also {words}: check left, right, front and back."
        )
    return info


def _recognised(key: str, read: Callable[[Any, object], str], dataset: Any, name: object) -> dict[str, str]:
    """What was recognised; a damaged description is no reason to refuse a study."""
    try:
        found = read(dataset, name)
    except InputError:
        return {}
    return {key: found} if found else {}


def warn(info: dict[str, Any], sentence: str) -> None:
    """Add a warning, which makes the verdict "review"."""
    info["warnings"] = [*info.get("warnings", []), sentence]


def _stated_positions(dataset: Any, name: object) -> list[str]:
    """The position words in the meanings of the patient's orientation and gantry codes."""
    codes = items(dataset, "PatientGantryRelationshipCodeSequence", name)
    for code in items(dataset, "PatientOrientationCodeSequence", name):
        codes += items(code, "PatientOrientationModifierCodeSequence", name)
    meanings = " ".join(text(code, "CodeMeaning", name) for code in codes)
    return [word for word in POSITION_WORDS if word in meanings]
