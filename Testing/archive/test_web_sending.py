"""Sending over the web to a server that takes, refuses or says nothing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from MSSTUNetReorientLib.archive.sending import dicom_files
from MSSTUNetReorientLib.archive.web_sending import send_over_web
from MSSTUNetReorientLib.archive.web_sending import web_address
from MSSTUNetReorientLib.errors import InputError

pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed (extra dicom)")

STORED: dict[str, object] = {}
REFUSED: dict[str, object] = {"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [0xA700]}}]}}


@contextmanager
def server(answers: list[tuple[int, dict[str, object]]]) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and what it got; an answer for each request, the last one for all others."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            code, content = answers[min(len(got), len(answers)) - 1]
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    here = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=here.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{here.server_port}/dicom-web", got
    finally:
        here.shutdown()


@pytest.fixture
def files(nuclear: SimpleNamespace) -> list[Path]:
    return dicom_files(nuclear.out)


def refusal(files: list[Path], url: str) -> str:
    with pytest.raises(InputError) as caught:
        send_over_web(files, url, timeout_s=1.0)
    line = str(caught.value)
    assert line.startswith(url)
    assert "\n" not in line
    return line


def test_every_object_is_posted(files: list[Path]) -> None:
    with server([(200, STORED)]) as (url, got):
        assert send_over_web(files, url).count == len(files)
    for path, body in zip(files, got, strict=True):
        assert str(pydicom.dcmread(path).SOPInstanceUID).encode() in body


def test_an_object_that_is_refused(files: list[Path]) -> None:
    with server([(200, STORED), (200, REFUSED)]) as (url, _):
        line = refusal(files, url)
    assert f"has 1 of {len(files)}" in line
    assert "0xA700" in line


@pytest.mark.parametrize(("code", "words"), [(500, "HTTP status 500"), (401, "user and a password"), (409, "409")])
def test_a_server_that_refuses(files: list[Path], code: int, words: str) -> None:
    with server([(code, STORED)]) as (url, got):
        assert words in refusal(files, url)
    assert len(got) == 1


def test_somebody_who_says_nothing(files: list[Path]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert "no answer" in refusal(files, f"http://127.0.0.1:{silent.getsockname()[1]}/x")


def test_nobody_there(files: list[Path]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "no answer" in refusal(files, f"http://127.0.0.1:{port}/x")


@pytest.mark.parametrize("text", ["ftp://host/x", "https://", "https://host/x?key=1"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="https://HOST/PATH"):
        web_address(text)


def test_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError) as caught:
        web_address("https://doctor:opensesame@host/dicom-web")
    assert "opensesame" not in str(caught.value)
    assert ".netrc" in str(caught.value)
