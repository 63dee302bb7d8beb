"""A file that is complete or not there: written beside its place and renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path

from ..errors import InputError

TEMPORARY_SUFFIX = ".partial"


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it becomes ``path`` when the block ends without an error, else it is removed.

    The former file stays until then.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        yield temporary
        os.replace(temporary, path)  # noqa: PTH105
    except (OSError, RuntimeError) as error:  # torch reports a full disk by a RuntimeError
        with suppress(OSError):
            temporary.unlink()
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0][:120]
        msg = f"{path}: the file cannot be written ({reason}); free the disk or choose another folder, and run again"
        raise InputError(msg) from error
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file as a whole.

    Raises:
        InputError: as :func:`atomic_file`.
    """
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Replace a text file (UTF-8) as a whole.

    Raises:
        InputError: as :func:`atomic_file`.
    """
    write_bytes(path, text.encode())
