"""Stress or rest, and the tracer, from the words of a header. Only what was recognised is kept, never the words.

Descriptions are free text and may hold a name, so they are compared with the stems below and forgotten.

>>> [phase_of_words(words) for words in ("ReconRest-1", "Belastung_AC", "Stress/Rest", "Prestige")]
['rest', 'stress', '', '']
>>> tracer_of_words("^99m^Technetium Tetrofosmin"), tracer_of_words("Thallium-201 chloride"), tracer_of_words("none")
('Tc-99m tetrofosmin', 'Tl-201', '')
>>> [without_phase(words) for words in ("Stress_AC", "AC REST", "p01-adenosine", "p02.rest")]
['ac', 'ac', 'p01', 'p02']
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from .dicom_values import items
from .dicom_values import value_of

STRESS_WORDS = ("str", "effort", "esfuerzo")
STRESS_STEMS = ("stress", "estres", "exerc", "ergom", "belast", "laufband", "fahrrad", "treadmill", "bicycl", "adenos",
                "dipyr", "dipir", "persant", "regaden", "lexiscan", "rapiscan", "dobut")  # fmt: skip
REST_WORDS = ("rest", "resting", "rst", "ruhe", "repos", "reposo")
REST_STEMS = ("redistrib", "reinj", "ruhestud", "ruheaufn", "ruheunters")
"""Whole words and beginnings of words, without accents, in English, German, French and Spanish."""

DESCRIPTIONS = ("SeriesDescription", "ImageID", "ProtocolName", "StudyDescription")
"""From the series to the whole examination; the first that names just one phase decides."""
PHASE_TAGS = [*DESCRIPTIONS, "AcquisitionContextSequence"]
"""All attributes that the phase is read from."""
PARTS = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])"
"""The words of a text, also those that only a capital sets apart."""

TRACERS = (
    ("Tc-99m sestamibi", r"sestamibi|\bmibi\b|cardiolite"),
    ("Tc-99m tetrofosmin", r"tetrofosmin|myoview"),
    ("Tl-201", r"thall|\btl ?-?201|\b201 ?-?tl"),
    ("Rb-82", r"rubid|\brb ?-?82|\b82 ?-?rb"),
    ("N-13 ammonia", r"ammonia|ammoniak|\bnh3\b"),
    ("F-18 flurpiridaz", r"flurpiridaz|flyrcado"),
    ("F-18 FDG", r"\bfdg|deoxyglucose|desoxyglucose"),
    ("O-15 water", r"\bh2o\b|o-15 water|\b15o-?water"),
    ("Tc-99m", r"technet|\btc ?-?99|\b99m ?-?tc"),
    ("N-13", r"nitrogen|\bn ?-?13\b"),
    ("F-18", r"fluor|\bf ?-?18\b"),
)  # fmt: skip
"""Tracer as it is written, and what names it; the more exact ones first."""


def study_phase(dataset: Any, name: object) -> str:
    """ "stress" or "rest", by the patient state of the acquisition context, else by a description; else empty."""
    found = phase_of_words(" ".join(_state_words(dataset, name)))
    for keyword in () if found else DESCRIPTIONS:
        found = phase_of_words(str(value_of(dataset, keyword, name) or ""))
        if found:
            break
    return found


def tracer(dataset: Any, name: object) -> str:
    """A tracer or at least its radionuclide, by :data:`TRACERS`; empty where it is not stated or not known."""
    words = []
    for drug in items(dataset, "RadiopharmaceuticalInformationSequence", name):
        words.append(str(value_of(drug, "Radiopharmaceutical", name) or ""))
        for keyword in ("RadiopharmaceuticalCodeSequence", "RadionuclideCodeSequence"):
            words += [str(value_of(code, "CodeMeaning", name) or "") for code in items(drug, keyword, name)]
    return tracer_of_words(" ".join(words))


def phase_of_words(words: str) -> str:
    """ "stress" or "rest" if a text names just one of them, else empty."""
    parts = re.findall(PARTS, _plain(words))
    found = {phase for part in parts if (phase := _phase(part.lower()))}
    return found.pop() if len(found) == 1 else ""


def without_phase(words: str) -> str:
    """What a text says besides stress and rest, in small letters: the same of two studies that differ only by that."""
    rest = re.sub(PARTS, lambda part: " " if _phase(part[0].lower()) else part[0], _plain(words))
    return " ".join(re.findall(r"[^\W_]+", rest.lower()))


def tracer_of_words(words: str) -> str:
    """The first of :data:`TRACERS` that a text names; empty if it names none."""
    plain = _plain(words).replace("^", " ").lower()
    return next((name for name, pattern in TRACERS if re.search(pattern, plain)), "")


def _phase(word: str) -> str:
    if word in STRESS_WORDS or word.startswith(STRESS_STEMS):
        return "stress"
    return "rest" if word in REST_WORDS or word.startswith(REST_STEMS) else ""


def _state_words(dataset: Any, name: object) -> list[str]:
    """Meanings of the codes of the acquisition context, such as "Cardiac Stress State"."""
    context = items(dataset, "AcquisitionContextSequence", name)
    codes = [code for item in context for code in items(item, "ConceptCodeSequence", name)]
    return [str(value_of(code, "CodeMeaning", name) or "") for code in codes]


def _plain(words: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
