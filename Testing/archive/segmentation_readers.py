"""A DICOM segmentation read by two others: pydicom and this file's own arithmetic, and dcmqi, which 3D Slicer calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

D65 = np.array([0.95047, 1.0, 1.08883])
"""White point of CIELab, as dcmqi takes it."""
XYZ_TO_RGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
"""Linear sRGB (IEC 61966-2-1)."""


@dataclass(frozen=True, eq=False)
class SegmentRead:
    """What a segment says of itself; ``rgb`` from 0 to 255."""

    value: int
    name: str
    rgb: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class SegmentationRead:
    """Labels ``(K, J, I)`` and where they lie: index (i, j, k, 1) to LPS mm."""

    labels: NDArray[np.int16]
    ijk_to_lps: NDArray[np.float64]
    segments: tuple[SegmentRead, ...]


def by_pydicom(path: Path, folder: Path) -> SegmentationRead:
    """From the positions of the frames and the numbers of their segments."""
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    along_row, along_column = orientation[:3], orientation[3:]
    normal = np.cross(along_row, along_column)
    row_mm, column_mm = (float(x) for x in shared.PixelMeasuresSequence[0].PixelSpacing)
    frames = ds.PerFrameFunctionalGroupsSequence
    places = np.array([f.PlanePositionSequence[0].ImagePositionPatient for f in frames], float)
    heights, at = np.unique((places @ normal).round(3), return_inverse=True)
    labels = np.zeros((len(heights), ds.Rows, ds.Columns), np.int16)
    for frame, pixels, k in zip(frames, ds.pixel_array, at, strict=True):
        labels[k][pixels > 0] = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    step = (heights[-1] - heights[0]) / (len(heights) - 1)
    assert np.diff(heights) == pytest.approx(step, abs=0.01)
    matrix = np.eye(4)
    matrix[:3] = np.c_[along_row * column_mm, along_column * row_mm, normal * step, places[np.argmin(places @ normal)]]
    segments = [
        SegmentRead(item.SegmentNumber, item.SegmentLabel, _rgb(item.RecommendedDisplayCIELabValue))
        for item in ds.SegmentSequence
    ]
    return SegmentationRead(labels, matrix, tuple(segments))


def by_dcmqi(path: Path, folder: Path) -> SegmentationRead:
    """From the files of ``segimage2itkimage``; the test is skipped where it is not installed."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("segimage2itkimage", path=places)
    if program is None:
        pytest.skip("dcmqi is not installed (pip install dcmqi)")
    command = [program, "--inputDICOM", str(path), "--outputDirectory", str(folder), "-p", "seg", "--mergeSegments"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "absent" not in done.stdout + done.stderr, "it warns of attributes of type 2"
    image = sitk.ReadImage(str(folder / "seg-1.nrrd"))
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    [stated] = json.loads((folder / "seg-meta.json").read_text())["segmentAttributes"]
    segments = [SegmentRead(s["labelID"], s["SegmentLabel"], (*s["recommendedDisplayRGBValue"],)) for s in stated]
    return SegmentationRead(sitk.GetArrayFromImage(image).astype(np.int16), matrix, tuple(segments))


def _rgb(stored: object) -> tuple[float, ...]:
    """Of a CIELab value in 16 bits (PS3.3 C.10.7.1.1)."""
    lightness, a, b = np.array(stored, float) / 65535 * [100, 255, 255] - [0, 128, 128]
    f = (lightness + 16) / 116 + np.array([a / 500, 0, -b / 200])
    xyz = D65 * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(XYZ_TO_RGB @ xyz, 0, 1)
    return tuple(255 * np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear))
