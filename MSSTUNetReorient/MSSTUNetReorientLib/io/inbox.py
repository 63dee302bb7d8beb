"""A folder that others write into: which of its files are there, and for how long nothing has happened to them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path

from .folder_walk import walk

Stamp = tuple[int, int]
"""Size in bytes, and time of the last change in ns."""
STAMP_DIGITS = 16


class Inbox:
    """What :meth:`look` saw; files whose names :mod:`.folder_walk` takes for hidden do not count.

    A file's own time is no measure of how long it has been here: a copy may keep that of its original.
    """

    def __init__(self, folder: Path, wait_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing seen yet.

        Args:
            folder: it and the folders below it.
            wait_s: a file that has not changed for so long is quiet.
            clock: seconds.
        """
        self.folder, self._wait_s, self._clock = folder, wait_s, clock
        self._seen: dict[Path, tuple[Stamp, float]] = {}
        self._handled: dict[Path, Stamp] = {}
        self._now = clock()

    def look(self) -> bool:
        """Look again; return whether a quiet file is there that was not handled as it is now."""
        before, self._now = self._seen, self._clock()
        self._seen = {}
        for path, stamp in _files(self.folder):
            known = before.get(path)
            self._seen[path] = known if known is not None and known[0] == stamp else (stamp, self._now)
        return any(self._handled.get(path) != stamp for path, stamp in self._quiet())

    def handled(self, but: Collection[Path] = ()) -> None:
        """All files that were quiet at the last look have been searched, and what could be done with them was done.

        Args:
            but: files that are to be looked at again, though nothing happens to them.
        """
        self._handled = {path: stamp for path, stamp in self._quiet() if path not in but}

    def is_quiet(self, paths: Iterable[Path]) -> bool:
        """Whether all of these files were quiet at the last look."""
        return all(self._is_quiet(self._seen.get(path)) for path in paths)

    def stamp(self, paths: Iterable[Path]) -> str:
        """A hash of sizes and times of files, by which they are known to be the same as before."""
        stamps = sorted(self._seen[path][0] for path in paths if path in self._seen)
        return hashlib.sha256(repr(stamps).encode()).hexdigest()[:STAMP_DIGITS]

    def _quiet(self) -> Iterator[tuple[Path, Stamp]]:
        yield from ((path, seen[0]) for path, seen in self._seen.items() if self._is_quiet(seen))

    def _is_quiet(self, seen: tuple[Stamp, float] | None) -> bool:
        return seen is not None and self._now - seen[1] >= self._wait_s


def _files(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    """A file that vanishes meanwhile is not there."""
    for place, _, names in walk(folder, hidden=False):
        for path in (place / name for name in names):
            try:
                status = path.stat()
            except OSError:
                continue
            yield path, (status.st_size, status.st_mtime_ns)
