"""Names, codes and colours of the segments, for files and for the scene.

The codes are SNOMED CT as DICOM uses it. Slicer's own terminologies have no entry for the ventricle and its wall, so
``Resources/LeftVentricle.term.json`` repeats them for Slicer's terminology selector; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Code(NamedTuple):
    """A coded concept: scheme, value, meaning."""

    scheme: str
    value: str
    meaning: str

    def __str__(self) -> str:
        """As Slicer serialises it; an empty code is ``^^``."""
        return "^".join(self)


CONTEXT_NAME = "LeftVentricle"
"""Name of the terminology context in ``LeftVentricle.term.json``."""
REGION_CONTEXT_NAME = "Anatomic codes - DICOM master list"
"""Slicer's own context of anatomic regions."""

NO_CODE = Code("", "", "")
ANATOMICAL_STRUCTURE = Code("SCT", "123037004", "Anatomical Structure")
MYOCARDIUM_TYPE = Code("SCT", "74281007", "Myocardium")
LEFT_VENTRICLE = Code("SCT", "87878005", "Left ventricle")


@dataclass(frozen=True)
class SegmentStyle:
    """The description of one label value for Slicer.

    Attributes:
        id: the segment's id in a segmentation.
        name: as shown to the reader.
        label_value: the voxel value in a label volume.
        colour_rgb01: red, green, blue, each 0 to 1.
        type: the coded concept.
        region: where it is; ``NO_CODE`` when the type states it.
    """

    id: str
    name: str
    label_value: int
    colour_rgb01: tuple[float, float, float]
    type: Code
    region: Code = NO_CODE

    @property
    def terminology(self) -> str:
        """Slicer's serialised entry, the value of a segment's ``TerminologyEntry`` tag."""
        codes = (ANATOMICAL_STRUCTURE, self.type, NO_CODE)
        return "~".join([CONTEXT_NAME, *map(str, codes), REGION_CONTEXT_NAME, str(self.region), str(NO_CODE)])


MYOCARDIUM_STYLE = SegmentStyle(
    id="LVMyocardium",
    name="LV myocardium",
    label_value=1,
    colour_rgb01=(255 / 255, 64 / 255, 255 / 255),
    type=MYOCARDIUM_TYPE,
    region=LEFT_VENTRICLE,
)
BLOOD_POOL_STYLE = SegmentStyle(
    id="LVBloodPool",
    name="LV blood pool",
    label_value=2,
    colour_rgb01=(64 / 255, 255 / 255, 64 / 255),
    type=LEFT_VENTRICLE,  # DICOM has no code of its own for the blood within; the chamber is what others store
)

SEGMENTS: tuple[SegmentStyle, ...] = (MYOCARDIUM_STYLE, BLOOD_POOL_STYLE)
"""Both segments, in the order of their label values."""
