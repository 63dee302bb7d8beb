"""Stress and rest among many studies: pairs that are clear are made, and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from pathlib import Path

from dicom_samples import nuclear
from dicom_samples import save
from hypothesis import given
from hypothesis import strategies as st
from MSSTUNetReorientLib.io.study_identity import StudyIdentity
from MSSTUNetReorientLib.io.study_pairs import in_pairs
from MSSTUNetReorientLib.io.study_search import FoundStudy
from MSSTUNetReorientLib.io.study_search import find_studies

DAY = datetime(2026, 1, 1)


def study(
    key: str, phase: str, examination: str = "e", patient: str = "p", day: int | None = 0, **other: str
) -> FoundStudy:
    acquired = None if day is None else DAY + timedelta(days=day)
    identity = StudyIdentity(patient=patient, acquired=acquired)
    return FoundStudy(key, (Path(key),), phase, other.get("kind", "k"), examination, other.get("words", ""), identity)


def pairs(*studies: FoundStudy) -> list[str]:
    return ["-".join(member.key for member in group) for group in in_pairs(studies)]


def test_stress_and_rest_of_one_examination() -> None:
    assert pairs(study("r", "rest"), study("s", "stress")) == ["s-r"]
    assert pairs(study("r", "rest", patient=""), study("s", "stress", patient="")) == ["s-r"]


def test_of_one_patient_within_a_week() -> None:
    for day, found in ((6, ["s-r"]), (8, ["s", "r"]), (None, ["s", "r"])):
        assert pairs(study("s", "stress", "e1"), study("r", "rest", "e2", day=day)) == found
    assert pairs(study("s", "stress", "e1"), study("r", "rest", "e2", patient="q")) == ["s", "r"]
    assert pairs(study("s", "stress", "e1", patient=""), study("r", "rest", "e2", patient="")) == ["s", "r"]


def test_one_examination_with_two_patients_is_none() -> None:
    """An archive whose identifiers were replaced by one."""
    assert pairs(study("s", "stress", patient="p"), study("r", "rest", patient="q")) == ["s", "r"]


def test_the_same_examination_comes_first() -> None:
    assert pairs(study("s", "stress"), study("old", "rest", "e0", day=-2), study("r", "rest")) == ["s-r", "old"]


def test_other_kinds_are_paired_apart() -> None:
    corrected = [study("sa", "stress", kind="ac"), study("ra", "rest", kind="ac")]
    plain = [study("sn", "stress", kind="nac"), study("rn", "rest", kind="nac")]
    assert pairs(*corrected, *plain, study("x", "rest", kind="gated")) == ["sa-ra", "sn-rn", "x"]


def test_descriptions_tell_several_apart() -> None:
    several = [
        study(f"{phase[0]}{words}", phase, words=words) for words in ("fbp", "osem") for phase in ("stress", "rest")
    ]
    assert pairs(*several) == ["sfbp-rfbp", "sosem-rosem"]


def test_what_is_not_clear_stays_single() -> None:
    assert pairs(study("s", "stress"), study("r1", "rest"), study("r2", "rest")) == ["s", "r1", "r2"]
    assert pairs(study("s", "stress"), study("x", ""), study("t", "stress")) == ["s", "x", "t"]


def test_headers_are_paired(tmp_path: Path) -> None:
    """From files: two patients, each with stress and rest in one DICOM study."""
    for patient in ("1", "2"):
        for phase in ("Stress", "Rest"):
            described = {
                "SeriesDescription": f"{phase} Tc 99m",
                "PatientID": patient,
                "StudyInstanceUID": f"1.{patient}",
            }
            save(nuclear(**described), tmp_path / f"{patient}{phase}.dcm")
    names = [[member.paths[0].name for member in group] for group in in_pairs(find_studies([tmp_path]).studies)]
    assert sorted(names) == [["1Stress.dcm", "1Rest.dcm"], ["2Stress.dcm", "2Rest.dcm"]]


MANY = st.lists(
    st.builds(
        study,
        key=st.just(""),
        phase=st.sampled_from(["stress", "rest", ""]),
        examination=st.sampled_from(["", "a", "b", "c"]),
        patient=st.sampled_from(["", "p", "q"]),
        day=st.sampled_from([None, 0, 5, 9]),
        kind=st.sampled_from(["ac", "nac"]),
        words=st.sampled_from(["", "x"]),
    ),
    max_size=14,
).map(lambda studies: [replace(one, key=str(n)) for n, one in enumerate(studies)])


@given(MANY, st.randoms())
def test_whatever_is_found(studies: list[FoundStudy], chance: object) -> None:
    groups = in_pairs(studies)
    assert sorted(member.key for group in groups for member in group) == sorted(one.key for one in studies)
    for group in groups:
        if len(group) == 2:
            stress, rest = group
            assert (stress.phase, rest.phase, stress.kind) == ("stress", "rest", rest.kind)
            patients = {stress.identity.patient, rest.identity.patient}
            assert len(patients - {""}) < 2
            assert stress.examination == rest.examination != "" or (len(patients) == 1 and patients != {""})
    shuffled = list(studies)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(in_pairs(shuffled), key=str) == sorted(groups, key=str)
