"""Sending DICOM files to an archive: C-STORE, and storage commitment where the archive offers it.

What could not be sent stays in its folder and can be sent again: an archive takes the same object twice for one.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import NoReturn

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import ImplicitVRLittleEndian

from ..errors import InputError
from ..io.dicom_file import is_dicom
from ..io.dicom_file import read_dataset
from ..io.dicom_file import read_header
from ..io.messages import print_nothing
from .archive_address import OWN_TITLE
from .archive_address import ArchiveAddress
from .commitment import COMMITMENT
from .commitment import COMMITMENT_INSTANCE
from .commitment import SUCCESS
from .commitment import Commitments
from .dicom_server import serving
from .new_object import referenced

Printer = Callable[[str], None]

TIMEOUT_S = 30.0
"""Without an answer for so long, an archive counts as gone."""
COMMITMENT_S = 10.0
"""How long the answer to storage commitment is awaited; archives may take hours, and answer then on their own."""
REQUEST = 1
"""Action type of the request for storage commitment."""
WARNING = 0xB000


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
    answer_port: int | None = None,
    commitments: Commitments | None = None,
    about: str = "",
    progress: Printer | None = None,
) -> Sent:
    """Send files, all over one association.

    Args:
        files: DICOM files.
        to: the archive.
        title: our own application entity title, which many archives must know.
        timeout_s: without an answer for so long, the archive counts as gone.
        commitment_s: how long the answer to storage commitment is awaited.
        answer_port: where it is awaited if the archive opens a connection of its own for it; None only where we asked.
        commitments: of a service of ours that takes answers as well, such as the listener.
        about: what is sent, for an answer that comes later.
        progress: called with each file.

    Returns:
        What the archive said, if it stored all of them.

    Raises:
        InputError: it cannot be reached, refuses, hangs or vanishes; the message says how many objects it has.
        ModuleNotFoundError: pynetdicom is not installed.
    """
    task = _Sending(files, to, title, timeout_s, progress or print_nothing, commitments or Commitments())
    with task.listening(answer_port):
        association = task.associate()
        try:
            task.store(association)
            committed = task.commit(association, about, commitment_s)
        finally:
            if association.is_established:
                association.release()
    return Sent(len(files), committed)


class _Sending:
    """One call of :func:`send`; its arguments are described there."""

    def __init__(
        self,
        files: Sequence[Path],
        to: ArchiveAddress,
        title: str,
        timeout_s: float,
        show: Printer,
        commitments: Commitments,
    ) -> None:
        self.files, self.to, self.title = files, to, title
        self.timeout_s, self.show, self.commitments = timeout_s, show, commitments
        self.headers = [read_header(path, ["SOPClassUID", "SOPInstanceUID"]) for path in files]

    @contextmanager
    def listening(self, port: int | None) -> Iterator[None]:
        """Listen for an archive that opens a connection for its answer.

        Raises:
            InputError: the port is taken, or may not be used.
        """
        if port is None:
            yield
            return
        from pynetdicom import AE

        entity = AE(self.title)
        with serving(entity, port, self.commitments.serve(entity), "--answer-port"):
            yield

    def associate(self) -> Any:
        """An open association.

        Raises:
            InputError: the archive refuses it or cannot be reached.
        """
        from pynetdicom import AE
        from pynetdicom import evt

        entity, to = AE(self.title), self.to
        entity.connection_timeout = entity.acse_timeout = self.timeout_s
        entity.dimse_timeout = entity.network_timeout = self.timeout_s
        for sop_class in sorted({str(header.SOPClassUID) for header in self.headers}):
            entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        entity.add_requested_context(COMMITMENT)
        handlers = [(evt.EVT_N_EVENT_REPORT, self.commitments.report)]
        association = entity.associate(to.host, to.port, ae_title=to.title, evt_handlers=handlers)
        if association.is_established:
            return association
        if association.is_rejected:
            msg = f"{to}: the archive refuses the connection; does it know {self.title}, and is its title {to.title}?"
        else:
            msg = f"{to}: the archive cannot be reached (no answer); check host and port, and send the folder again"
        raise InputError(msg)

    def store(self, association: Any) -> None:
        """Send each file.

        Raises:
            InputError: some were refused, or the archive is gone.
        """
        accepted, refused = _accepted(association), []
        for number, path in enumerate(self.files, 1):
            self.show(f"sending {number} of {len(self.files)}")
            ds = read_dataset(path)
            if str(ds.SOPClassUID) not in accepted:
                refused.append(f"{path.name}: it does not take objects of the kind {ds.SOPClassUID.name}")
                continue
            status = association.send_c_store(ds) if association.is_established else Dataset()
            if "Status" not in status:
                self._refuse(
                    f"it does not answer any more after {number - 1 - len(refused)} of {len(self.files)} objects"
                )
            code = int(status.Status)
            if code != SUCCESS and code & 0xF000 != WARNING:
                refused.append(f"{path.name}: it was refused (status 0x{code:04X})")
        if refused:
            self._refuse(f"it stored {len(self.files) - len(refused)} of {len(self.files)} objects; {refused[0]}")

    def commit(self, association: Any, about: str, wait_s: float) -> bool | None:
        """Ask the archive to confirm that it keeps the objects.

        Raises:
            InputError: it says that it does not keep all of them.
        """
        if COMMITMENT not in _accepted(association):
            return None
        asked = self.commitments.ask(about, len(self.files))
        request = Dataset()
        request.TransactionUID = asked.transaction
        pairs = [(str(header.SOPClassUID), str(header.SOPInstanceUID)) for header in self.headers]
        request.ReferencedSOPSequence = Items([referenced(*pair) for pair in pairs])
        status, _ = association.send_n_action(request, REQUEST, COMMITMENT, COMMITMENT_INSTANCE)
        if "Status" not in status or int(status.Status) != SUCCESS or not asked.wait(wait_s):
            return None
        if asked.failed:
            self._refuse(asked.words)
        return True

    def _refuse(self, what: str) -> NoReturn:
        msg = f"{self.to}: the archive failed: {what}; send the folder again"
        raise InputError(msg)


def _accepted(association: Any) -> set[str]:
    """The SOP classes that the archive takes."""
    return {str(context.abstract_syntax) for context in association.accepted_contexts}
