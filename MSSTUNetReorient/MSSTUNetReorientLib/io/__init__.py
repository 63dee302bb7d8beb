"""Reading and writing of studies and results: DICOM NM and PET, NRRD, NIfTI, MetaImage."""

from .gated_study import GatedStudy
from .pose_file import read_pose
from .pose_file import write_pose
from .study import read_files
from .study import read_gates
from .study import read_study
from .terminology import SEGMENTS
from .terminology import SegmentStyle
from .volume_file import write_segmentation
from .volume_file import write_volume

__all__ = [
    "SEGMENTS",
    "GatedStudy",
    "SegmentStyle",
    "read_files",
    "read_gates",
    "read_pose",
    "read_study",
    "write_pose",
    "write_segmentation",
    "write_volume",
]
