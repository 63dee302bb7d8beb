"""What the header states of camera, attenuation correction and sex, on which normal limits depend."""

from __future__ import annotations

import re
from typing import Any

from .dicom_values import items
from .dicom_values import text
from .dicom_values import texts

SMALL_FIELD_MODELS = r"\bNM ?530 ?C\b|\bD-?SPECT\b"
"""Model names of CZT cameras with a small field for the heart alone."""
COLLIMATORS = {"PINH": "czt", "PARA": "spect"}
"""Values of CollimatorType (DICOM PS3.3 C.8.4.11), and the camera: the pinholes of a cardiac CZT camera have a small
field."""
CORRECTED_WORDS, UNCORRECTED_WORDS = r"\b(IR)?AC\b|\bCTAC\b|\bATTN\b", r"\b(NAC|NC|IRNC|NO ?AC|NON ?AC)\b"
"""Free words in ImageID and descriptions."""


def acquisition_facts(dataset: Any, name: object) -> dict[str, Any]:
    """``camera`` ("spect" or "czt"), ``attenuation_corrected`` and ``sex`` ("F" or "M"), each only where stated."""
    stated = {
        "camera": _camera(dataset, name),
        "attenuation_corrected": attenuation_corrected(dataset, name),
        "sex": _sex(dataset, name),
    }
    return {key: value for key, value in stated.items() if value is not None}


def _camera(dataset: Any, name: object) -> str | None:
    if text(dataset, "Modality", name) != "NM":
        return None
    if re.search(SMALL_FIELD_MODELS, text(dataset, "ManufacturerModelName", name)):
        return "czt"
    detectors = items(dataset, "DetectorInformationSequence", name)
    stated = {COLLIMATORS.get(text(detector, "CollimatorType", name)) for detector in detectors}
    return stated.pop() if len(stated) == 1 else None


def attenuation_corrected(dataset: Any, name: object) -> bool | None:
    """By CorrectedImage, else by the method, else by words; None where none of them states it."""
    corrections = [value for value in texts(dataset, "CorrectedImage", name) if value]
    if corrections:
        return "ATTN" in corrections
    method = text(dataset, "AttenuationCorrectionMethod", name)
    if method:
        return method not in ("NONE", "NO")
    words = " ".join(text(dataset, key, name) for key in ("ImageID", "SeriesDescription"))
    plain = re.sub(r"[^A-Z0-9]+", " ", words)
    if re.search(UNCORRECTED_WORDS, plain):
        return False
    return True if re.search(CORRECTED_WORDS, plain) else None


def _sex(dataset: Any, name: object) -> str | None:
    sex = text(dataset, "PatientSex", name)
    return sex if sex in ("F", "M") else None
