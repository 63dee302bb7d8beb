"""The folder in which one session keeps a study's counts for its child process; none outlives its session for long.

A session holds a lock on a file in its folder. The system lets go of it when the process ends, however it ends, so a
folder whose lock can be had was left by a session that crashed, and is removed at the next start.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

PREFIX = "msstunet-reorient-session-"
LOCK = "in-use"
ATTEMPTS = 5
STARTING_S = 3600.0
"""A folder without a lock file that is younger than this may belong to a session that is just starting."""


class SessionFolder:
    """A temporary folder of this session.

    Attributes:
        path: where it is; made again by :meth:`file` where somebody removed it.
    """

    def __init__(self) -> None:
        self._make()

    def file(self, name: str) -> Path:
        """A path in the folder.

        Raises:
            OSError: the folder is gone and cannot be made again.
        """
        if not self.path.is_dir():
            self.close()
            self._make()
        return self.path / name

    def close(self) -> None:
        """Remove it with all that is in it."""
        with contextlib.suppress(OSError):
            self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def _make(self) -> None:
        """A session that starts at the same moment may remove the folder before it is locked: then make another."""
        for _ in range(ATTEMPTS):
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = (self.path / LOCK).open("w")
            if take_lock(self._lock) and (self.path / LOCK).exists():
                return
            self._lock.close()
        msg = f"{self.path.parent}: a session folder cannot be locked there; restart the application"
        raise OSError(msg)


def remove_abandoned() -> list[Path]:
    """Remove the folders of sessions that are over; those of running ones stay. Returns what was removed."""
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and folder.is_dir() and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed


def _is_abandoned(folder: Path) -> bool:
    lock = folder / LOCK
    if not lock.exists():
        return time.time() - folder.stat().st_mtime > STARTING_S
    with lock.open("r+") as file:
        return take_lock(file)


def take_lock(file: IO[str]) -> bool:
    """Lock an open file until it is closed; False where another process holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
