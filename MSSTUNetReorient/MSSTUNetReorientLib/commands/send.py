"""The command ``send``: DICOM objects to an archive, and how ``run`` and ``export`` send theirs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from ..archive.archive_address import OWN_TITLE
from ..archive.archive_address import check_title
from ..errors import InputError
from .options import DebugFlag
from .options import QuietFlag
from .terminal import progress_lines
from .terminal import write

if TYPE_CHECKING:
    from ..archive.archive_address import ArchiveAddress
    from ..archive.commitment import Commitments
    from ..archive.sending import Sent

SEND_HELP = "Send the DICOM files to this archive: AE@HOST:PORT, or https://HOST/PATH of DICOMweb."
TITLE_HELP = "Our own application entity title."
ANSWER_HELP = "Port where the archive's answer to storage commitment is awaited, if it connects to us."


def send(
    folder: Annotated[Path, typer.Argument(help="Folder of DICOM files, as 'export' or 'run --dicom-out' made it.")],
    to: Annotated[str, typer.Argument(help="The archive: AE@HOST:PORT, or https://HOST/PATH of DICOMweb.")],
    title: Annotated[str, typer.Option(help=TITLE_HELP)] = OWN_TITLE,
    answer_port: Annotated[int | None, typer.Option(min=1, max=65535, help=ANSWER_HELP)] = None,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Send DICOM files to an archive, with all that is in them; a half-sent folder can be sent again."""
    check_title(title)
    sent = send_folder(folder, to, title, progress_lines(quiet), answer_port)
    if not quiet:
        write(sys.stdout, sent_line(sent, to) + "\n")


def send_folder(
    folder: Path,
    to: str,
    title: str,
    progress: Callable[[str], None],
    answer_port: int | None = None,
    commitments: Commitments | None = None,
) -> Sent:
    """Send the DICOM files of a folder.

    Args:
        folder, to, title, answer_port: as the command.
        progress: called with each file.
        commitments: of a service of ours that takes the archive's answers to storage commitment.

    Raises:
        InputError: see :func:`..archive.sending.send` and :func:`..archive.web_sending.send_over_web`; or a web service
            is to answer to a port.
    """
    from ..archive.sending import dicom_files
    from ..archive.sending import send as send_files
    from ..archive.web_sending import send_over_web

    address = archive_of(to)
    if isinstance(address, str):
        if answer_port is not None:
            msg = "--answer-port belongs to storage commitment, which DICOMweb does not have; omit it"
            raise InputError(msg)
        return send_over_web(dicom_files(folder), address, progress=progress)
    return send_files(
        dicom_files(folder), address, title=title, answer_port=answer_port, commitments=commitments,
        about=folder.name, progress=progress,
    )  # fmt: skip


def check_archive(to: str | None, dicom_out: Path | None) -> None:
    """Refuse, before any work, an address that is none, or nothing to send.

    Raises:
        InputError: either.
    """
    if to is None:
        return
    if dicom_out is None:
        msg = "--send sends DICOM objects, but --dicom-out is not given; add a folder for them"
        raise InputError(msg)
    archive_of(to)


def archive_of(to: str) -> ArchiveAddress | str:
    """The archive, or the address of its DICOMweb service; the package that speaks to it must be installed.

    Raises:
        InputError: the address is none, or the package is missing.
    """
    from ..archive.archive_address import archive_address
    from ..archive.web_sending import is_web_address
    from ..archive.web_sending import web_address

    web = is_web_address(to)
    address = web_address(to) if web else archive_address(to)
    package = "dicomweb_client" if web else "pynetdicom"
    if find_spec(package) is None:
        msg = f"sending needs the package {package}, which is not installed; run pip install 'msstunet-reorient[dicom]'"
        raise InputError(msg)
    return address


def sent_line(sent: Sent, to: str) -> str:
    """What the archive said, in a line."""
    kept = "it confirmed to keep them" if sent.committed else "storage was not confirmed"
    return f"{sent.count} objects stored by {to} ({kept})"
