"""Where an archive listens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError

MAX_PORT = 65535
OWN_TITLE = "MSSTUNET"
"""Our application entity title, unless another one is given."""


@dataclass(frozen=True)
class ArchiveAddress:
    """A DICOM node.

    Attributes:
        title: its application entity title.
        host: name or address.
        port: TCP port.
    """

    title: str
    host: str
    port: int

    def __str__(self) -> str:
        """As a user writes it."""
        return f"{self.title}@{self.host}:{self.port}"


def archive_address(text: str) -> ArchiveAddress:
    """The node of ``AE@HOST:PORT``.

    Raises:
        InputError: the text is none.
    """
    match = re.fullmatch(r"([^@\\]{1,16})@(\[[0-9a-fA-F:]+\]|[^@:\s]+):(\d{1,5})", text.strip())
    if match is None or not 1 <= int(match[3]) <= MAX_PORT or not match[1].strip():
        msg = f"{text}: an archive must be given as AE@HOST:PORT, for example PACS@192.168.1.5:104"
        raise InputError(msg)
    return ArchiveAddress(match[1].strip(), match[2].strip("[]"), int(match[3]))
