"""One process at a time works in a folder. The system frees the lock when the process ends, however it ends."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import InputError

NAME = ".lock"
TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What systems say of a lock that another process holds."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder within the block; nothing is locked on a file system that has no locks.

    Raises:
        InputError: another process holds it.
    """
    with (folder / NAME).open("ab") as file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in TAKEN:
                yield
                return
            msg = f"{folder}: another run is working in this folder; wait for its end, or choose another folder"
            raise InputError(msg) from error
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
