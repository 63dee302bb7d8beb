"""The segments' codes and colours: two copies that must agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.io.terminology import ANATOMICAL_STRUCTURE
from MSSTUNetReorientLib.io.terminology import CONTEXT_NAME
from MSSTUNetReorientLib.io.terminology import SEGMENTS
from MSSTUNetReorientLib.io.terminology import SegmentStyle

TERM_JSON = Path(__file__).resolve().parents[2] / "MSSTUNetReorient" / "Resources" / "LeftVentricle.term.json"


def test_label_values_are_those_of_the_result():
    assert [s.label_value for s in SEGMENTS] == [MYOCARDIUM, BLOOD_POOL]


def test_serialised_entry_has_slicers_seven_parts():
    assert SEGMENTS[0].terminology == (
        "LeftVentricle~SCT^123037004^Anatomical Structure~SCT^74281007^Myocardium~^^"
        "~Anatomic codes - DICOM master list~SCT^87878005^Left ventricle~^^"
    )
    assert all(s.terminology.count("~") == 6 for s in SEGMENTS)


@pytest.mark.parametrize("style", SEGMENTS, ids=lambda s: s.id)
def test_term_json_agrees(style: SegmentStyle):
    term = json.loads(TERM_JSON.read_text(encoding="utf-8"))
    assert term["SegmentationCategoryTypeContextName"] == CONTEXT_NAME
    (category,) = term["SegmentationCodes"]["Category"]
    found = (category["CodingSchemeDesignator"], category["CodeValue"], category["CodeMeaning"])
    assert found == tuple(ANATOMICAL_STRUCTURE)
    (entry,) = [t for t in category["Type"] if t["3dSlicerLabel"] == style.name]
    assert (entry["CodingSchemeDesignator"], entry["CodeValue"], entry["CodeMeaning"]) == tuple(style.type)
    assert [c / 255 for c in entry["recommendedDisplayRGBValue"]] == pytest.approx(style.colour_rgb01)
