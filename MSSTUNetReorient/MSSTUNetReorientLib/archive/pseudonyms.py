"""A header without the patient: pseudonyms for name, ID and UIDs, other dates, no free text.

The same study always gets the same pseudonyms, so that objects that were exported one after the other belong together.
They follow from its StudyInstanceUID, which cannot be found from them.
"""

from __future__ import annotations

import hashlib
from copy import deepcopy
from datetime import datetime
from datetime import timedelta
from typing import Any

from ..io.dicom_values import text
from ..io.messages import reason
from ..io.messages import refuse
from .unique_ids import UniqueIds

FIRST_DAY = datetime(2000, 1, 1)
"""The date of every study; days between its dates stay, and the time of day."""
DATES = ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate")
"""The first of them becomes the first day."""
TEXT = ("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UN", "UR", "UT")
KEPT_TEXT = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "CodeValue", "CodingSchemeDesignator",
             "CodingSchemeVersion", "CodeMeaning", "Radiopharmaceutical", "EnergyWindowName", "CollimatorGridName",
             "AttenuationCorrectionMethod", "ScatterCorrectionMethod", "RandomsCorrectionMethod",
             "ReconstructionMethod", "ConvolutionKernel", "TimezoneOffsetFromUTC")  # fmt: skip
"""Text of a device, not of a person; of codes only the standard's, see :func:`_is_local`."""
PUBLIC_SCHEMES = ("DCM", "SCT", "SRT", "SNM3", "99SDM", "UCUM", "LN", "FMA")
REMOVED = ("PatientBirthDate", "PatientAge", "OtherPatientIDsSequence", "IssuerOfAccessionNumberSequence",
           "RequestAttributesSequence")  # fmt: skip
METHOD = "MSSTUNetReorient: attributes by list, pseudonyms, shifted dates"


def pseudonymous(header: Any, ids: UniqueIds, name: object) -> Any:
    """A copy of a header with pseudonyms.

    Args:
        header: of the source.
        ids: the source of UIDs.
        name: for messages.

    Raises:
        InputError: the header is damaged.
    """
    found = deepcopy(header)
    study = text(header, "StudyInstanceUID", name)
    code = hashlib.sha256(f"msstunet-reorient|{study}".encode()).hexdigest()[:10].upper()
    days = _shift(header, name)
    try:
        _hide(found, ids, days)
    except Exception as error:
        refuse(name, f"the header is damaged ({reason(error)}); copy or export it again", error)
    for keyword in REMOVED:
        if keyword in found:
            del found[keyword]
    found.PatientName, found.PatientID = f"Pseudonym^{code}", f"P{code}"
    found.PatientIdentityRemoved, found.DeidentificationMethod = "YES", METHOD
    found.LongitudinalTemporalInformationModified = "MODIFIED"
    return found


def _shift(header: Any, name: object) -> timedelta | None:
    """From the study's date to the first day; None where no date is stated."""
    for keyword in DATES:
        day = _day(text(header, keyword, name))
        if day is not None:
            return FIRST_DAY - day
    return None


def _day(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits[:8], "%Y%m%d")
    except ValueError:
        return None


def _hide(dataset: Any, ids: UniqueIds, shift: timedelta | None) -> None:
    dataset.remove_private_tags()
    for element in list(dataset):
        if element.VR == "SQ":
            element.value = [item for item in element.value if not _is_local(item)]
            for item in element.value:
                _hide(item, ids, shift)
        elif element.VR == "UI":
            several = element.VM > 1
            element.value = [ids.in_place_of(str(u)) for u in element.value] if several else _uid(ids, element.value)
        elif element.VR in ("DA", "DT"):
            moved = _moved(str(element.value), shift)
            if moved:
                element.value = moved
            else:
                del dataset[element.tag]
        elif element.VR in TEXT and element.keyword not in KEPT_TEXT:
            del dataset[element.tag]


def _uid(ids: UniqueIds, value: Any) -> str:
    return ids.in_place_of(str(value or ""))


def _moved(digits: str, shift: timedelta | None) -> str:
    """A date, or a date with its time, moved; empty where it cannot be."""
    day = _day(digits)
    return "" if day is None or shift is None else (day + shift).strftime("%Y%m%d") + digits[8:]


def _is_local(item: Any) -> bool:
    """Whether an item is a code that a department made itself: its words may be anything."""
    scheme = str(item.get("CodingSchemeDesignator") or "")
    return "CodeValue" in item and scheme not in PUBLIC_SCHEMES
