"""Stress, rest and tracer from a header; and that nothing else of its words is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_samples import nuclear
from dicom_samples import save
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.header_words import phase_of_words
from MSSTUNetReorientLib.io.header_words import study_phase
from MSSTUNetReorientLib.io.header_words import tracer
from MSSTUNetReorientLib.io.header_words import tracer_of_words
from MSSTUNetReorientLib.io.header_words import without_phase
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


@pytest.mark.parametrize(
    ("words", "phase"),
    [
        ("Stress", "stress"), ("STRESS_AC [Recon]", "stress"), ("MYOCARD BELASTUNG", "stress"),
        ("ergometrie", "stress"),
        ("Myocarde effort", "stress"), ("Ergométrie", "stress"), ("ESFUERZO", "stress"),
        ("Estrés con dipiridamol", "stress"),
        ("GStrAdenosine", "stress"), ("Regadenoson gated", "stress"), ("STR", "stress"),
        ("rest", "rest"), ("ReconRest-1", "rest"), ("RST SA", "rest"), ("Ruhe IRNC", "rest"),
        ("Redistribution 4h", "rest"),
        ("réinjection", "rest"), ("REPOS", "rest"), ("Myocarde au repos", "rest"), ("REPOSO", "rest"),
        ("redistribución", "rest"), ("Reinjektion", "rest"),
        ("", ""), ("Stress/Rest 1 day", ""), ("Ruhe und Belastung", ""), ("Myocardial perfusion", ""), ("Prestige", ""),
        ("Restrepo", ""), ("arrest", ""), ("Everest", ""), ("Strasser", ""), ("Forrest", ""), ("SGATE", ""),
    ],
)  # fmt: skip
def test_phase_in_words(words: str, phase: str) -> None:
    assert phase_of_words(words) == phase


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("^99m^Technetium", "Tc-99m"), ("Tc99m Sestamibi", "Tc-99m sestamibi"), ("99mTc MIBI", "Tc-99m sestamibi"),
        ("Technetium Tc-99m tetrofosmin", "Tc-99m tetrofosmin"), ("Myoview", "Tc-99m tetrofosmin"),
        ("^201^Thallium", "Tl-201"), ("Tl-201", "Tl-201"), ("TL201 chloride", "Tl-201"), ("201Tl", "Tl-201"),
        ("^82^Rubidium", "Rb-82"), ("Ammonia N^13^", "N-13 ammonia"), ("^13^Nitrogen", "N-13"),
        ("Fluorodeoxyglucose F^18^", "F-18 FDG"), ("FDG", "F-18 FDG"), ("^18^Fluorine", "F-18"),
        ("FLURPIRIDAZ F 18", "F-18 flurpiridaz"),
        ("", ""), ("C-163A8", ""), ("title", ""),
    ],
)  # fmt: skip
def test_tracer_in_words(words: str, name: str) -> None:
    assert tracer_of_words(words) == name


def coded(keyword: str, meaning: str) -> Sequence:
    """A sequence with an item whose sequence ``keyword`` has one code."""
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "X", "99TEST", meaning
    setattr(item, keyword, Sequence([code]))
    return Sequence([item])


def test_the_patient_state_decides_before_any_description() -> None:
    ds = nuclear(
        SeriesDescription="Rest", AcquisitionContextSequence=coded("ConceptCodeSequence", "Cardiac Stress State")
    )
    assert study_phase(ds, "x") == "stress"


def test_a_description_of_the_series_decides_before_one_of_the_study() -> None:
    assert study_phase(nuclear(SeriesDescription="Myocard", StudyDescription="Belastung"), "x") == "stress"
    assert study_phase(nuclear(SeriesDescription="Ruhe", StudyDescription="Belastung"), "x") == "rest"
    assert study_phase(nuclear(SeriesDescription="Stress/Rest", ImageID="REST"), "x") == "rest"
    assert study_phase(nuclear(SeriesDescription=None), "x") == ""


def test_the_tracer_is_read_from_the_radiopharmaceutical() -> None:
    drugs = coded("RadionuclideCodeSequence", "^99m^Technetium")
    assert tracer(nuclear(RadiopharmaceuticalInformationSequence=drugs), "x") == "Tc-99m"
    drugs[0].Radiopharmaceutical = "Cardiolite"
    assert tracer(nuclear(RadiopharmaceuticalInformationSequence=drugs), "x") == "Tc-99m sestamibi"
    assert tracer(nuclear(), "x") == ""


def test_only_what_was_recognised_is_kept(tmp_path: Path) -> None:
    ds = nuclear(
        SeriesDescription="Rest of Sophie",
        RadiopharmaceuticalInformationSequence=coded("RadionuclideCodeSequence", "Thallium for Sophie"),
    )
    info = read_study(save(ds, tmp_path / "a.dcm")).info
    assert (info["study_phase"], info["tracer"]) == ("rest", "Tl-201")
    assert "ophie" not in str(info)


def test_a_damaged_description_refuses_no_study(tmp_path: Path) -> None:
    ds = nuclear()
    ds.add_new(0x00400555, "LO", "no sequence")  # AcquisitionContextSequence
    info = read_study(save(ds, tmp_path / "a.dcm")).info
    assert "study_phase" not in info


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Stress_AC", "AC Rest", True), ("Myocard BELASTUNG IRAC", "Myocard Ruhe IRAC", True),
        ("p01-stress", "p02-rest", False), ("Stress AC", "Rest NAC", False), ("GatedStress", "GatedRest", True),
        ("Stress Adenosine", "rest", True),
    ],
)  # fmt: skip
def test_descriptions_without_the_phase(one: str, other: str, alike: bool) -> None:
    assert (without_phase(one) == without_phase(other)) == alike
