"""The colour tables that readers of myocardial perfusion use, as values and as colour nodes.

The nodes of two are 3D Slicer's own; pictures have colours alike for them. The other nodes are made where a reader
chooses them, and saved with the scene that shows them.
Clinical systems name theirs Thermal and Cool; these are alike, not copies.
"""

from __future__ import annotations

from typing import Any
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .host import mrml

Array = NDArray[np.float64]
ENTRIES = 256


class ColourTable(NamedTuple):
    """One table.

    Attributes:
        name: what a reader chooses, in English.
        node_id: 3D Slicer's own node; empty where the table is ours.
        colours: dark to bright, as hexadecimal red, green, blue.
        steps: each colour is a step of its own; otherwise colours run into each other.
    """

    name: str
    colours: tuple[str, ...]
    node_id: str = ""
    steps: bool = False


THERMAL = ColourTable(
    "Thermal",
    colours=("000000", "0b0b4a", "2a1484", "7a1080", "c01c48", "ee4a10", "ff9000", "ffcc30", "fff4a8", "ffffff"),
    node_id="vtkMRMLPETProceduralColorNodePET-HotMetalBlue",
)
TABLES = (
    THERMAL,
    ColourTable("Gray", colours=("000000", "ffffff"), node_id="vtkMRMLColorTableNodeGrey"),
    ColourTable(
        "Cool",
        colours=(
            "000000", "00004c", "0000d8", "00a0ff", "00c878", "20b400", "ffe600", "ff6400", "e60000", "ffffff",
        ),
    ),
    ColourTable(
        "10 steps",
        colours=(
            "000000", "2b0a5a", "1f2fd0", "0f84d8", "12a89a", "2fae3c", "c9c827", "f09020", "d83020", "ffffff",
        ),
        steps=True,
    ),
    ColourTable(
        "Perceptual",  # matplotlib's "inferno" (public domain): equal steps of counts look equal
        colours=(
            "000004", "1b0c41", "4a0c6b", "781c6d", "a52c60", "cf4446", "ed6925", "fb9b06", "f7d13d", "fcffa4",
        ),
    ),
)  # fmt: skip
"""The first is the default of a study: dark to bright without a break."""


def colour_node(scene: Any, table: ColourTable) -> Any:
    """The colour node of a table; made where it is missing."""
    if table.node_id:
        return scene.GetNodeByID(table.node_id) or scene.GetNodeByID("vtkMRMLColorTableNodeGrey")
    tag = f"MSSTUNetReorient{table.name.title().replace(' ', '')}"
    node = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if node is None:
        node = mrml().vtkMRMLColorTableNode()
        node.SetSingletonTag(tag)
        node.SetName(f"LV {table.name}")
        _fill(node, entries(table))
        node = scene.AddNode(node)
    return node


def table_of(node: Any) -> ColourTable | None:
    """The table that a colour node is; None for any other one."""
    if node is None:
        return None
    return next((t for t in TABLES if node.GetID() == t.node_id or node.GetName() == f"LV {t.name}"), None)


def entries(table: ColourTable) -> Array:
    """``(256, 3)`` red, green, blue, 0 to 1, of a table's colours."""
    given = np.array([[int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)] for text in table.colours])
    place = np.linspace(0.0, 1.0, ENTRIES)
    if table.steps:
        return given[np.minimum((place * len(given)).astype(int), len(given) - 1)]
    at = np.linspace(0.0, 1.0, len(given))
    return np.stack([np.interp(place, at, given[:, channel]) for channel in range(3)], axis=1)


def sampled(node: Any, number: int = ENTRIES) -> Array:
    """``(number, 3)`` colours of any colour node, from its lowest value to its highest."""
    colours = node.GetScalarsToColors()
    low, high = colours.GetRange()
    found = np.zeros((number, 3))
    rgb = [0.0, 0.0, 0.0]
    for n, value in enumerate(np.linspace(low, high, number).tolist()):
        colours.GetColor(value, rgb)
        found[n] = rgb
    return found


def _fill(node: Any, colours: Array) -> None:
    node.SetTypeToUser()
    node.SetNumberOfColors(len(colours))
    for n, colour in enumerate(colours.tolist()):
        node.SetColor(n, f"{n}", *colour, 1.0)
    node.GetLookupTable().SetRange(0, len(colours) - 1)
