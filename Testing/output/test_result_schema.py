"""The schema of result.json: strict, complete, described, and fitting every kind of result."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.output.result_files import SCHEMA_VERSION
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.prediction.qc import Quality
from result_schema import faults
from result_schema import schema
from results import FOUND
from results import make_result

INFOS: tuple[dict[str, Any], ...] = (
    {},
    {"kind": "DICOM NM GATED TOMO", "modality": "NM", "patient_position": "HFS", "gates": 8, "gate": "sum"},
    {"kind": "NRRD", "modality": "unknown", "gates": 16, "gate": 3, "orientation": "LPS", "warnings": ["Check it."]},
    {"kind": "DICOM NM RECON TOMO", "modality": "NM", "camera": "czt", "attenuation_corrected": False, "sex": "F"},
    {"kind": "DICOM PET", "modality": "PT", "time_frames": 24, "frames": "12-20"},
    {"kind": "DICOM NM", "modality": "NM", "windows": 2, "window": 1},
    {"kind": "DICOM NM", "reoriented": {"view": "short axis", "long_axis_lps": [0.0, -1.0, 0.0], "assumed": True}},
)
QUALITIES = (
    Quality("pass", (), {**FOUND, "below_over_above": float("inf")}),
    Quality("review", ("Look at it.",), {"cut_share": 0.4}),
    Quality("fail", ("No left ventricle was found in this study.",), {"presence": 0.1}),
)


@pytest.mark.parametrize(
    ("info", "quality"), [*((info, QUALITIES[1]) for info in INFOS), *((INFOS[0], quality) for quality in QUALITIES)]
)
def test_every_kind_of_result_fits(info: dict[str, Any], quality: Quality) -> None:
    base = make_result(quality=quality)
    study = Volume(base.study.array, base.study.grid, info)
    assert faults(summary(replace(base, study=study, left_out={"scene.mrb": "a package is missing"}))) == []


def test_a_result_on_disk_fits_and_says_its_version(tmp_path: Path) -> None:
    deliver(make_result(), tmp_path / "out", scene=False, report=False)
    content = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert faults(content) == []
    assert content["schema_version"] == SCHEMA_VERSION == schema()["properties"]["schema_version"]["const"]


def _without(name: str) -> Any:
    return lambda content: content.pop(name)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without("qc"), "'qc' is a required property"),
        (lambda c: c.update(patient="DOE^JANE"), "Additional properties are not allowed ('patient' was unexpected)"),
        (lambda c: c["qc"].update(status="good"), "$.qc.status: 'good' is not one of"),
        (lambda c: c["pose"]["axes_lps"]["k"].pop(), "$.pose.axes_lps.k"),
        (lambda c: c["perfusion"]["segments"].pop(), "$.perfusion.segments"),
        (lambda c: c["perfusion"]["segments"][0].update(score=5), "5 is greater than the maximum of 4"),
        (lambda c: c["input"].update(PatientID="4711"), "'PatientID' was unexpected"),
        (lambda c: c["anatomical"].update(cavity_ml="70 ml"), "$.anatomical.cavity_ml"),
        (lambda c: c["pose_stability"].update(axis_deg=-1), "-1 is less than the minimum of 0"),
    ],
)
def test_a_damaged_result_is_told(damage: Any, said: str) -> None:
    content = copy.deepcopy(summary(make_result(quality=Quality("pass", (), FOUND))))
    damage(content)
    assert any(said in fault for fault in faults(content)), faults(content)


def _parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every object within a schema."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _parts(inner)


def test_every_section_is_strict_and_every_key_described() -> None:
    objects = [part for part in _parts(schema()) if "properties" in part and "type" in part]
    assert len(objects) > 10
    for part in objects:
        assert part["additionalProperties"] is False
        for name, told in part["properties"].items():
            known = told if "description" in told else schema()["$defs"][told["$ref"].split("/")[-1]]
            assert known["description"].endswith("."), name
