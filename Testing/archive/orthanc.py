"""Orthanc, an archive that departments use, on loopback for the length of a block."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

import pytest
from MSSTUNetReorientLib.archive.archive_address import ArchiveAddress

PLUGINS = Path("/usr/share/orthanc/plugins")


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc."""

    dicom: ArchiveAddress
    http: str

    @property
    def web(self) -> str:
        """Its DICOMweb service."""
        return f"{self.http}/dicom-web"

    def get(self, path: str) -> Any:
        with urlopen(f"{self.http}/{path}", timeout=10) as answer:
            return json.loads(answer.read())

    def post(self, path: str, content: bytes) -> Any:
        with urlopen(Request(f"{self.http}/{path}", content, method="POST"), timeout=60) as answer:
            return json.loads(answer.read())

    def put(self, path: str, content: dict[str, Any]) -> None:
        with urlopen(Request(f"{self.http}/{path}", json.dumps(content).encode(), method="PUT"), timeout=10):
            pass

    def file(self, instance: str) -> bytes:
        with urlopen(f"{self.http}/instances/{instance}/file", timeout=10) as answer:
            content: bytes = answer.read()
            return content


@contextmanager
def running(folder: Path) -> Iterator[Orthanc]:
    """Start it with an empty storage; skip the test where it is not installed."""
    program = shutil.which("Orthanc")
    if program is None or not (PLUGINS / "libOrthancDicomWeb.so").is_file():
        pytest.skip("Orthanc is not installed (Debian: apt-get install orthanc orthanc-dicomweb)")
    web, dicom = free_port(), free_port()
    settings = {
        "Name": "test", "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
        "HttpPort": web, "DicomPort": dicom, "DicomAet": "ORTHANC", "DicomCheckCalledAet": True,
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAlwaysAllowStore": True,
        "Plugins": [str(PLUGINS / "libOrthancDicomWeb.so")], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log = (folder / "orthanc.log").open("w")
    with subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log) as server, log:
        here = Orthanc(ArchiveAddress("ORTHANC", "127.0.0.1", dicom), f"http://127.0.0.1:{web}")
        try:
            _wait_for(here)
            yield here
        finally:
            server.terminate()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(here: Orthanc) -> None:
    for _ in range(300):
        with suppress(OSError):
            here.get("system")
            return
        time.sleep(0.1)
    pytest.fail("Orthanc does not start")
