"""Sending to an archive on loopback, which is pynetdicom's own: one that takes all, refuses, hangs or vanishes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from MSSTUNetReorientLib.archive.archive_address import ArchiveAddress
from MSSTUNetReorientLib.archive.archive_address import archive_address
from MSSTUNetReorientLib.archive.commitment import COMMITMENT
from MSSTUNetReorientLib.archive.commitment import COMMITMENT_INSTANCE
from MSSTUNetReorientLib.archive.sending import dicom_files
from MSSTUNetReorientLib.archive.sending import send
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from pydicom.dataset import Dataset

pynetdicom = pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (extra dicom)")

Status = Callable[[int], int]


@dataclass
class Archive:
    """What an archive got, by SOPInstanceUID."""

    address: ArchiveAddress
    stored: dict[str, Dataset] = field(default_factory=dict)
    asked: list[Dataset] = field(default_factory=list)
    told: list[int | None] = field(default_factory=list)
    """Our status of each answer that it sent; None where nobody was there for it."""


@contextmanager
def archive(
    status: Status = lambda _: 0x0000,
    *,
    commits: int | None = None,
    answers_at: int | None = None,
    proposes_role: bool = True,
    answers_after_s: float = 0.1,
    title: str = "PACS",
    classes: tuple[str, ...] = (),
    syntax: str = "1.2.840.10008.1.2.1",
) -> Iterator[Archive]:
    """An archive for the length of a block.

    Args:
        status: of the nth C-STORE, from 1; -1 cuts the connection, -2 does not answer.
        commits: event type of its answer to storage commitment; None where it does not offer it.
        answers_at: port of ours to which it opens a connection for that answer; None where we asked.
        proposes_role: whether it says then that it is the provider of the service, as PS3.7 D.3.3.4 wants.
        answers_after_s: the time until then.
        title: its title, which it insists on.
        classes: what it takes; everything if empty.
        syntax: the only transfer syntax that it takes.
    """
    from pynetdicom import AE
    from pynetdicom import AllStoragePresentationContexts
    from pynetdicom import evt

    received = Archive(ArchiveAddress("PACS", "127.0.0.1", 0))
    count, over = [0], threading.Event()

    def store(event: Any) -> int:
        count[0] += 1
        answer = status(count[0])
        if answer == -1:
            event.assoc.abort()
            return 0xA700
        if answer == -2:
            over.wait(10)
        if answer == 0x0000:
            ds = event.dataset
            ds.file_meta = event.file_meta
            received.stored[ds.SOPInstanceUID] = ds
        return max(answer, 0)

    def commit(event: Any) -> tuple[int, None]:
        request = event.action_information
        received.asked.append(request)

        def report() -> None:
            time.sleep(answers_after_s)
            connection = event.assoc if answers_at is None else _connection_to(answers_at, title, proposes_role)
            received.told.append(_report(connection, commits, _answer(request, commits)))

        threading.Thread(target=report, daemon=True).start()
        return 0x0000, None

    entity = AE(title)
    entity.require_called_aet = True
    for context in AllStoragePresentationContexts:
        if not classes or context.abstract_syntax in classes:
            entity.add_supported_context(context.abstract_syntax, syntax)
    if commits is not None:
        entity.add_supported_context(COMMITMENT)
    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_N_ACTION, commit)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    received.address = ArchiveAddress("PACS", "127.0.0.1", server.socket.getsockname()[1])
    try:
        yield received
    finally:
        over.set()
        server.shutdown()


def _answer(request: Dataset, event_type: int | None) -> Dataset:
    """That all objects are kept, or that the first of them is not."""
    answer = Dataset()
    answer.TransactionUID = request.TransactionUID
    key = "ReferencedSOPSequence" if event_type == 1 else "FailedSOPSequence"
    setattr(answer, key, list(request.ReferencedSOPSequence)[: None if event_type == 1 else 1])
    return answer


def _report(association: Any, event_type: int | None, answer: Dataset) -> int | None:
    """Send an answer; return the status, None if nobody is there."""
    with suppress(RuntimeError, AttributeError):
        status, _ = association.send_n_event_report(answer, event_type, COMMITMENT, COMMITMENT_INSTANCE)
        return int(status.Status)
    return None


def _connection_to(port: int, title: str, proposes_role: bool) -> Any:
    """A connection of the archive's own."""
    caller = pynetdicom.AE(title)
    caller.add_requested_context(COMMITMENT)
    roles = [pynetdicom.build_role(COMMITMENT, scp_role=True)] if proposes_role else []
    return caller.associate("127.0.0.1", port, ae_title="MSSTUNET", ext_neg=roles)


def refusal(files: list[Path], to: ArchiveAddress, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        send(files, to, **options)
    line = str(caught.value)
    assert line.startswith(str(to))
    assert "\n" not in line
    return line


@pytest.fixture
def files(nuclear: SimpleNamespace) -> list[Path]:
    return dicom_files(nuclear.out)


def test_every_object_arrives_as_it_was_written(files: list[Path]) -> None:
    with archive() as there:
        sent = send(files, there.address)
    assert (sent.count, sent.committed) == (len(files), None)
    assert set(there.stored) == {pydicom.dcmread(path).SOPInstanceUID for path in files}
    for path in files:
        ds = pydicom.dcmread(path)
        assert there.stored[ds.SOPInstanceUID] == ds


def test_an_archive_of_another_transfer_syntax(files: list[Path]) -> None:
    with archive(syntax="1.2.840.10008.1.2") as there:
        assert send(files, there.address).count == len(files)
    ds = pydicom.dcmread(files[0])
    assert there.stored[ds.SOPInstanceUID].PatientName == ds.PatientName


def test_storage_commitment(files: list[Path]) -> None:
    with archive(commits=1) as there:
        assert send(files, there.address).committed is True
    [request] = there.asked
    assert {item.ReferencedSOPInstanceUID for item in request.ReferencedSOPSequence} == set(there.stored)


def test_an_archive_that_does_not_keep_all(files: list[Path]) -> None:
    with archive(commits=2) as there:
        assert f"does not confirm 1 of {len(files)}" in refusal(files, there.address)


def test_an_archive_that_answers_later(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with archive(commits=1) as there:
        assert send(files, there.address, commitment_s=0.0).committed is None


def test_a_refused_object_is_told_and_all_can_be_sent_again(files: list[Path]) -> None:
    with archive(lambda n: 0xA700 if n == 2 else 0x0000) as there:
        line = refusal(files, there.address)
        assert f"stored {len(files) - 1} of {len(files)}" in line
        assert "0xA700" in line
        assert files[1].name in line
        assert len(there.stored) == len(files) - 1
        assert send(files, there.address).count == len(files)  # the counter is past its second object
        assert len(there.stored) == len(files)


def test_a_warning_is_no_refusal(files: list[Path]) -> None:
    with archive(lambda _: 0xB000) as there:
        assert send(files, there.address).count == len(files)


def test_an_archive_that_vanishes(files: list[Path]) -> None:
    with archive(lambda n: -1 if n == 2 else 0x0000) as there:
        assert f"after 1 of {len(files)} objects" in refusal(files, there.address)


def test_an_archive_that_hangs(files: list[Path]) -> None:
    start = time.monotonic()
    with archive(lambda n: -2 if n == 2 else 0x0000) as there:
        assert f"after 1 of {len(files)} objects" in refusal(files, there.address, timeout_s=1.0)
    assert time.monotonic() - start < 30


def test_an_archive_that_takes_no_segmentations(files: list[Path]) -> None:
    with archive(classes=("1.2.840.10008.5.1.4.1.1.20",)) as there:
        line = refusal(files, there.address)
    assert "Segmentation Storage" in line
    assert len(there.stored) == 3


def test_nobody_there(files: list[Path]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be reached" in refusal(files, ArchiveAddress("PACS", "127.0.0.1", port), timeout_s=2.0)


def test_somebody_who_says_nothing(files: list[Path]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        to = ArchiveAddress("PACS", "127.0.0.1", silent.getsockname()[1])
        assert "cannot be reached" in refusal(files, to, timeout_s=1.0)


def test_an_archive_of_another_name(files: list[Path]) -> None:
    with archive(title="OTHER") as there:
        assert "refuses the connection" in refusal(files, there.address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PACS",
        "PACS@host",
        "@host:104",
        "PACS@host:0",
        "PACS@host:99999",
        "A" * 17 + "@h:1",
        "PÄCS@h:1",
        "A\\B@h:1",
        " @h:1",
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="AE@HOST:PORT"):
        archive_address(text)


def test_addresses() -> None:
    assert archive_address("MY PACS@[::1]:11112") == ArchiveAddress("MY PACS", "::1", 11112)


@pytest.mark.parametrize("title", ["", "A" * 17, "Ü", "A\\B"])
@pytest.mark.parametrize("command", ["send", "export"])
def test_titles_that_are_none(command: str, title: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Told before any work."""
    arguments = {"send": [str(tmp_path), "PACS@h:1"], "export": [str(tmp_path), "--out", str(tmp_path / "out")]}
    assert main([command, *arguments[command], "--title", title]) == 2
    assert "1 to 16 plain characters" in capfd.readouterr().err


def test_a_web_service_does_not_answer_to_a_port(nuclear: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["send", str(nuclear.out), "https://host/dicom-web", "--answer-port", "11112"]) == 2
    assert "--answer-port" in capfd.readouterr().err


def test_an_archive_by_another_hand(files: list[Path], tmp_path: Path) -> None:
    """DCMTK's storescp, which shares no code with what sends."""
    program = shutil.which("storescp")
    if program is None:
        pytest.skip("storescp is not installed (Debian: apt-get install dcmtk)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--output-directory", str(tmp_path), "--aetitle", "PACS", str(port)]
    with subprocess.Popen(command) as server:
        try:
            _wait_for(port)
            assert send(files, ArchiveAddress("PACS", "127.0.0.1", port)).count == len(files)
        finally:
            server.terminate()
    found = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, tmp_path.iterdir())}
    for path in files:
        ds = pydicom.dcmread(path)
        assert found[ds.SOPInstanceUID].PixelData == ds.PixelData


def _wait_for(port: int) -> None:
    """Until somebody listens."""
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)


def test_the_command(nuclear: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    with archive(commits=1) as there:
        assert main(["send", str(nuclear.out), str(there.address)]) == 0
    assert "it confirmed to keep them" in capfd.readouterr().out


def test_export_and_send(nuclear: SimpleNamespace, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", str(nuclear.folder), "--source", str(nuclear.source), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--send", "nonsense"]) == 2
    assert not (tmp_path / "out").exists()
    with archive(lambda _: 0xA700) as there:
        assert main([*arguments, "--send", str(there.address)]) == 2
    assert "send the folder again" in capfd.readouterr().err
    with archive() as there:
        assert main(["send", str(tmp_path / "out"), str(there.address)]) == 0
    assert len(there.stored) == 2


def test_run_sends_only_what_it_wrote(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "study.dcm", "--out", str(tmp_path / "out"), "--send", "PACS@host:104"]) == 2
    assert "--dicom-out is not given" in capfd.readouterr().err


def test_folders_without_objects(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no DICOM files"):
        dicom_files(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        dicom_files(tmp_path / "none")
