"""Writing a result: all of it or nothing, and never over files of others."""

from __future__ import annotations

import errno
import json
import math
import os
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.output import destination
from MSSTUNetReorientLib.output import result_files
from MSSTUNetReorientLib.output.destination import FILES
from MSSTUNetReorientLib.output.destination import check_destination
from MSSTUNetReorientLib.output.result_files import PRODUCTS
from MSSTUNetReorientLib.output.result_files import Delivery
from MSSTUNetReorientLib.output.result_files import Product
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result

GATED = {"function.csv", "cine.gif"}
CORE = {"short_axis.nrrd", "segmentation.seg.nrrd", "labels.nrrd", "pose.tfm", "polar_map.csv", "polar_map.npz",
        "result.json"}  # fmt: skip


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def quick(result: Result, out: Path, **options: bool) -> Delivery:
    """Without the slow parts."""
    return deliver(result, out, scene=False, report=False, **options)


def failing(monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException) -> None:
    """Make the writer of one file raise after it wrote half of it."""

    def write(result: Result, path: Path, *_: str) -> None:
        path.write_bytes(b"half")
        raise error

    products = tuple(replace(p, write=write) if p.name == name else p for p in PRODUCTS)
    monkeypatch.setattr(result_files, "PRODUCTS", products)


def test_everything_is_written_and_listed(tmp_path: Path) -> None:
    pytest.importorskip("slicer_core", reason="the scene needs the extra 'scene'")
    written = deliver(make_result(), tmp_path / "out", thumbnail=True).files
    assert {p.name for p in written} == names(tmp_path / "out") == set(FILES) - GATED
    assert all(p.stat().st_size > 0 for p in written)
    assert names(tmp_path) == {"out"}


def test_listed_files_are_the_products() -> None:
    assert sorted(FILES) == sorted(p.name for p in PRODUCTS)


def test_scene_and_report_can_be_left_out(tmp_path: Path) -> None:
    quick(make_result(), tmp_path / "out")
    assert names(tmp_path / "out") == CORE


def test_short_axis_and_labels_share_an_oblique_grid_in_the_patient(tmp_path: Path) -> None:
    result = make_result()
    quick(result, tmp_path / "out")
    images = [sitk.ReadImage(str(tmp_path / "out" / n)) for n in ("short_axis.nrrd", "labels.nrrd")]
    for image in images:
        assert np.allclose(np.reshape(image.GetDirection(), (3, 3)), result.pose.rotation, atol=1e-6)
        middle = [(n - 1) / 2 for n in image.GetSize()]
        assert np.allclose(image.TransformContinuousIndexToPhysicalPoint(middle), result.pose.centre, atol=1e-3)
    assert np.array_equal(sitk.GetArrayFromImage(images[1]), result.labels.array)


def test_pose_file_maps_short_axis_to_patient_as_the_summary_states(tmp_path: Path) -> None:
    result = make_result()
    quick(result, tmp_path / "out")
    transform = sitk.ReadTransform(str(tmp_path / "out" / "pose.tfm"))
    assert np.allclose(transform.TransformPoint((0.0, 0.0, 10.0)), result.pose.apply([0, 0, 10.0]))
    summary = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert summary["pose_tfm"] == "maps short-axis mm to patient LPS mm"


def test_summary_has_the_documented_keys() -> None:
    content = summary(make_result())
    keys = {"pose", "septum", "good_to", "volumes_ml", "anatomical", "qc", "model", "input", "timing_s", "left_out",
            "software", "perfusion", "pose_stability", "function", "pose_tfm", "schema_version"}  # fmt: skip
    assert set(content) == keys
    assert set(content["input"]) == {"kind", "modality", "shape", "spacing_mm"}
    assert {"euler_yxz_rad", "translation_normalized", "centre_lps_mm", "axes_lps"} <= set(content["pose"])


def test_summary_names_nobody(tmp_path: Path) -> None:
    result = make_result()
    info = {**result.study.info, "PatientName": "DOE^JANE", "PatientID": "4711", "PatientBirthDate": "19500101"}
    quick(replace(result, study=Volume(result.study.array, result.study.grid, info)), tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        content = path.read_bytes()
        assert not any(word in content for word in (b"DOE^JANE", b"PatientName", b"19500101", b"PatientID"))


def test_summary_is_strict_json_even_where_a_measure_is_not_a_number(tmp_path: Path) -> None:
    quality = Quality("fail", ("No left ventricle was found.",), {"axis_disagreement_deg": math.nan})
    quick(make_result(quality=quality), tmp_path / "out")
    text = (tmp_path / "out" / "result.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail)["qc"]["measures"] == {"axis_disagreement_deg": None}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("bug"), OSError(errno.EIO, "I/O error")])
@pytest.mark.parametrize("name", ["short_axis.nrrd", "result.json"])
def test_a_failed_or_interrupted_run_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, name: str
) -> None:
    failing(monkeypatch, name, error)
    with pytest.raises((type(error), InputError)):
        quick(make_result(), tmp_path / "new" / "parent" / "out")
    assert names(tmp_path) == set()


def test_a_failed_run_keeps_the_former_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(make_result(), tmp_path / "out")
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    failing(monkeypatch, "result.json", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        quick(make_result(), tmp_path / "out", overwrite=True)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    assert names(tmp_path) == {"out"}


def test_a_failed_swap_puts_the_former_result_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(make_result(), tmp_path / "out")
    rename = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, "I/O error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(InputError, match="I/O error"):
        quick(make_result(), tmp_path / "out", overwrite=True)
    assert names(tmp_path / "out") == CORE
    assert names(tmp_path) == {"out"}


def test_out_is_not_there_before_it_is_complete(tmp_path: Path) -> None:
    seen = []
    deliver(make_result(), tmp_path / "out", scene=False, report=False, progress=lambda _: seen.append(names(tmp_path)))
    assert len(seen) == len(CORE)
    assert all("out" not in step for step in seen)


def test_an_existing_result_needs_overwrite(tmp_path: Path) -> None:
    quick(make_result(), tmp_path / "out")
    with pytest.raises(InputError, match="already contains a result; add --overwrite"):
        quick(make_result(), tmp_path / "out")


def test_overwrite_replaces_the_whole_former_result(tmp_path: Path) -> None:
    quick(make_result(), tmp_path / "out")
    (tmp_path / "out" / "report.html").write_text("of the former run")
    (tmp_path / "out" / ".DS_Store").write_text("looked at")
    quick(make_result(quality=Quality("pass")), tmp_path / "out", overwrite=True)
    assert names(tmp_path / "out") == CORE
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["qc"]["status"] == "pass"
    assert names(tmp_path) == {"out"}


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    quick(make_result(), tmp_path / "out")
    assert names(tmp_path / "out") == CORE


def _foreign_file(out: Path) -> None:
    quick(make_result(), out)
    (out / "thesis.docx").write_text("years of work")


def _foreign_folder(out: Path) -> None:
    quick(make_result(), out)
    (out / "labels.nrrd").unlink()
    (out / "labels.nrrd").mkdir()


def _foreign_summary(out: Path) -> None:
    out.mkdir()
    (out / "result.json").write_text('{"software": "of somebody else"}')


@pytest.mark.parametrize(
    ("prepare", "rule"),
    [
        (_foreign_file, r"do not belong to a result \(thesis.docx\)"),
        (_foreign_folder, r"do not belong to a result \(labels.nrrd\)"),
        (_foreign_summary, "no result.json of this program"),
        (lambda out: out.write_text("a file"), "must be a folder, but this is a file"),
        (lambda out: out.symlink_to("nowhere"), "must be a folder, but this is a file"),
    ],
)
def test_what_is_not_ours_is_never_replaced(tmp_path: Path, prepare: Callable[[Path], None], rule: str) -> None:
    out = tmp_path / "out"
    prepare(out)
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    with pytest.raises(InputError, match=rule):
        quick(make_result(), out, overwrite=True)
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


def test_a_link_to_a_folder_keeps_being_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "real")
    quick(make_result(), tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert names(tmp_path / "disk" / "real") == CORE
    assert names(tmp_path / "disk") == {"real"}


def test_a_folder_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made inside a file"):
        check_destination(tmp_path / "file" / "out", overwrite=False)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot write here: Permission denied"):
        check_destination(tmp_path / "out", overwrite=False)


def test_a_read_only_disk_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(destination.tempfile, "mkdtemp", refuse)
    with pytest.raises(InputError, match="cannot write here: Read-only file system"):
        check_destination(tmp_path / "out", overwrite=False)


def test_checking_leaves_no_trace(tmp_path: Path) -> None:
    check_destination(tmp_path / "a" / "b", overwrite=False)
    assert names(tmp_path) == set()


def _free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(result_files.shutil, "disk_usage", lambda _: usage(10**9, 10**9 - free, free))


def test_a_disk_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _free(monkeypatch, 1_000_000)
    with pytest.raises(InputError, match=r"may need .* MB, but the disk has 1 MB left"):
        quick(make_result(), tmp_path / "out")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("ITK ERROR:\nnrrd")])
def test_a_disk_that_fills_up_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing(monkeypatch, "labels.nrrd", error)
    monkeypatch.setattr(result_files, "_check_space", lambda *_: _free(monkeypatch, 0))
    with pytest.raises(InputError, match=r"cannot write here: [Nn]o space left") as caught:
        quick(make_result(), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == set()


def test_a_file_that_came_out_empty_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Product("pose.tfm", lambda _, path: path.touch())
    monkeypatch.setattr(result_files, "PRODUCTS", (empty,))
    with pytest.raises(InputError, match=r"pose.tfm is empty"):
        quick(make_result(), tmp_path / "out")
    assert names(tmp_path) == set()


def test_a_missing_optional_package_leaves_one_file_out_and_reports_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "overview.png", ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib"))
    notes: list[str] = []
    deliver(make_result(), tmp_path / "out", scene=False, note=notes.append)
    assert names(tmp_path / "out") == {*CORE, "report.html"}
    assert notes == [
        "overview.png left out: the package matplotlib is not installed; "
        "pip install 'msstunet-reorient[report]' installs it"
    ]


def test_a_missing_package_of_the_core_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "pose.tfm", ModuleNotFoundError("No module named 'SimpleITK'", name="SimpleITK"))
    with pytest.raises(ModuleNotFoundError):
        quick(make_result(), tmp_path / "out")
    assert names(tmp_path) == set()


def test_the_cause_of_a_refusal_counts_as_a_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = InputError("a scene needs slicer-core")
    error.__cause__ = ModuleNotFoundError("No module named 'slicer'", name="slicer")
    failing(monkeypatch, "scene.mrb", error)
    notes: list[str] = []
    deliver(make_result(), tmp_path / "out", report=False, note=notes.append)
    assert names(tmp_path / "out") == CORE
    assert "msstunet-reorient[scene]" in notes[0]


def test_what_was_left_out_is_in_the_result_and_in_its_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without a callback for notes."""
    failing(monkeypatch, "overview.png", ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib"))
    delivery_ = deliver(make_result(), tmp_path / "out", scene=False)
    reason = "the package matplotlib is not installed; pip install 'msstunet-reorient[report]' installs it"
    assert delivery_.result.left_out == {"overview.png": reason}
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["left_out"] == {
        "overview.png": reason
    }
    assert delivery_.result.pose is not None
    assert make_result().left_out == {}
