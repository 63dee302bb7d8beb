"""Both labels as a DICOM segmentation, made by highdicom."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian

from .. import __version__
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..io.messages import reason
from ..io.terminology import SEGMENTS
from ..io.terminology import SegmentStyle
from .copied_attributes import leave_empty
from .left_out import LeftOutError
from .new_object import MANUFACTURER
from .new_object import MODEL
from .new_object import PROCESSED
from .new_object import NewSeries
from .new_object import decimal
from .new_object import referenced
from .new_object import series_reference
from .new_object import source_references
from .source_study import SourceStudy
from .unique_ids import UniqueIds

SERIAL_NUMBER = "none"
"""Type 1 of a segmentation, and software has none."""
OWN_TIMES = ("InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime", "ContentDate", "ContentTime")


def segmentation_object(
    labels: Volume,
    images: Sequence[Any],
    source: SourceStudy,
    series: NewSeries,
    ids: UniqueIds,
    model: dict[str, str],
    *,
    edited: bool = False,
) -> Any:
    """The segmentation, on the voxels of the short axis.

    Args:
        labels: 0 background, 1 LV myocardium, 2 LV blood pool, on the grid of the short axis.
        images: the short-axis objects that it lies on.
        source: the study, which it refers to as well.
        series: the new series.
        ids: the source of UIDs.
        model: name, version and sha256 of the weights.
        edited: somebody changed the labels by hand.

    Raises:
        ModuleNotFoundError: highdicom is not installed.
        LeftOutError: it refuses a value of the source's header.
    """
    from highdicom.content import AlgorithmIdentificationSequence
    from highdicom.seg import Segmentation
    from highdicom.sr.coding import CodedConcept

    algorithm = AlgorithmIdentificationSequence(
        name=MANUFACTURER,
        family=CodedConcept("123109", "DCM", "Artificial Intelligence"),
        version=__version__,
        parameters={"model": f"{model['name']} {model['version']}", "sha256": model["sha256"]},
    )
    multi_frame = "NumberOfFrames" in images[0]
    try:
        found = Segmentation(
            source_images=[_with_places(images[0], labels.grid)] if multi_frame else list(images),
            pixel_array=np.asarray(labels.array, np.uint8),
            segmentation_type="BINARY",
            segment_descriptions=[_description(style, algorithm, edited) for style in SEGMENTS],
            series_instance_uid=series.uid,
            series_number=series.number,
            sop_instance_uid=ids.new(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL,
            software_versions=__version__,
            device_serial_number=SERIAL_NUMBER,
            transfer_syntax_uid=ExplicitVRLittleEndian,
            content_label="LV",
            content_description="Left ventricle: myocardium and blood pool",
            omit_empty_frames=False,
            **_places(labels.grid),
        )
    except (ValueError, TypeError, AttributeError) as error:
        msg = f"highdicom refuses the header of the study ({reason(error)})"
        raise LeftOutError(msg) from error
    found.SeriesDescription = series.description
    leave_empty(found, ["ContentCreatorName"])  # type 2; highdicom leaves it out
    _refer_to(found, source)
    if source.anonymous:
        _hide_times(found, images[0])
    return found


def _description(style: SegmentStyle, algorithm: Any, edited: bool) -> Any:
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from highdicom.sr.coding import CodedConcept

    concept = CodedConcept(style.type.value, style.type.scheme, style.type.meaning)
    region = CodedConcept("80891009", "SCT", "Heart")
    return SegmentDescription(
        segment_number=style.label_value,
        segment_label=style.name,
        segmented_property_category=CodedConcept("123037004", "SCT", "Anatomical Structure"),
        segmented_property_type=concept,
        algorithm_type="SEMIAUTOMATIC" if edited else "AUTOMATIC",
        algorithm_identification=algorithm,
        tracking_uid=None,
        anatomic_regions=[region],
        display_color=CIELabColor.from_rgb(*(round(255 * c) for c in style.colour_rgb01)),
    )


def _places(grid: Grid) -> dict[str, Any]:
    """The geometry of the segmentation: that of its labels."""
    from highdicom.content import PixelMeasuresSequence
    from highdicom.content import PlaneOrientationSequence
    from highdicom.content import PlanePositionSequence

    orientation = [*grid.direction[:, 0].tolist(), *grid.direction[:, 1].tolist()]
    places = [grid.at([0, 0, place]).tolist() for place in range(grid.size[2])]
    return {
        "pixel_measures": PixelMeasuresSequence(
            [float(grid.spacing[1]), float(grid.spacing[0])], float(grid.spacing[2]), float(grid.spacing[2])
        ),
        "plane_orientation": PlaneOrientationSequence("PATIENT", orientation),
        "plane_positions": [PlanePositionSequence("PATIENT", place) for place in places],
    }


def _with_places(image: Any, grid: Grid) -> Any:
    """A copy of an NM object, of its first gate only, with its geometry where highdicom looks for it.

    NM keeps it in the detector's item, which highdicom does not read.
    """
    copy = Dataset()
    for element in image:
        if element.keyword != "PixelData":
            copy[element.tag] = deepcopy(element)
    copy.file_meta = image.file_meta
    copy.NumberOfFrames = grid.size[2]
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = image.PixelSpacing, image.SliceThickness
    measures.SpacingBetweenSlices = image.SpacingBetweenSlices
    orientation.ImageOrientationPatient = image.DetectorInformationSequence[0].ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Items([measures]), Items([orientation])
    copy.SharedFunctionalGroupsSequence = Items([shared])
    frames = []
    for place in range(grid.size[2]):
        frame, position = Dataset(), Dataset()
        position.ImagePositionPatient = [decimal(x) for x in grid.at([0, 0, place])]
        frame.PlanePositionSequence = Items([position])
        frames.append(frame)
    copy.PerFrameFunctionalGroupsSequence = Items(frames)
    return copy


def _refer_to(ds: Any, source: SourceStudy) -> None:
    """The study beside the short axis; highdicom refers to images only whose geometry it can read."""
    for reference in source_references(source):
        ds.ReferencedSeriesSequence.append(series_reference(reference))
    if source.instances:
        ds.SourceImageSequence = Items([referenced(*pair, purpose=PROCESSED) for pair in source.instances])


def _hide_times(ds: Any, image: Any) -> None:
    """Today's date would tell when a patient was examined."""
    ds.pop("ContributingEquipmentSequence", None)
    for keyword in OWN_TIMES:
        if keyword in ds:
            setattr(ds, keyword, image.get(keyword, ""))
