"""A folder that is complete or not there: written beside its place and renamed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Move = Callable[[Path, Path, Path], None]
"""Moves a new folder to its place, and what it replaces to a third path; puts that back if it fails."""


def swap(fresh: Path, folder: Path, former: Path) -> None:
    """Rename the old folder away and the new one into place; put the old one back if that fails."""
    if folder.is_dir():
        folder.rename(former)
    try:
        fresh.rename(folder)
    except BaseException:
        if former.exists() and not folder.exists():
            former.rename(folder)
        raise


@contextmanager
def atomic_folder(folder: Path, temporary: Path, move: Move = swap) -> Iterator[Path]:
    """A new folder to write into; it becomes ``folder`` when the block ends without an error, else it is removed.

    The former folder stays until then.

    Args:
        folder: the place.
        temporary: an empty folder on the same file system; it is always removed at the end.
        move: how the new folder gets to its place.
    """
    try:
        fresh = temporary / "new"
        fresh.mkdir()
        yield fresh
        move(fresh, folder, temporary / "former")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
