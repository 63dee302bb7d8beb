"""Everything that is drawn of a study. The study follows from it: same parameters, same bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .beat import Beat
from .camera import Camera
from .codec import decode
from .codec import encode
from .codec import parameters_class
from .heart import MeasuredHeart
from .heart import ParametricShape
from .scanner import Scanner
from .torso import Activity
from .torso import Body
from .torso import Deformation
from .torso import Ellipsoids
from .uptake import Perfusion

Array = NDArray[np.float64]
Vector = tuple[float, float, float]
Kind = Literal["spect", "conventional", "czt", "pet", "composite"]
KINDS: tuple[Kind, ...] = ("spect", "conventional", "czt", "pet", "composite")


@parameters_class
@dataclass(frozen=True)
class CountedHeart:
    """A real heart's counts.

    Attributes:
        name: of the count volume in the hearts folder; spacing: its voxel, mm.
        edge: width in mm over which it is blended into the chest.
    """

    name: str
    spacing: float
    edge: float

    @property
    def subject(self) -> str:
        """The patient: names are ``subject_state_gate``."""
        return self.name.split("_")[0]


@parameters_class
@dataclass(frozen=True)
class PlacedMap:
    """An organ map of the anatomy folder, by its name, how it is changed, what is put round its body, and whether its
    own arms lie beside it."""

    name: str
    deformation: Deformation
    outside: tuple[Body, ...] = ()
    arms: bool = True


@parameters_class
@dataclass(frozen=True)
class Spot:
    """Extracardiac activity: an ellipsoid, mm from the LV centre, LPS."""

    centre: Vector
    semi: Vector
    angle: float
    value: float


@parameters_class
@dataclass(frozen=True)
class Tissue:
    """What surrounds the wall.

    Attributes:
        fat: activity right round the heart, relative to the body's; right_wall: of the RV wall, relative to the LV's.
        clearance: mm of soft tissue between the heart and its neighbours; below zero they touch.
        seed: of the unevenness of all tissues.
    """

    fat: float
    right_wall: float
    clearance: float
    seed: int


@parameters_class
@dataclass(frozen=True)
class Raster:
    """The voxels of the study: size (I, J, K), isotropic spacing in mm, centre in LPS mm; axes along LPS."""

    size: tuple[int, int, int]
    spacing: float
    centre: Vector


CUBE = Raster((96, 96, 96), 4.0, (0.0, 0.0, 0.0))
"""The cube that a network sees."""


@parameters_class
@dataclass(frozen=True)
class Placement:
    """The heart in the field of view.

    Attributes:
        rotation: rows of the ``(3, 3)`` matrix whose columns are the SA axes in LPS.
        offset: of the LV centre from the middle of the field, mm LPS.
    """

    rotation: tuple[Vector, Vector, Vector]
    offset: Vector

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return encode(self)

    @classmethod
    def of(cls, rotation: Array, offset: Array) -> Placement:
        """From a ``(3, 3)`` rotation and a ``(3,)`` offset."""
        rows = [tuple(float(x) for x in row) for row in rotation]
        return cls(tuple(rows), tuple(float(x) for x in offset))  # type: ignore[arg-type]


@parameters_class
@dataclass(frozen=True)
class StudyParameters:
    """A study before it is rendered.

    Attributes:
        kind: what camera, or "composite" for a real heart's counts in a simulated chest.
        seed: that everything was drawn from.
        heart, perfusion, beat: the LV; a counted heart brings its own perfusion.
        chest, activity, spots, tissue: its surroundings.
        placement: its position.
        scanner: the fast image-space model, or a camera with projections and a reconstruction.
        raster: voxels of the study.
    """

    kind: Kind
    seed: int
    heart: ParametricShape | MeasuredHeart | CountedHeart
    perfusion: Perfusion
    beat: Beat
    chest: Ellipsoids | PlacedMap
    activity: Activity
    spots: tuple[Spot, ...]
    tissue: Tissue
    placement: Placement
    scanner: Scanner | Camera
    raster: Raster

    @property
    def subject(self) -> str | None:
        """The patient whose heart it is; None for a parametric one."""
        return None if isinstance(self.heart, ParametricShape) else self.heart.subject

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return encode(self)

    @classmethod
    def from_json(cls, content: dict[str, Any] | str) -> StudyParameters:
        """Inverse of :meth:`to_json`; also from its text.

        Raises:
            ValueError: other content.
        """
        found = decode(json.loads(content) if isinstance(content, str) else content)
        if not isinstance(found, cls):
            msg = f"the parameters of a study were expected, got {type(found).__name__}"
            raise ValueError(msg)
        return found
