"""The colour tables of pictures: those of the panel by the names of the command line, and one for differences."""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from ..scene.colours import TABLES
from ..scene.colours import ColourTable
from ..scene.colours import entries

DEFAULT = "perceptual"
"""Rises evenly in lightness, so that equal steps of counts look equal, also on a grey print."""
DIFFERENCE = ColourTable(
    "Difference", colours=("0b2a78", "2f6bc4", "8fb8e6", "f4f4f4", "f2b07a", "d5552d", "7d1010")
)  # fmt: skip
"""Its middle is no difference: rest better is red, rest worse is blue."""


def _key(table: ColourTable) -> str:
    return table.name.lower().replace(" ", "-")


NAMES = tuple(_key(table) for table in TABLES)
"""As given on the command line: "thermal", "gray", "cool", "10-steps", "perceptual"."""


def check_colours(name: str) -> None:
    """Refuse a name that is none of :data:`NAMES`.

    Raises:
        InputError: it is none.
    """
    if name not in NAMES:
        msg = f"--colours {name}: the colour table must be one of {', '.join(NAMES)}; choose one of them"
        raise InputError(msg)


def table_named(name: str) -> ColourTable:
    """A table by its name on the command line.

    Raises:
        InputError: no table has that name.
    """
    check_colours(name)
    return next(table for table in TABLES if _key(table) == name)


def colour_map(name: str = DEFAULT) -> Any:
    """A table as a matplotlib colour map of 256 colours; errors as :func:`table_named`."""
    return as_colour_map(table_named(name))


def as_colour_map(table: ColourTable) -> Any:
    """Any table as a matplotlib colour map; matplotlib is loaded here."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(entries(table), name=table.name)
