"""Studies cut to a field round the heart, which lies in it about as near to the middle as in the papers' patients."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
from hashlib import sha256

import numpy as np

from ..geometry.pose import Cube
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .true_study import DataSet
from .true_study import TrueStudy

SPREAD = 0.08
"""Standard deviation of the LV centre along an axis, over the field's half extent; 0.03 to 0.09 in Ni 2023, Table 2."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CroppedStudy(TrueStudy):
    """A study of which a cube alone is read.

    Attributes:
        field: the cube; also that of the parameters where the study has an exact pose.
    """

    field: Cube

    def read(self) -> Volume:
        """The counts of the field, zeros where the study ends."""
        return cut(super().read(), self.field)


def cropped(data_set: DataSet, half_mm: float) -> DataSet:
    """The same studies, each cut to a cube round its heart; the heart's place in it is drawn, the same each time."""
    return replace(data_set, studies=tuple(_cropped(study, half_mm) for study in data_set.studies))


def _cropped(study: TrueStudy, half_mm: float) -> CroppedStudy:
    rng = np.random.default_rng(zlib.crc32(study.sha256.encode()))
    middle = study.pose.centre - rng.normal(0, SPREAD * half_mm, 3)
    field = Cube((float(middle[0]), float(middle[1]), float(middle[2])), half_mm)
    known = {f.name: getattr(study, f.name) for f in fields(study)}
    known |= {
        "cube": field if study.exact else None,
        "sha256": sha256(f"{study.sha256} {half_mm}".encode()).hexdigest(),
    }
    return CroppedStudy(**known, field=field)


def cut(counts: Volume, field: Cube) -> Volume:
    """The voxels of a cube and two more on each side, its middle rounded to half a voxel; zeros beyond the counts."""
    grid = counts.grid
    middle = grid.index_of(np.array(field.centre))
    reach = np.ceil(field.half / grid.spacing) + 2
    first, last = (np.rint(x).astype(int) for x in (middle - reach, middle + reach))
    size = last - first + 1
    inside = [slice(max(a, 0), min(b + 1, n)) for a, b, n in zip(first, last, grid.size, strict=True)]
    part = counts.array[tuple(inside[::-1])]
    around = [(s.start - a, b + 1 - s.stop) for s, a, b in zip(inside, first, last, strict=True)]
    cube = Grid((int(size[0]), int(size[1]), int(size[2])), grid.spacing, grid.at(first), grid.direction)
    return Volume(np.pad(part, around[::-1]), cube, counts.info)
