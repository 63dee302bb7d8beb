"""A study goes from Orthanc to a watcher's listener, and its results come back beside it: the whole command."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_pose
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.simulation.dicom import write_nuclear
from places import REPOSITORY

from archive.orthanc import Orthanc
from archive.orthanc import free_port
from archive.orthanc import running

pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (extra dicom)")
pytest.importorskip("weasyprint", reason="WeasyPrint is not installed (extra dicom)")
SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
SENT = {"NM": 2, "SEG": 1, "OT": 1, "DOC": 1}
"""Series by modality: the source and its short axis, labels, pages and PDF."""


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    with running(tmp_path) as here:
        yield here


def _modalities(orthanc: Orthanc) -> dict[str, int]:
    found = [series["MainDicomTags"]["Modality"] for series in orthanc.get("series?expand")]
    return {name: found.count(name) for name in found}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_study_goes_out_and_comes_back(orthanc: Orthanc, tmp_path: Path) -> None:
    sample = read_study(SAMPLE)
    [source] = write_nuclear(np.round(sample.array).astype(np.uint16), None, sample.grid, tmp_path / "source", 1)
    port = free_port()
    orthanc.put("modalities/watch", {"AET": "MSSTUNET", "Host": "127.0.0.1", "Port": port})
    study = orthanc.post("instances", source.read_bytes())["ParentStudy"]
    (tmp_path / "in").mkdir()
    command = [sys.executable, "-m", "MSSTUNetReorientLib", "watch", str(tmp_path / "in"), "--out"]
    command += [
        str(tmp_path / "out"),
        "--listen",
        str(port),
        "--send",
        str(orthanc.dicom),
        "--wait",
        "1",
        "--jobs",
        "1",
    ]
    path = str(REPOSITORY / "MSSTUNetReorient")
    log = tmp_path / "log.txt"
    with (
        log.open("w") as lines,
        subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, stderr=lines) as watcher,
    ):
        try:
            _wait(lambda: "watching" in log.read_text(), watcher, log)
            orthanc.post("modalities/watch/store", study.encode())
            _wait(lambda: ": sent" in log.read_text(), watcher, log)
            assert ": sent; the archive confirmed to keep it" in log.read_text()
        finally:
            watcher.send_signal(signal.SIGTERM)
    assert watcher.returncode == 143
    assert _modalities(orthanc) == SENT
    assert [len(orthanc.get(kind)) for kind in ("patients", "studies")] == [1, 1]
    [record] = [json.loads(path.read_text()) for path in (tmp_path / "out" / "studies").iterdir()]
    assert record["state"] == "done"
    _geometry_is_right(orthanc, tmp_path / "out" / record["study"], tmp_path)
    patient = pydicom.dcmread(source)
    told = log.read_text() + "".join(p.read_text() for p in (tmp_path / "out").rglob("*.json"))
    assert not [word for word in (str(patient.PatientName), str(patient.PatientID), str(source)) if word in told]


def _wait(done: Callable[[], bool], watcher: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        if done():
            return
        assert watcher.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(log.read_text())


def _geometry_is_right(orthanc: Orthanc, result: Path, folder: Path) -> None:
    """What the archive has lies where the result lies."""
    pose = read_pose(result / "pose.tfm")
    objects = [pydicom.dcmread(io.BytesIO(orthanc.file(name))) for name in orthanc.get("instances")]
    [short] = [ds for ds in objects if ds.Modality == "NM" and ds.SeriesDescription.startswith("SA")]
    short.save_as(folder / "short_axis.dcm")
    volume = read_study(folder / "short_axis.dcm")
    assert volume.grid.centre == pytest.approx(pose.centre, abs=0.1)
    assert volume.grid.direction == pytest.approx(pose.rotation, abs=0.001)
    [segmentation] = [ds for ds in objects if ds.Modality == "SEG"]
    read = highdicom.seg.Segmentation.from_dataset(segmentation)
    assert read.number_of_segments == 2
    found = read.get_volume(combine_segments=True)
    middle = found.map_indices_to_reference(np.argwhere(found.array > 0)).mean(axis=0)
    labels = Volume.from_sitk(sitk.ReadImage(str(result / "labels.nrrd")))
    assert middle == pytest.approx(labels.grid.points()[labels.array > 0].mean(axis=0), abs=0.1)
