"""The views that are exported: voxels of the short-axis cube in the order of each view, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.views import HLA
from ..geometry.views import SA
from ..geometry.views import VLA
from ..geometry.views import View
from ..geometry.views import display_array
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..io.terminology import Code

CODES = {
    "SA": Code("SCT", "103340004", "Short axis"),
    "VLA": Code("SCT", "131185001", "Vertical long axis"),
    "HLA": Code("SCT", "131186000", "Horizontal long axis"),
}
"""DICOM PS3.16 CID 26."""
IMAGE_IDS = {"SA": "Short axis", "HLA": "Horiz long axis", "VLA": "Vert long axis"}
"""ImageID of each view, of at most 16 letters."""
PROGRESSION = {"SA": "APEX_TO_BASE", "HLA": "INF_TO_ANT", "VLA": "SEPTUM_TO_WALL"}
"""SliceProgressionDirection of each view, by :attr:`..geometry.views.View.order`."""
FILE_NAMES = {"SA": "short_axis", "HLA": "horizontal_long_axis", "VLA": "vertical_long_axis"}
BY_NAME: dict[str, View] = {"SA": SA, "HLA": HLA, "VLA": VLA}


@dataclass(frozen=True, eq=False)
class ObliqueView:
    """One view of a study.

    Attributes:
        view: which one.
        counts: ``(G, slices, rows, columns)`` of the gates, or of the one image of an ungated study.
        grid: its columns, rows and slices in LPS mm.
        gated: it holds gates.
    """

    view: View
    counts: NDArray[np.float32]
    grid: Grid
    gated: bool

    @property
    def name(self) -> str:
        """SA, HLA or VLA."""
        return self.view.name

    @property
    def code(self) -> Code:
        """The code of the view."""
        return CODES[self.name]

    @property
    def slices(self) -> int:
        """Slices of a gate."""
        return self.grid.size[2]

    @property
    def orientation(self) -> list[float]:
        """ImageOrientationPatient: cosines along a row, then along a column."""
        return [*self.grid.direction[:, 0].tolist(), *self.grid.direction[:, 1].tolist()]


def oblique_view(name: str, volumes: tuple[Volume, ...]) -> ObliqueView:
    """A view of short-axis volumes on one grid, without interpolation.

    Args:
        name: SA, HLA or VLA.
        volumes: the gates, or the study.
    """
    view = BY_NAME[name]
    counts = np.stack([np.asarray(display_array(v.array, view), np.float32) for v in volumes])
    return ObliqueView(view, counts, view_grid(volumes[0].grid, view), len(volumes) > 1)


def view_grid(grid: Grid, view: View) -> Grid:
    """The grid of a short-axis volume in the order of a view: the same voxels."""
    taken = np.abs(view.axes).argmax(axis=0)
    size: Any = np.array(grid.size)[taken]
    spacing, direction = grid.spacing[taken], grid.direction @ view.axes
    return Grid(tuple(size.tolist()), spacing, grid.centre - direction @ (spacing * (size - 1) / 2), direction)
