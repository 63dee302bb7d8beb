"""NRRD, NIfTI, MetaImage and what else SimpleITK reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..volume import Grid
from ..volume import Volume
from .image_header import check_header
from .messages import reason
from .messages import refuse

PICTURES = ("PNG", "JPEG", "JPEG2000", "TIFF", "BMP", "LSM")
"""Formats of screenshots: their pixels have no place in a patient."""
COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)


def read_image_file(path: Path, *, orientation: str | None = None, gate: int | None = None) -> Volume:
    """A 3D scalar image.

    Returns:
        float32 ``(K, J, I)`` on a right-handed grid, LPS mm, not yet checked.

    Raises:
        InputError: no image, a damaged one, or not one 3D scalar volume.
    """
    kind = check_header(path)
    _check_format(path)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        refuse(path, f"the file cannot be read as an image ({reason(error)}); give DICOM, NRRD, NIfTI or MHA", error)
    if image.GetNumberOfComponentsPerPixel() != 1 or image.GetPixelID() in COMPLEX:
        refuse(path, f"one number per voxel is needed, but found {image.GetPixelIDTypeAsString()}; give one volume")
    image = _three_dimensional(image, path)
    info = {"kind": kind, "modality": "unknown"}
    return right_handed(Volume.from_sitk(sitk.Cast(image, sitk.sitkFloat32), info))


def _check_format(path: Path) -> None:
    """Refuse what ITK would read without a patient geometry."""
    format_name = sitk.ImageFileReader.GetImageIOFromFileName(str(path)).removesuffix("ImageIO")
    if not format_name:
        refuse(path, "the file is no image that can be read; give DICOM, NRRD, NIfTI or MetaImage")
    if format_name == "GDCM":
        refuse(path, "this DICOM file lacks its 128-byte preamble and the mark DICM; export it again")
    if format_name in PICTURES:
        refuse(path, f"a {format_name} picture carries no patient geometry; give DICOM, NRRD, NIfTI or MetaImage")


def _three_dimensional(image: sitk.Image, path: Path) -> sitk.Image:
    """A 3D image; of a 4D one with a single frame, that frame."""
    size = image.GetSize()
    if len(size) == 4 and size[3] == 1:
        return image[:, :, :, 0]
    if len(size) != 3:
        found = " x ".join(map(str, size))
        refuse(path, f"a 3D volume is needed, but found {len(size)}D ({found}); give one 3D volume per study")
    return image


def right_handed(volume: Volume) -> Volume:
    """The same voxels at the same places, with k turned round where the axes are left-handed."""
    grid = volume.grid
    if np.linalg.det(grid.direction) > 0:
        return volume
    origin = grid.at([0, 0, grid.size[2] - 1])
    turned = Grid(grid.size, grid.spacing, origin, grid.direction * [1.0, 1.0, -1.0])
    return Volume(np.ascontiguousarray(volume.array[::-1]), turned, volume.info)
