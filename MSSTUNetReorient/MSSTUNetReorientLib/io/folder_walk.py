"""A folder and those below it, in order; linked ones are followed, each once."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

HIDDEN = (".", "~")
"""What the names of hidden files and of those of editors begin with."""


def walk(
    folder: Path, *, hidden: bool, onerror: Callable[[OSError], None] | None = None
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Each folder with the names of its folders, which the caller may shorten, and of its files.

    Args:
        folder: where to begin.
        hidden: also those whose names begin with :data:`HIDDEN`.
        onerror: called for each folder that cannot be opened.
    """
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=onerror):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:], shown = (sorted(n for n in each if hidden or not n.startswith(HIDDEN)) for each in (folders, names))
        yield Path(place), folders, shown
