"""Unique identifiers of new objects, under a root that a department can set."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.uid import generate_uid

from ..errors import InputError

STANDARD = "1.2.840.10008."
"""Identifiers that the standard itself gives, such as SOP classes."""
MAX_ROOT = 38
"""Letters of a root, so that at least 25 digits of a UID stay free."""


@dataclass(frozen=True)
class UniqueIds:
    """A source of UIDs.

    Attributes:
        root: what they begin with, without the last dot; empty for UUIDs (2.25), which need no registration.
    """

    root: str = ""

    def __post_init__(self) -> None:
        """Raises:
        InputError: the root is no root of UIDs.
        """
        if self.root and not (re.fullmatch(r"[0-2](\.(0|[1-9]\d*))+", self.root) and len(self.root) <= MAX_ROOT):
            msg = f"--uid-root {self.root}: a root must be numbers with dots between them, such as 1.2.826.0.1.999, "
            msg += f"of at most {MAX_ROOT} letters"
            raise InputError(msg)

    def new(self) -> str:
        """One that no other object has."""
        return str(generate_uid(prefix=f"{self.root}." if self.root else None))

    def in_place_of(self, uid: str) -> str:
        """Always the same one for the same UID, which cannot be found from it; the standard's own stay."""
        if not uid or uid.startswith(STANDARD):
            return uid
        return str(generate_uid(prefix=f"{self.root or '2.25'}.", entropy_srcs=["msstunet-reorient", uid]))
