"""Where an archive listens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError

MAX_PORT = 65535
MAX_TITLE = 16
"""Characters of an application entity title (PS3.5 6.2, AE)."""
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
    match = re.fullmatch(r"([^@]+)@(\[[0-9a-fA-F:]+\]|[^@:\s]+):(\d{1,5})", text.strip())
    if match is None or not 1 <= int(match[3]) <= MAX_PORT or not _is_title(match[1]):
        msg = f"{text}: an archive must be given as AE@HOST:PORT, for example PACS@192.168.1.5:104"
        raise InputError(msg)
    return ArchiveAddress(match[1].strip(), match[2].strip("[]"), int(match[3]))


def check_title(text: str, option: str = "--title") -> None:
    """Refuse a text that cannot be an application entity title.

    Raises:
        InputError: it is none; the message names the option.
    """
    if not _is_title(text):
        msg = f"{option} {text}: an application entity title has 1 to {MAX_TITLE} plain characters; give another one"
        raise InputError(msg)


def _is_title(text: str) -> bool:
    return 0 < len(text.strip()) <= MAX_TITLE and "\\" not in text and text.isascii() and text.isprintable()
