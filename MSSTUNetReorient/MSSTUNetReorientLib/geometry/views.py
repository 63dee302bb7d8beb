"""How readers look at the left ventricle: the three standard views, their axes on screen and their reading order.

The display follows the habit of nuclear cardiology: short axis with anterior up and the septum left, read from
apex to base; horizontal long axis with the apex up, read from inferior to anterior; vertical long axis with
anterior up and the apex right, read from septum to lateral wall. All are given in the short-axis (SA) frame:
``i`` septum to lateral, ``j`` anterior to inferior, ``k`` apex to base.

The HLA is read upwards, from inferior to anterior, which is against ``j``:

>>> HLA.normal
(0.0, -1.0, 0.0)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pose import Pose

Array = NDArray[np.float64]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class View:
    """One standard view.

    Attributes:
        name: "SA", "HLA" or "VLA".
        title: the name in words.
        right: unit vector in the SA frame that points to the right of the screen.
        down: the same for the bottom of the screen.
        edges: the walls at the left, right, top and bottom edge of the screen.
        order: the walls that the first and the last slice are nearest to.
    """

    name: str
    title: str
    right: Vector
    down: Vector
    edges: tuple[str, str, str, str]
    order: tuple[str, str]

    @property
    def normal(self) -> Vector:
        """``right x down``: from the first slice to the last, away from the viewer.

        Columns, rows and slices in this order are right-handed, so no view is a mirror image.
        """
        x, y, z = np.cross(self.right, self.down).tolist()
        return x, y, z

    @property
    def axes(self) -> Array:
        """``(3, 3)``, columns right, down and normal in the SA frame: a proper rotation."""
        return np.array([self.right, self.down, self.normal]).T


SA = View(
    name="SA",
    title="Short axis",
    right=(1.0, 0.0, 0.0),
    down=(0.0, 1.0, 0.0),
    edges=("septal", "lateral", "anterior", "inferior"),
    order=("apex", "base"),
)
HLA = View(
    name="HLA",
    title="Horizontal long axis",
    right=(1.0, 0.0, 0.0),
    down=(0.0, 0.0, 1.0),
    edges=("septal", "lateral", "apex", "base"),
    order=("inferior", "anterior"),
)
VLA = View(
    name="VLA",
    title="Vertical long axis",
    right=(0.0, 0.0, -1.0),
    down=(0.0, 1.0, 0.0),
    edges=("base", "apex", "anterior", "inferior"),
    order=("septal", "lateral"),
)
VIEWS: tuple[View, View, View] = (SA, HLA, VLA)


def display_array(array: NDArray[np.generic], view: View) -> NDArray[np.generic]:
    """An SA image ``(K, J, I)`` turned to ``(slice, row, column)`` of a view, without interpolation.

    Slice 0 is the first in reading order, row 0 the top of the screen, column 0 its left.
    """
    rows = view.axes.T[::-1]  # normal, down, right: the order of an array's axes
    source = [2 - int(np.argmax(np.abs(v))) for v in rows]
    flipped = tuple(slice(None, None, -1) if v.sum() < 0 else slice(None) for v in rows)
    return np.transpose(array, source)[flipped]


def slice_to_lps(view: View, pose: Pose) -> Array:
    """``(4, 4)``: mm on screen (right, **up**, along the reading order) to LPS mm; the LV centre at zero.

    Up is the negative of ``down``, so the matrix has determinant -1, as the axial view of 3D Slicer has: the
    picture itself is not mirrored.
    """
    m = np.eye(4)
    m[:3, :3] = pose.rotation @ view.axes @ np.diag([1.0, -1.0, 1.0])
    m[:3, 3] = pose.centre
    return m
