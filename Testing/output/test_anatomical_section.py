"""The anatomical volumes in ``result.json`` and in the report, and when they are withheld."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.output.anatomical_section import NO_MODALITY
from MSSTUNetReorientLib.output.anatomical_section import NO_POOL
from MSSTUNetReorientLib.output.anatomical_section import REVIEW
from MSSTUNetReorientLib.output.anatomical_section import SMALL_HEART
from MSSTUNetReorientLib.output.anatomical_section import anatomical_section
from MSSTUNetReorientLib.output.anatomical_section import phase_note
from MSSTUNetReorientLib.output.report import write_report
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result

KEYS = ["cavity_ml", "myocardium_ml", "mass_g", "length_mm", "eccentricity", "shape_index", "notes"]
PASS = Quality("pass", (), {})


def labelled(result: Result, array: np.ndarray) -> Result:
    return replace(result, labels=Volume(array.astype(np.uint8), result.labels.grid))


def test_both_kinds_of_volumes_stand_beside_each_other() -> None:
    result = make_result(quality=PASS)
    content = summary(result)
    assert content["volumes_ml"] == result.volumes_ml
    assert list(content["anatomical"]) == KEYS
    assert content["anatomical"]["mass_g"] == pytest.approx(1.05 * content["anatomical"]["myocardium_ml"], abs=0.1)
    assert content["anatomical"]["cavity_ml"] > content["volumes_ml"]["blood_pool"]
    assert content["anatomical"]["myocardium_ml"] < content["volumes_ml"]["myocardium"]
    note, accuracy = content["anatomical"]["notes"]
    assert note.startswith("mean over the cardiac cycle")
    assert "within 40 %" in accuracy


WITHHELD = {
    "fail": (Quality("fail", ("No left ventricle was found.",), {}), "withheld: the quality verdict is fail"),
    "cut": (Quality("review", (), {"cut_share": 0.07}), "withheld: 7 % of the LV is cut off"),
}


@pytest.mark.parametrize(("quality", "reason"), WITHHELD.values(), ids=WITHHELD)
def test_volumes_are_withheld_with_a_reason(quality: Quality, reason: str, tmp_path: Path) -> None:
    result = make_result(quality=quality)
    content = summary(result)["anatomical"]
    assert content == {**dict.fromkeys(KEYS[:-1]), "notes": [reason]}
    write_report(result, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert reason in page
    assert "Shape index" not in page
    assert "shape index" not in page


def test_an_lv_that_is_hardly_cut_is_measured() -> None:
    assert anatomical_section(make_result(quality=Quality("pass", (), {"cut_share": 0.02}))).volumes is not None


@pytest.mark.parametrize("missing", [1, 2])
def test_volumes_are_withheld_without_a_pool_or_a_wall(missing: int) -> None:
    result = make_result(quality=PASS)
    array = np.where(result.labels.array == missing, 0, result.labels.array)
    section = anatomical_section(labelled(result, array))
    assert section.volumes is None
    assert section.notes == (NO_POOL,)


def test_a_review_a_small_heart_and_an_unknown_modality_are_told() -> None:
    result = make_result(quality=Quality("review", ("Look.",), {}), modality="unknown")
    assert {REVIEW, NO_MODALITY} <= set(anatomical_section(result).notes)
    assert SMALL_HEART not in anatomical_section(result).notes
    z, y, x = np.indices(result.labels.array.shape) - len(result.labels.array) // 2
    ball = (x**2 + y**2 + z**2 < 11**2) & (z < 5)
    hollow = (x**2 + y**2 + z**2 < 5**2) & (z < 5)
    assert SMALL_HEART in anatomical_section(labelled(result, ball * 1 + hollow * 1)).notes


def test_pet_has_a_wall_model_of_its_own() -> None:
    spect, pet = (anatomical_section(make_result(quality=PASS, modality=modality)).volumes for modality in ("NM", "PT"))
    assert spect is not None
    assert pet is not None
    assert pet.wall_mm > spect.wall_mm


def test_the_notes_name_the_gate() -> None:
    mean = phase_note({})
    assert phase_note({"gates": 8, "gate": "sum"}) == mean
    assert phase_note({"gates": 8, "gate": 3}) == "gate 3 of 8"


def test_the_report_names_both_kinds(tmp_path: Path) -> None:
    result = make_result(quality=PASS)
    write_report(result, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    volumes = anatomical_section(result).volumes
    assert volumes is not None
    for text in ("Blood pool, as it appears", "The left ventricle as it is", f"{volumes.cavity_ml:.0f} ml"):
        assert text in page
