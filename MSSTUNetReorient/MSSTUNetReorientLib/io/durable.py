"""What must survive a loss of power: written to the disk itself, not only to the system's memory."""

from __future__ import annotations

import os
from pathlib import Path


def settle(path: Path) -> None:
    """Wait until a file, or a folder with all that is in it, is on the disk under its name.

    Raises:
        OSError: the disk is full, or something is not there.
    """
    inside = sorted(path.rglob("*")) if path.is_dir() else []
    for place in (*inside, path, path.parent):
        _flush(place)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a file; it is on the disk under its new name then.

    Raises:
        OSError: the disk is full or cannot be written; the file has its old name still, or the new one.
    """
    _flush(temporary)
    temporary.replace(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    folder = path.is_dir()
    if folder and os.name == "nt":  # which has no way to flush a folder
        return
    number = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)
