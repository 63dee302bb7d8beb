"""Results in 3D Slicer: MRML nodes, standard views, scene files.

The same code runs inside 3D Slicer and, through the PyPI package ``slicer-core``, in plain Python. Positions are LPS
mm in the package and RAS mm in MRML; only this package converts
between them, with :mod:`..geometry.pose`. Importing it needs neither; the first call without them raises
:class:`InputError` with what to install.
"""

from __future__ import annotations

from .host import new_scene
from .nodes import SceneNodes
from .nodes import add_result
from .nodes import pose_of
from .nodes import read_result_nodes
from .slice_views import set_views
from .store import load_scene
from .store import save_scene
from .store import write_scene

__all__ = [
    "SceneNodes",
    "add_result",
    "load_scene",
    "new_scene",
    "pose_of",
    "read_result_nodes",
    "save_scene",
    "set_views",
    "write_scene",
]
