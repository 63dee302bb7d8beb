"""A storage service: nuclear and PET images that others send are files of a folder, each complete or not there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..io.atomic_file import TEMPORARY_SUFFIX
from ..io.durable import put_in_place
from ..io.durable import settle
from ..io.messages import print_nothing
from .commitment import Commitments
from .dicom_server import serving

Printer = Callable[[str], None]

TAKEN = (
    "1.2.840.10008.5.1.4.1.1.20",  # Nuclear Medicine
    "1.2.840.10008.5.1.4.1.1.128",  # PET
    "1.2.840.10008.5.1.4.1.1.128.1",  # Legacy Converted Enhanced PET
    "1.2.840.10008.5.1.4.1.1.130",  # Enhanced PET
)
"""SOP classes that are taken; others are refused at once, so that no archive believes that they are kept here."""
VERIFICATION = "1.2.840.10008.1.1"
SUCCESS, OUT_OF_RESOURCES, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xC000
"""Status of C-STORE (PS3.4 B.2.3)."""
NAME_DIGITS = 24


@contextmanager
def listening(
    folder: Path,
    port: int,
    title: str,
    *,
    accepted: Sequence[str] = (),
    taken: Sequence[str] = TAKEN,
    commitments: Commitments | None = None,
    note: Printer | None = None,
) -> Iterator[int]:
    """Take what is sent within the block.

    An object is on the disk before its sender hears so. The same object again replaces its file.

    Args:
        folder: in which each series gets a folder; names are hashes of UIDs.
        port: TCP port on all interfaces; 0 for a free one.
        title: our application entity title.
        accepted: titles of those who may send; everybody if empty.
        taken: SOP classes.
        commitments: takes the answers of an archive that we send to.
        note: called when objects cannot be taken, and why; from other threads.

    Yields:
        The port.

    Raises:
        InputError: the port is taken, or may not be used.
        ModuleNotFoundError: pynetdicom is not installed.
    """
    from pynetdicom import AE
    from pynetdicom import ALL_TRANSFER_SYNTAXES
    from pynetdicom import evt

    for left in folder.glob(f"*/.*{TEMPORARY_SUFFIX}"):  # of a process that was killed
        left.unlink(missing_ok=True)
    entity = AE(title)
    entity.add_supported_context(VERIFICATION)
    for sop_class in taken:
        entity.add_supported_context(sop_class, ALL_TRANSFER_SYNTAXES)
    entity.require_calling_aet = list(accepted)
    answers = commitments.serve(entity) if commitments is not None else []
    store = evt.EVT_C_STORE, _store, [folder, note or print_nothing]
    with serving(entity, port, [store, *answers], "--listen") as found:
        yield found


def _store(event: Any, folder: Path, note: Printer) -> int:
    """Called by pynetdicom for each object."""
    try:
        series, instance = str(event.dataset.SeriesInstanceUID), str(event.request.AffectedSOPInstanceUID)
        content = event.encoded_dataset()
    except Exception as error:
        note(f"an object was refused: it cannot be read ({type(error).__name__})")
        return NOT_UNDERSTOOD
    try:
        _write(folder / _name(series) / f"{_name(instance)}.dcm", content)
    except OSError as error:
        note(f"an object was refused: it cannot be written ({error.strerror}); its sender has it still")
        return OUT_OF_RESOURCES
    return SUCCESS


def _write(path: Path, content: bytes) -> None:
    """By a hidden file of its own: two may send the same object at once.

    Raises:
        OSError: the disk is full or cannot be written; nothing is left.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
        settle(path.parent)
    number, name = tempfile.mkstemp(TEMPORARY_SUFFIX, ".", path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        put_in_place(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _name(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:NAME_DIGITS]
