"""NRRD, NIfTI, MetaImage, Interfile and other formats that SimpleITK reads."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..geometry.volume import MAX_VOXELS
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .choice import chosen_gates
from .choice import gate_info
from .gated_study import MAX_GATES
from .gated_study import added
from .gated_study import check_gates
from .gated_study import interval_info
from .image_header import ImageHeader
from .interfile import DOUBT
from .interfile import is_interfile
from .interfile import read_interfile
from .messages import reason
from .messages import refuse
from .meta_header import check_meta
from .nifti_header import as_first
from .nifti_header import check_nifti
from .nifti_header import is_second
from .nrrd_header import check_nrrd
from .orientation import check_letters
from .orientation import settled
from .sitk_files import image_format
from .sitk_files import image_size
from .sitk_files import plain_folder
from .sitk_files import read_image

PICTURES = ("PNG", "JPEG", "JPEG2000", "TIFF", "BMP", "LSM")
"""Formats of screenshots: they have no patient geometry."""
COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
CHECKS: dict[tuple[str, ...], Callable[[Path], ImageHeader]] = {
    (".nrrd", ".nhdr"): check_nrrd,
    (".nii", ".nii.gz"): check_nifti,
    (".mha", ".mhd"): check_meta,
}
"""The header check for each file ending."""


def read_image_file(path: Path, *, orientation: str | None = None, gate: int | None = None) -> Volume:
    """A 3D scalar image, or the sum of a sequence of them; see :func:`read_image_gates`."""
    return added(read_image_gates(path, orientation=orientation, gate=gate), path)


def read_image_gates(path: Path, *, orientation: str | None = None, gate: int | None = None) -> list[Volume]:
    """A 3D scalar image, or a sequence of them, which is read as the gates of a study.

    Args:
        path: the file, or the header of one.
        orientation: directions of its axes i, j, k, three letters; None uses those of the file.
        gate: of a sequence, counted from 1; None reads all.

    Returns:
        float32 ``(K, J, I)`` of each gate on a right-handed grid, LPS mm, not yet checked. A warning names the
        assumption if the file does not define left and right.

    Raises:
        InputError: no image, a damaged one, not one study, or too large for the memory.
    """
    if orientation is not None:
        check_letters(orientation)
    if is_interfile(path):
        chosen_gates(gate, 1, path)
        return [right_handed(settled(read_interfile(path), DOUBT, orientation))]
    header = check_header(path)
    if header.kind == "NIfTI" and is_second(path):
        with plain_folder() as folder:
            first = folder / "study.nii"
            first.write_bytes(as_first(path))
            image = _read(first, header, path)
    else:
        _check_format(path)
        image = _read(path, header, path)
    frames = _frames(image, header, path)
    wanted = chosen_gates(gate, len(frames), path)
    info = {"kind": header.kind, "modality": "unknown"} | gate_info(gate, len(frames))
    if len(frames) > 1 and header.frame_seconds:
        info |= interval_info(1000 * header.frame_seconds * len(frames))
    volumes = [Volume.from_sitk(sitk.Cast(frames[n], sitk.sitkFloat32), dict(info)) for n in wanted]
    return [right_handed(settled(volume, header.doubt, orientation)) for volume in volumes]


def check_header(path: Path) -> ImageHeader:
    """Check the header of an image file for errors that ITK hides.

    Raises:
        InputError: the header has no positive spacing, names data files elsewhere, or the file ends before its data.
    """
    name = path.name.lower()
    if name.endswith(".seg.nrrd"):
        refuse(path, "a study is needed, but this is a segmentation; give the study that it belongs to")
    for suffixes, check in CHECKS.items():
        if name.endswith(suffixes):
            return check(path)
    if name.endswith((".hdr", ".img", ".img.gz")):
        refuse(path, "a header and image pair does not reliably define left and right; convert it to .nii.gz or .nrrd")
    if name.endswith((".mnc", ".mnc.gz")):
        return ImageHeader("image")
    return ImageHeader("image", doubt="its format does not define patient axes")


def _read(file: Path, header: ImageHeader, path: Path) -> sitk.Image:
    try:
        size, numbers = image_size(file, header.data_files)
        if prod(size) * numbers > MAX_VOXELS:
            found = " x ".join(map(str, size))
            refuse(path, f"a study has at most {MAX_VOXELS} voxels, but found {found}; give one study")
        return read_image(file, header.data_files)
    except RuntimeError as error:
        refuse(path, f"the file cannot be read as an image ({reason(error)}); give DICOM, NRRD, NIfTI or MHA", error)


def _check_format(path: Path) -> None:
    """Refuse what ITK would read without a patient geometry."""
    format_name = image_format(path)
    if not format_name:
        refuse(path, "the file is not a readable image; give DICOM, NRRD, NIfTI or MetaImage")
    if format_name == "GDCM":
        refuse(path, "this DICOM file is damaged at its start; export it again")
    if format_name in PICTURES:
        refuse(path, f"a {format_name} picture has no patient geometry; give DICOM, NRRD, NIfTI or MetaImage")


def _frames(image: sitk.Image, header: ImageHeader, path: Path) -> list[sitk.Image]:
    """The 3D images of a file, in order."""
    if image.GetPixelID() in COMPLEX:
        refuse(path, f"one number per voxel is needed, but found {image.GetPixelIDTypeAsString()}; give one volume")
    size, numbers = image.GetSize(), image.GetNumberOfComponentsPerPixel()
    if header.frames_first and len(size) == 3:
        frames = [sitk.VectorIndexSelectionCast(image, n) for n in range(numbers)] if _is_vector(image) else [image]
    elif _is_vector(image):
        refuse(path, f"one number per voxel is needed, but found {image.GetPixelIDTypeAsString()}; give one volume")
    elif len(size) == 4:
        frames = [image[:, :, :, n] for n in range(size[3])] if size[3] <= MAX_GATES else []
        numbers = size[3]
    elif len(size) == 3:
        frames = [image]
    else:
        found = " x ".join(map(str, size))
        refuse(path, f"a 3D volume is needed, but found {len(size)}D ({found}); give one 3D volume per study")
    check_gates(numbers, header.frame_seconds, path)
    return frames


def _is_vector(image: sitk.Image) -> bool:
    return "vector" in image.GetPixelIDTypeAsString()


def right_handed(volume: Volume) -> Volume:
    """The same voxels at the same places, with k reversed where the axes are left-handed."""
    grid = volume.grid
    if np.linalg.det(grid.direction) > 0:
        return volume
    origin = grid.at([0, 0, grid.size[2] - 1])
    turned = Grid(grid.size, grid.spacing, origin, grid.direction * [1.0, 1.0, -1.0])
    return Volume(np.ascontiguousarray(volume.array[::-1]), turned, volume.info)
