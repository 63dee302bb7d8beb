"""VTK observers that are taken away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Observers:
    """A set of observed events; the same event of the same object is observed once."""

    def __init__(self) -> None:
        self._tags: dict[tuple[int, int], tuple[Any, int]] = {}

    def add(self, target: Any, event: int, call: Callable[..., None]) -> None:
        """Observe an event."""
        key = (id(target), int(event))
        if key not in self._tags:
            self._tags[key] = (target, target.AddObserver(event, call))

    def remove_all(self) -> None:
        """Observe nothing any more."""
        for target, tag in self._tags.values():
            target.RemoveObserver(tag)
        self._tags.clear()
