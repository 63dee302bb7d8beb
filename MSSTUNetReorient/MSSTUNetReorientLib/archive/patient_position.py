"""How the patient lay, as the codes that NM and PET objects need (DICOM PS3.16 CID 19, 20 and 21)."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from ..io.dicom_values import items
from ..io.dicom_values import text
from ..io.terminology import Code
from .copied_attributes import leave_empty
from .new_object import coded

RECUMBENT = Code("SCT", "102538003", "recumbent")
SIDES = {
    "S": Code("SCT", "40199007", "supine"),
    "P": Code("SCT", "1240000", "prone"),
    "DR": Code("SCT", "102535000", "right lateral decubitus"),
    "DL": Code("SCT", "102536004", "left lateral decubitus"),
}
ENDS = {"HF": Code("SCT", "102540005", "headfirst"), "FF": Code("SCT", "102541009", "feet-first")}


def add_patient_position(ds: Any, header: Any, name: object) -> None:
    """The codes that the source has, which are in the object already, or else those of its PatientPosition."""
    if not items(ds, "PatientOrientationCodeSequence", name):
        position = text(header, "PatientPosition", name)
        end, side = ENDS.get(position[:2]), SIDES.get(position[2:])
        if end and side:
            item = Dataset()
            item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = RECUMBENT[1], RECUMBENT[0], RECUMBENT[2]
            item.PatientOrientationModifierCodeSequence = coded(side)
            ds.PatientOrientationCodeSequence = [item]
            ds.PatientGantryRelationshipCodeSequence = coded(end)
    leave_empty(ds, ("PatientOrientationCodeSequence", "PatientGantryRelationshipCodeSequence"))
