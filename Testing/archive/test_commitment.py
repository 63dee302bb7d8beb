"""Storage commitment that an archive answers over a connection of its own, to the listener or to a port for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from MSSTUNetReorientLib.archive.commitment import Commitments
from MSSTUNetReorientLib.archive.listener import listening
from MSSTUNetReorientLib.archive.sending import dicom_files
from MSSTUNetReorientLib.archive.sending import send
from MSSTUNetReorientLib.errors import InputError

from archive.orthanc import free_port
from archive.test_sending import archive
from archive.test_sending import refusal

pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (extra dicom)")


@pytest.fixture
def files(nuclear: SimpleNamespace) -> list[Path]:
    return dicom_files(nuclear.out)


@contextmanager
def heard(inbox: Path, **options: object) -> Iterator[tuple[int, Commitments, list[str]]]:
    """A listener that takes answers: its port, what it waits for, and what it noted."""
    told: list[str] = []
    commitments = Commitments(told.append)
    with listening(inbox, 0, "MSSTUNET", commitments=commitments, **options) as port:  # type: ignore[arg-type]
        yield port, commitments, told


def eventually(done: Callable[[], bool]) -> bool:
    for _ in range(500):
        if done():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("proposes_role", [True, False])
def test_the_listener_takes_the_answer(files: list[Path], tmp_path: Path, proposes_role: bool) -> None:
    with (
        heard(tmp_path) as (port, commitments, told),
        archive(commits=1, answers_at=port, proposes_role=proposes_role) as there,
    ):
        assert send(files, there.address, commitments=commitments).committed is True
        assert eventually(lambda: there.told == [0])
    assert (told, list(tmp_path.iterdir())) == ([], [])


def test_an_answer_that_not_all_is_kept(files: list[Path], tmp_path: Path) -> None:
    with heard(tmp_path) as (port, commitments, _), archive(commits=2, answers_at=port) as there:
        assert f"does not confirm 1 of {len(files)}" in refusal(files, there.address, commitments=commitments)


@pytest.mark.parametrize(("commits", "words"), [(1, "it confirmed to keep them"), (2, "it does not confirm 1 of")])
def test_an_answer_that_comes_later_is_told(files: list[Path], tmp_path: Path, commits: int, words: str) -> None:
    with (
        heard(tmp_path) as (port, commitments, told),
        archive(commits=commits, answers_at=port, answers_after_s=0.5) as there,
    ):
        sent = send(files, there.address, commitments=commitments, commitment_s=0.0, about="0123456789abcdef")
        assert sent.committed is None
        assert eventually(lambda: len(told) == 1)
    assert told[0].startswith(f"0123456789abcdef: the archive has answered: {words}")


def test_an_answer_to_others_is_none(files: list[Path], tmp_path: Path) -> None:
    """It is taken, as the standard wants, and nothing follows from it."""
    with heard(tmp_path) as (port, _, told), archive(commits=1, answers_at=port) as there:
        assert send(files, there.address, commitments=Commitments(), commitment_s=0.0).committed is None
        assert eventually(lambda: there.told == [0])
        assert told == []


def test_a_listener_that_does_not_send_takes_no_answer(files: list[Path], tmp_path: Path) -> None:
    with listening(tmp_path, 0, "MSSTUNET") as port, archive(commits=1, answers_at=port) as there:
        send(files, there.address, commitment_s=0.0)
        assert eventually(lambda: there.told == [None])


def test_the_archive_must_be_among_those_who_are_accepted(files: list[Path], tmp_path: Path) -> None:
    with heard(tmp_path, accepted=["CAMERA"]) as (port, commitments, _), archive(commits=1, answers_at=port) as there:
        assert send(files, there.address, commitments=commitments, commitment_s=0.0).committed is None
        assert eventually(lambda: there.told == [None])


def test_a_port_for_the_answer(files: list[Path], tmp_path: Path) -> None:
    port = free_port()
    with archive(commits=1, answers_at=port) as there:
        assert send(files, there.address, answer_port=port).committed is True
    refused = pytest.raises(InputError, match="--answer-port")
    with listening(tmp_path, port, "MSSTUNET"), archive(commits=1) as there, refused:
        send(files, there.address, answer_port=port)
