"""The report in the archive: pages in true colour, and the PDF."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from MSSTUNetReorientLib.archive import report_pages
from MSSTUNetReorientLib.archive.exporting import export_result

from archive.conftest import exported

for package in ("jinja2", "matplotlib", "weasyprint", "pypdfium2"):
    pytest.importorskip(package, exc_type=ImportError)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    found = exported(tmp_path_factory.mktemp("reported"), report=True)
    assert found.export.left_out == {}
    return found


def test_the_pages_are_pictures_in_true_colour(case: SimpleNamespace) -> None:
    pages = sorted(case.out.glob("report_page_*.dcm"))
    assert len(pages) >= 2
    for number, path in enumerate(pages, 1):
        ds = pydicom.dcmread(path)
        assert (ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.InstanceNumber) == (3, "RGB", number)
        pixels = ds.pixel_array
        assert pixels.shape[:2] == pytest.approx((297 / 25.4 * 120, 210 / 25.4 * 120), abs=2)  # A4
        assert (pixels[:20] == 255).all()  # the margin of the paper
    first = pydicom.dcmread(pages[0]).pixel_array.astype(int)
    assert np.ptp(first, axis=2).max() > 100  # colours of the heart


def test_the_pdf_is_whole(case: SimpleNamespace) -> None:
    from pypdfium2 import PdfDocument

    ds = pydicom.dcmread(case.out / "report_pdf.dcm")
    content = ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength]
    assert ds.MIMETypeOfEncapsulatedDocument == "application/pdf"
    document = PdfDocument(content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "Left ventricle" in text
    assert "not a medical device" in text
    assert "Secret" not in text
    assert len(document) == len(list(case.out.glob("report_page_*.dcm")))


@pytest.mark.parametrize("name", ["report_page_1", "report_pdf"])
def test_every_attribute_that_the_standard_requires(case: SimpleNamespace, name: str) -> None:
    pytest.importorskip("highdicom")
    from archive.module_tables import faults

    assert faults(pydicom.dcmread(case.out / f"{name}.dcm")) == []


@pytest.mark.parametrize(("name", "kind"), [("report_page_1", "SCImage"), ("report_pdf", "EncapsulatedPDF")])
def test_dciodvfy_finds_no_error(case: SimpleNamespace, name: str, kind: str) -> None:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed (Debian: apt-get install dicom3tools)")
    done = subprocess.run([program, str(case.out / f"{name}.dcm")], capture_output=True, text=True, check=False)
    found = (done.stdout + done.stderr).splitlines()
    assert kind in found
    assert [line for line in found if line.startswith("Error")] == []


def test_it_is_of_the_patient_and_refers_to_the_images(case: SimpleNamespace) -> None:
    source, short = pydicom.dcmread(case.source), pydicom.dcmread(case.out / "short_axis.dcm")
    ds = pydicom.dcmread(case.out / "report_pdf.dcm")
    assert (ds.PatientName, ds.StudyInstanceUID) == (source.PatientName, source.StudyInstanceUID)
    found = {item.ReferencedSOPInstanceUID for item in ds.SourceInstanceSequence}
    assert found == {source.SOPInstanceUID, short.SOPInstanceUID}


def test_a_result_without_a_report(nuclear: SimpleNamespace) -> None:
    assert "--no-report" in nuclear.export.left_out["report"]
    assert not list(nuclear.out.glob("report*"))


def test_without_the_library_that_draws_text(
    case: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    class Broken:
        def __getattr__(self, name: str) -> object:
            msg = "cannot load library 'libgobject-2.0-0'"
            raise OSError(msg)

    monkeypatch.setitem(sys.modules, "weasyprint", Broken())  # type: ignore[arg-type]
    done = export_result(case.folder, case.source, tmp_path / "out")
    assert "Pango" in done.left_out["report"]
    assert (tmp_path / "out" / "segmentation.dcm").is_file()


def test_only_what_is_inside_the_report_is_printed(tmp_path: Path) -> None:
    page, picture = tmp_path / "report.html", tmp_path / "secret.png"
    from PIL import Image

    Image.new("RGB", (400, 400), (255, 0, 0)).save(picture)
    page.write_text(f'<img src="{picture.as_uri()}"><p>text</p>')
    [pixels] = report_pages.page_pictures(report_pages.report_pdf(page))
    assert not ((pixels[..., 0] > 200) & (pixels[..., 1] < 50)).any()
