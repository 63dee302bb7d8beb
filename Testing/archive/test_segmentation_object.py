"""Both labels as a DICOM segmentation: highdicom reads it back, where the labels lie."""

from __future__ import annotations

import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

highdicom = pytest.importorskip("highdicom", reason="highdicom is not installed (extra dicom)")

KINDS = ["nuclear", "gated", "pet", "gated_pet"]


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest) -> SimpleNamespace:
    found: SimpleNamespace = request.getfixturevalue(request.param)
    return found


def test_every_voxel_lies_where_the_labels_lie(case: SimpleNamespace) -> None:
    volume = highdicom.seg.segread(case.out / "segmentation.dcm").get_volume(combine_segments=True)
    labels = case.result.labels
    corner = np.array([labels.grid.size[2] - 1, labels.grid.size[1] - 1, labels.grid.size[0] - 1])
    place = (volume.affine @ np.array([*corner, 1.0]))[:3]
    there = labels.grid.index_of(place).round().astype(int)
    assert np.abs(labels.grid.at(there) - place).max() < 0.01
    for value in (1, 2):
        found = np.argwhere(volume.array == value)
        assert len(found) == (labels.array == value).sum()
        places = found @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        index = labels.grid.index_of(places).round().astype(int)
        assert (labels.array[tuple(index[:, ::-1].T)] == value).all()


def test_the_segments_are_named_and_coded(case: SimpleNamespace) -> None:
    ds = highdicom.seg.segread(case.out / "segmentation.dcm")
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["LV myocardium", "LV blood pool"]
    codes = [item.SegmentedPropertyTypeCodeSequence[0].CodeValue for item in ds.SegmentSequence]
    assert codes == ["74281007", "87878005"]


def test_it_refers_to_short_axis_and_source(case: SimpleNamespace) -> None:
    ds = pydicom.dcmread(case.out / "segmentation.dcm")
    short = case.out / "short_axis.dcm"
    image = pydicom.dcmread(short if short.is_file() else case.out / "short_axis" / "0001.dcm")
    source = case.source if case.source.is_file() else case.source / "0000.dcm"
    headers = [image, pydicom.dcmread(source)]
    assert {item.SeriesInstanceUID for item in ds.ReferencedSeriesSequence} == {h.SeriesInstanceUID for h in headers}
    assert headers[1].SOPInstanceUID in {item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence}
    frame = ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert frame.ReferencedSOPClassUID == image.SOPClassUID
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert ds[keyword].value == headers[1][keyword].value


def test_dciodvfy_finds_no_error(case: SimpleNamespace) -> None:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed (Debian: apt-get install dicom3tools)")
    path = str(case.out / "segmentation.dcm")
    done = subprocess.run([program, path], capture_output=True, text=True, check=False)
    found = (done.stdout + done.stderr).splitlines()
    assert "Segmentation" in found
    assert [line for line in found if line.startswith("Error")] == []
