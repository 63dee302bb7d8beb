"""Storage commitment: what was asked of an archive, and its answers, on whatever connection they come (PS3.4 J)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from pydicom.uid import generate_uid

from ..io.messages import print_nothing

Printer = Callable[[str], None]

COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
ALL_COMMITTED = 1
"""Event type of a complete success."""
SUCCESS = 0x0000


@dataclass
class Asked:
    """One request.

    Attributes:
        about: what was sent, for messages.
        count: objects in it.
        transaction: its UID, which the answer has too.
        failed: objects that the archive does not confirm; None without an answer.
        is_late: nobody waits for the answer any more.
    """

    about: str
    count: int
    transaction: str = field(default_factory=lambda: str(generate_uid(prefix=None)))
    failed: int | None = None
    is_late: bool = False
    _came: threading.Event = field(default_factory=threading.Event)

    @property
    def words(self) -> str:
        """The answer."""
        if self.failed:
            return f"it does not confirm {self.failed} of {self.count} objects"
        return "it confirmed to keep them"

    def answered(self, failed: int) -> None:
        """The answer is there."""
        self.failed = failed
        self._came.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; return whether it has come."""
        self.is_late = not self._came.wait(seconds)
        return not self.is_late


class Commitments:
    """The requests of this process. Several connections can report answers to them."""

    def __init__(self, note: Printer = print_nothing) -> None:
        """No request.

        Args:
            note: called with answers that come when nobody waits any more, from other threads.
        """
        self._asked: dict[str, Asked] = {}
        self._note = note

    def ask(self, about: str, count: int) -> Asked:
        """A new request, to be sent to the archive."""
        asked = Asked(about, count)
        self._asked[asked.transaction] = asked
        return asked

    def report(self, event: Any) -> tuple[int, None]:
        """Called by pynetdicom for N-EVENT-REPORT; an answer to a request of others is none."""
        information = event.event_information
        asked = self._asked.pop(str(information.get("TransactionUID")), None)
        if asked is not None:
            complete = int(event.event_type) == ALL_COMMITTED
            asked.answered(0 if complete else len(information.get("FailedSOPSequence") or []) or asked.count)
            if asked.is_late:
                self._note(f"{asked.about}: the archive has answered: {asked.words}")
        return SUCCESS, None

    def serve(self, entity: Any) -> list[Any]:
        """Let a service of ours take answers; return its handlers."""
        from pynetdicom import evt

        entity.add_supported_context(COMMITMENT, scu_role=False, scp_role=True)
        return [(evt.EVT_N_EVENT_REPORT, self.report)]
