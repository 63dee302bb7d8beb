"""Files that are complete or absent: written beside and renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path

from ..errors import InputError


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write to; it becomes ``path`` when the block ends well. What was there stays until then.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        yield temporary
        os.replace(temporary, path)  # noqa: PTH105
    except (OSError, RuntimeError) as error:  # torch reports a full disk by a RuntimeError
        with suppress(OSError):
            temporary.unlink()
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0][:120]
        msg = f"{path}: the file cannot be written ({reason}); free disk space and run the same command again"
        raise InputError(msg) from error
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
