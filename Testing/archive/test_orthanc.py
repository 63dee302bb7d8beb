"""A study and its objects in Orthanc, by C-STORE and by STOW-RS: they lie beside each other, byte by byte."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from MSSTUNetReorientLib.archive.sending import dicom_files
from MSSTUNetReorientLib.commands.cli import main

from archive.orthanc import Orthanc
from archive.orthanc import free_port
from archive.orthanc import running

pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (extra dicom)")
pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed (extra dicom)")


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    with running(tmp_path) as here:
        yield here


def test_orthanc_commits_over_a_connection_of_its_own(
    orthanc: Orthanc, nuclear: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    orthanc.put("modalities/us", {"AET": "MSSTUNET", "Host": "127.0.0.1", "Port": port})
    arguments = ["send", str(nuclear.out), str(orthanc.dicom)]
    assert main([*arguments, "--answer-port", str(port)]) == 0
    assert "it confirmed to keep them" in capfd.readouterr().out
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        assert main([*arguments, "--answer-port", str(taken.getsockname()[1])]) == 2
    assert "nobody can listen" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["dicom", "web"])
def test_objects_lie_beside_their_source(
    kind: str, orthanc: Orthanc, nuclear: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    to = str(getattr(orthanc, kind))
    assert main(["send", str(nuclear.out), to]) == 0
    assert main(["send", str(nuclear.out), to]) == 0  # the same again is no more
    source = nuclear.source.parent / "alone"
    source.mkdir(exist_ok=True)
    (source / "source.dcm").write_bytes(nuclear.source.read_bytes())
    assert main(["send", str(source), to]) == 0
    assert "objects stored" in capfd.readouterr().out
    files = [*dicom_files(nuclear.out), nuclear.source]
    assert (len(orthanc.get("patients")), len(orthanc.get("studies"))) == (1, 1)
    assert len(orthanc.get("series")) == len(files)
    found = {}
    for instance in orthanc.get("instances"):
        ds = pydicom.dcmread(io.BytesIO(orthanc.file(instance)))
        found[ds.SOPInstanceUID] = ds
    for path in files:
        ds = pydicom.dcmread(path)
        assert found[ds.SOPInstanceUID] == ds
