"""Sending DICOM files to an archive: C-STORE, and storage commitment where the archive offers it.

What could not be sent stays in its folder and can be sent again: an archive takes the same object twice for one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import ImplicitVRLittleEndian
from pydicom.uid import generate_uid

from ..errors import InputError
from ..io.dicom_file import is_dicom
from ..io.dicom_file import read_dataset
from ..io.dicom_file import read_header
from .archive_address import ArchiveAddress
from .new_object import referenced

Printer = Callable[[str], None]

OWN_TITLE = "MSSTUNET"
"""Our application entity title, unless another one is given."""
TIMEOUT_S = 30.0
"""Without an answer for so long, an archive counts as gone."""
COMMITMENT_S = 10.0
"""How long the answer to storage commitment is awaited; archives may take hours, and answer then on their own."""
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
REQUEST, ALL_COMMITTED = 1, 1
"""Action type of the request, and event type of a complete success."""
SUCCESS, WARNING = 0x0000, 0xB000


@dataclass(frozen=True)
class Sent:
    """What the archive said.

    Attributes:
        count: objects that it stored.
        committed: whether it confirmed to keep them; None where it offers no storage commitment, or has not answered.
    """

    count: int
    committed: bool | None


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM files of a folder and those below it, in order.

    Raises:
        InputError: there is none.
    """
    if not folder.is_dir():
        msg = f"{folder}: no such folder; give the folder of an export"
        raise InputError(msg)
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size and is_dicom(path)]
    if not found:
        msg = f"{folder}: the folder has no DICOM files, so that there is nothing to send"
        raise InputError(msg)
    return found


def send(
    files: Sequence[Path],
    to: ArchiveAddress,
    *,
    title: str = OWN_TITLE,
    timeout_s: float = TIMEOUT_S,
    commitment_s: float = COMMITMENT_S,
    progress: Printer | None = None,
) -> Sent:
    """Send files, all over one association.

    Args:
        files: DICOM files.
        to: the archive.
        title: our own application entity title, which many archives must know.
        timeout_s: without an answer for so long, the archive counts as gone.
        commitment_s: how long the answer to storage commitment is awaited.
        progress: called with each file.

    Returns:
        What the archive said, if it stored all of them.

    Raises:
        InputError: it cannot be reached, refuses, hangs or vanishes; the message says how many objects it has.
        ModuleNotFoundError: pynetdicom is not installed.
    """
    headers = [read_header(path, ["SOPClassUID", "SOPInstanceUID"]) for path in files]
    classes = sorted({str(header.SOPClassUID) for header in headers})
    reports: list[tuple[int, Any]] = []
    answered = threading.Event()
    association = _associate(to, classes, title, timeout_s, reports, answered)
    try:
        refused = _store(association, files, to, progress or _silent)
        if refused:
            stored = len(files) - len(refused)
            path, why = refused[0]
            msg = (
                f"{to}: the archive stored {stored} of {len(files)} objects; {path.name}: {why}; send the folder again"
            )
            raise InputError(msg)
        committed = _commit(association, headers, to, commitment_s, reports, answered)
    finally:
        if association.is_established:
            association.release()
    return Sent(len(files), committed)


def _associate(
    to: ArchiveAddress,
    classes: list[str],
    title: str,
    timeout_s: float,
    reports: list[tuple[int, Any]],
    answered: threading.Event,
) -> Any:
    """An open association."""
    from pynetdicom import AE
    from pynetdicom import evt

    def reported(event: Any) -> tuple[int, None]:
        reports.append((int(event.event_type), event.event_information))
        answered.set()
        return SUCCESS, None

    entity = AE(title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = timeout_s
    for sop_class in classes:
        entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    entity.add_requested_context(COMMITMENT)
    handlers = [(evt.EVT_N_EVENT_REPORT, reported)]
    association = entity.associate(to.host, to.port, ae_title=to.title, evt_handlers=handlers)
    if association.is_established:
        return association
    if association.is_rejected:
        msg = f"{to}: the archive refuses the connection; does it know {title}, and is its own title {to.title}?"
    else:
        msg = f"{to}: the archive cannot be reached (no answer); check host and port, and send the folder again"
    raise InputError(msg)


def _store(association: Any, files: Sequence[Path], to: ArchiveAddress, show: Printer) -> list[tuple[Path, str]]:
    """Send each file; those that were refused, with the reason.

    Raises:
        InputError: the archive is gone.
    """
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    refused = []
    for number, path in enumerate(files, 1):
        show(f"sending {number} of {len(files)}")
        ds = read_dataset(path)
        if str(ds.SOPClassUID) not in accepted:
            refused.append((path, f"it does not take objects of the kind {ds.SOPClassUID.name}"))
            continue
        status = association.send_c_store(ds) if association.is_established else Dataset()
        if "Status" not in status:
            done = number - 1 - len(refused)
            msg = f"{to}: the archive does not answer any more after {done} of {len(files)} objects; "
            msg += "send the folder again"
            raise InputError(msg)
        code = int(status.Status)
        if code != SUCCESS and code & 0xF000 != WARNING:
            refused.append((path, f"it was refused (status 0x{code:04X})"))
    return refused


def _commit(
    association: Any,
    headers: Sequence[Any],
    to: ArchiveAddress,
    wait_s: float,
    reports: list[tuple[int, Any]],
    answered: threading.Event,
) -> bool | None:
    """Ask the archive to confirm that it keeps the objects.

    Raises:
        InputError: it says that it does not keep all of them.
    """
    if COMMITMENT not in {str(context.abstract_syntax) for context in association.accepted_contexts}:
        return None
    request = Dataset()
    request.TransactionUID = generate_uid(prefix=None)
    request.ReferencedSOPSequence = Items([referenced(str(h.SOPClassUID), str(h.SOPInstanceUID)) for h in headers])
    status, _ = association.send_n_action(request, REQUEST, COMMITMENT, COMMITMENT_INSTANCE)
    if "Status" not in status or int(status.Status) != SUCCESS or not answered.wait(wait_s):
        return None
    event, information = reports[0]
    if event != ALL_COMMITTED:
        failed = len(information.get("FailedSOPSequence") or []) or "some"
        msg = f"{to}: the archive does not confirm {failed} of {len(headers)} objects; send the folder again"
        raise InputError(msg)
    return True


def _silent(_: str) -> None:
    """Do nothing."""
