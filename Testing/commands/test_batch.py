"""The command ``batch``: what is written, printed and refused; continued, with bad studies, in one process."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.commands.batch_task import without_names
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io.study_identity import read_identity
from MSSTUNetReorientLib.prediction.predictor import choose_device
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.simulation.dicom import write_nuclear
from results import make_result

NAME = "Doe_Jane"


def image(path: Path, factor: float, noise: float = 0.0) -> Path:
    """The shell as an image file; its counts tell studies apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    study = make_result().study
    random = np.random.default_rng(round(factor * 100)).uniform(0, noise, study.array.shape)
    sitk.WriteImage(Volume((factor * study.array + random).astype(np.float32), study.grid).to_sitk(), str(path))
    return path


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Two single studies and a pair, in folders that name patients."""
    folder = tmp_path / "in"
    image(folder / f"{NAME}_one.nrrd", 1.0)
    image(folder / "two.nrrd", 2.0)
    image(folder / NAME / "stress.nrrd", 3.0)
    image(folder / NAME / "rest.nrrd", 4.0, noise=30.0)
    return folder


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A predictor with a fixed result; what it was given. A study of six times the counts makes it fail."""
    found: list[int] = []

    def predict(
        volume: Volume, *, model: object, device: str, keep_axes: bool, progress: Callable[[str], None]
    ) -> Result:
        found.append(round(float(volume.array.max()) / 100))
        if found[-1] == 6:
            msg = f"a bug met {NAME}"
            raise RuntimeError(msg)
        doubtful = Quality("review", ("Look at it.",), {"axis_bound_deg": 9.0})
        quality = doubtful if found[-1] == 2 else Quality("pass", (), {"axis_bound_deg": 3.0})
        return replace(make_result(), study=volume, quality=quality, timing_s={"locate": time.perf_counter()})

    fake = SimpleNamespace(predict=predict, choose_device=choose_device)
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", fake)  # type: ignore[arg-type]
    return found


def batch(folder: Path, out: Path, *more: str, pictures: bool = False) -> int:
    quick = [] if pictures else ["--no-pictures"]
    return main(["batch", str(folder), "--out", str(out), "--jobs", "1", *quick, *more])


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def links(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]+)"', page)


def test_every_study_has_a_result_and_a_row(
    studies: Path, tmp_path: Path, seen: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert batch(studies, out) == 0
    rows = table(out)
    assert sorted(row["status"] for row in rows) == ["pass", "pass", "pass", "review"]
    assert sorted(row["phase"] for row in rows) == ["", "", "rest", "stress"]
    for row in rows:
        content = json.loads((out / row["result"] / "result.json").read_text(encoding="utf-8"))
        assert content["qc"]["status"] == row["status"]
        assert float(row["axis_bound_deg"]) == content["good_to"]["axis_deg"]
        assert row["result"].split("/")[0].split("-")[row["phase"] == "rest"] == row["study"]
    stress = next(row for row in rows if row["phase"] == "stress")
    pair = json.loads((out / stress["result"]).with_name("pair.json").read_text(encoding="utf-8"))
    assert stress["pair_status"] == pair["verdict"]
    assert stress["pair_tid_ratio"] == str(pair["figures"]["tid_ratio"]["value"])
    assert sorted(seen) == [1, 2, 3, 4]
    printed, err = capfd.readouterr()
    assert "4 studies (1 pairs): 3 pass, 1 review\n" in printed
    assert err == "msstunet-reorient: searching for studies\n"


def test_what_is_finished_is_kept(studies: Path, tmp_path: Path, seen: list[int]) -> None:
    """Also the rows of studies that another run found in another folder."""
    out = tmp_path / "out"
    assert batch(studies / "two.nrrd", out) == 0
    assert batch(studies, out) == 0
    assert sorted(seen) == [1, 2, 3, 4]
    before = contents(out)
    assert batch(studies / "two.nrrd", out) == 0
    assert contents(out) | {"index.html": b""} == before | {"index.html": b""}
    assert len(table(out)) == 4
    assert len(seen) == 4


def test_the_same_bytes_again(studies: Path, tmp_path: Path, seen: list[int]) -> None:
    """Names of results too; from a copy of the studies elsewhere."""
    assert batch(studies, tmp_path / "one") == 0
    moved = studies.rename(tmp_path / "elsewhere")
    assert batch(moved, tmp_path / "two", "--sources", str(tmp_path / "sources.csv")) == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    sources = (tmp_path / "sources.csv").read_text(encoding="utf-8")
    assert str(moved / NAME / "stress.nrrd") in sources
    assert all(row["study"] in sources for row in table(tmp_path / "one"))


def dicom_of_a_patient(folder: Path) -> str:
    """One object; returns the hash of its patient by which partners are found."""
    study = make_result().study
    path = write_nuclear(study.array.astype(np.uint16), None, study.grid, folder, 1)[0]
    ds = pydicom.dcmread(path)
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = NAME, "4711-99", "19510203"
    ds.SeriesDescription, ds.StudyDescription, ds.AccessionNumber = f"Rest of {NAME}", NAME, "4711-99"
    ds.AcquisitionDate = ds.StudyDate = "20260102"
    ds.save_as(path)
    return read_identity(path).patient


def test_nothing_personal_is_written_or_printed(
    studies: Path, tmp_path: Path, seen: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    image(studies / f"{NAME}_bug.nrrd", 6.0)
    (studies / f"{NAME}_cut.nrrd").write_bytes((studies / "two.nrrd").read_bytes()[:2000])
    header = "NDims = 3\nDimSize = 9 9 9\nElementSpacing = 6 6 6\nElementType = MET_FLOAT\nElementDataFile = Jane.raw\n"
    (studies / "three.mhd").write_text(header)
    hashed = dicom_of_a_patient(studies / "dicom")
    assert batch(studies, out) == 3
    written = " ".join([*contents(out), *(c.decode("latin-1") for c in contents(out).values())])
    printed = "".join(capfd.readouterr())
    assert "internal error: RuntimeError" in written
    assert "is missing beside the header" in written
    for text in (written, printed.replace(str(tmp_path), "")):
        for value in (NAME, "Jane", str(studies), "4711-99", "19510203", "20260102", hashed):
            assert value not in text


def test_bad_studies_are_rows(studies: Path, tmp_path: Path, seen: list[int]) -> None:
    out = tmp_path / "out"
    image(studies / "bug.nrrd", 6.0)
    (studies / "empty.nrrd").touch()
    assert batch(studies, out) == 3
    bad = [row for row in table(out) if row["status"] == "no result"]
    assert sorted(row["reasons"] for row in bad) == [
        "internal error: RuntimeError",
        "the file is empty (0 bytes); copy or export it again",
    ]
    assert all(row["result"] == "" for row in bad)
    assert len(table(out)) == 6
    image(studies / "bug.nrrd", 5.0)
    (studies / "empty.nrrd").unlink()
    assert batch(studies, out) == 0  # the rows of studies that are gone go too
    assert len(table(out)) == 5


def test_a_bad_study_does_not_take_its_partner_along(studies: Path, tmp_path: Path, seen: list[int]) -> None:
    out, rest = tmp_path / "out", studies / NAME / "rest.nrrd"
    rest.write_bytes(rest.read_bytes()[:3000])
    assert batch(studies, out) == 3
    rows = {row["phase"]: row for row in table(out)}
    assert (rows["rest"]["status"], rows["rest"]["result"]) == ("no result", "")
    stress = next(row for row in table(out) if row["pair_status"])
    assert (stress["status"], stress["pair_status"]) == ("pass", "no result")
    assert (out / stress["study"] / "result.json").is_file()


def test_two_copies_in_other_units_are_no_pair(tmp_path: Path, seen: list[int]) -> None:
    image(tmp_path / "in" / "stress.nrrd", 3.0)
    image(tmp_path / "in" / "rest.nrrd", 4.0)
    assert batch(tmp_path / "in", tmp_path / "out") == 3
    rows = table(tmp_path / "out")
    assert [row["status"] for row in rows] == ["pass", "pass"]
    assert [row["pair_warnings"] for row in rows if row["pair_status"] == "no result"] == [
        "stress and rest must be two studies, but both files have the same counts; give the other study"
    ]


def test_two_results_of_one_study(
    studies: Path, tmp_path: Path, seen: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    """The stress study came alone, and then its partner: the row is that of the pair, and the first result stays."""
    out = tmp_path / "out"
    assert batch(studies / NAME / "stress.nrrd", out) == 0
    single = table(out)[0]
    assert batch(studies, out) == 0
    row = next(row for row in table(out) if row["study"] == single["study"])
    assert row["result"].endswith("/stress")
    assert (out / single["result"] / "result.json").is_file()
    assert len(table(out)) == 4
    told = f"studies with a result alone and one with their partner, which the table has: 1 ({single['result']})\n"
    assert told in capfd.readouterr().out


def test_the_page_links_what_is_there(studies: Path, tmp_path: Path, seen: list[int]) -> None:
    out = tmp_path / "out"
    image(studies / "bug.nrrd", 6.0)
    assert batch(studies, out, pictures=True) == 3
    page = (out / "index.html").read_text(encoding="utf-8")
    found = links(page)
    assert all((out / link).is_file() for link in found)
    assert {Path(link).name for link in found} == {"report.html", "results.csv", "thumbnail.png"}
    assert sum(link.endswith("thumbnail.png") for link in found) == 4
    order = re.findall(r">(no result|review|pass)</b> (?!\d)", page)
    assert order == ["no result", "review", "pass", "pass", "pass"]
    with_pair = {row["result"].split("/")[0] for row in table(out) if "/" in row["result"]}
    assert {f"{name}/report.html" for name in with_pair} <= set(found)


def test_results_of_other_settings_or_versions_are_not_mixed(
    studies: Path, tmp_path: Path, seen: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert batch(studies, out) == 0
    content = json.loads((out / "batch.json").read_text(encoding="utf-8"))
    content["settings"]["version"] = "0.0.9"
    (out / "batch.json").write_text(json.dumps(content), encoding="utf-8")
    capfd.readouterr()
    assert batch(studies, out, "--limits", "none") == 2
    err = capfd.readouterr().err.splitlines()[-1]
    assert "made with other settings (limits auto, now none, version 0.0.9, now " in err
    assert len(seen) == 4
    assert batch(studies, out, "--limits", "none", "--overwrite") == 0
    assert len(seen) == 8
    assert batch(studies, out, "--limits", "none", "--overwrite") == 0  # the same settings: continued
    assert len(seen) == 8
    assert all(row["summed_score"] == "" for row in table(out))


def test_a_damaged_result_is_told(
    studies: Path, tmp_path: Path, seen: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert batch(studies, out) == 0
    name = next(row["result"] for row in table(out) if row["phase"] == "")
    (out / name / "result.json").write_text('{"software": {}}', encoding="utf-8")
    capfd.readouterr()
    assert batch(studies, out) == 2
    err = capfd.readouterr().err.splitlines()[-1]
    assert f"{name}/result.json: the result is damaged or of another version; remove its folder and run again" in err


def test_refusals_are_one_line_and_leave_nothing(
    studies: Path, tmp_path: Path, seen: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.docx").touch()
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "out"
    for arguments, words in (
        ([str(studies), "--out", str(foreign)], "files but no batch.json of this program"),
        ([str(studies), "--out", str(foreign / "thesis.docx")], "must be a folder"),
        ([str(empty), "--out", str(out)], "no study was found, but nothing"),
        ([str(foreign), "--out", str(out)], "no study was found, but 1 empty files"),
        ([str(tmp_path / "none"), "--out", str(out)], "no such file or folder"),
        ([str(studies), "--out", str(out), "--limits", "some"], "limits"),
        ([str(studies), "--out", str(out), "--model", "none"], "a model must be one of"),
        ([str(studies), "--out", str(out), "--device", "abacus"], "must be auto or available"),
        ([str(studies), "--out", str(out), "--colours", "pink"], "the colour table must be one of"),
        ([str(studies), "--out", str(out), "--sources", str(out / "s.csv")], "must be outside the output folder"),
    ):
        assert main(["batch", "--quiet", "--jobs", "1", *arguments]) == 2
        printed, err = capfd.readouterr()
        assert printed == ""
        assert words in err
        assert err.count("\n") == 1
        assert not out.exists()
    assert seen == []
    assert [path.name for path in foreign.iterdir()] == ["thesis.docx"]


def test_a_full_disk_ends_the_batch(
    studies: Path, tmp_path: Path, seen: list[int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every other study would fail too; with room, it goes on."""
    from MSSTUNetReorientLib.output import result_files

    out = tmp_path / "out"
    usage = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=1000))
    with monkeypatch.context() as full:
        full.setattr(result_files, "shutil", usage)
        assert batch(studies, out) == 2
    assert "the disk has 0 MB left" in capfd.readouterr().err.splitlines()[-1]
    assert seen == [3, 4]  # the pair is the first
    assert batch(studies, out) == 0


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("/in/Doe/a.nrrd: the file is empty (0 bytes)", "the file is empty (0 bytes)"),
        ("/in/Doe/a.nrrd: it names b.raw, not a.nrrd; use .nii.gz", "it names (a file), not (a file); use .nii.gz"),
        ("spacing 0.5, must be 1.5 mm. Export it again.", "spacing 0.5, must be 1.5 mm. Export it again."),
    ],
)  # fmt: skip
def test_messages_without_names(text: str, plain: str) -> None:
    assert without_names(text, [Path("/in/Doe/a.nrrd")]) == plain


def test_parquet_needs_its_package(
    studies: Path, tmp_path: Path, seen: list[int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from MSSTUNetReorientLib.commands import batch_command

    monkeypatch.setattr(batch_command, "find_spec", lambda _: None)
    assert batch(studies, tmp_path / "out", "--parquet") == 2
    assert "pip install 'msstunet-reorient[parquet]'" in capfd.readouterr().err


def test_parquet_has_the_same_table(studies: Path, tmp_path: Path, seen: list[int]) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "out"
    assert batch(studies, out, "--parquet") == 0
    rows = parquet.read_table(out / "results.parquet").to_pylist()
    for row, line in zip(rows, table(out), strict=True):
        assert list(row) == list(line)
        for name, text in line.items():
            value = row[name]
            assert text == "" if value is None else text in (value, str(value)) or float(text) == value
