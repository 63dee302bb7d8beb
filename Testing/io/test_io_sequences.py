"""Sequences of volumes in one file: read as gates."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.image_file import check_header

GATES = np.random.default_rng(0).integers(1, 100, (8, 30, 28, 26)).astype(np.int16)


def four_dimensional(frames: np.ndarray) -> sitk.Image:
    images = [sitk.GetImageFromArray(f) for f in frames]
    for image in images:
        image.SetSpacing((4.0, 4.5, 5.0))
    return sitk.JoinSeries(images)


def sequence(path: Path, frames: np.ndarray, *extra: str, kinds: str = "list domain domain domain") -> Path:
    """As 3D Slicer writes a sequence: frames are the fastest axis."""
    lines = [
        "NRRD0005", "type: short", "dimension: 4", "space: left-posterior-superior", f"sizes: {len(frames)} 26 28 30",
        "space directions: none (4,0,0) (0,4.5,0) (0,0,5)", f"kinds: {kinds}", "endian: little", "encoding: raw",
        "space origin: (0,0,0)", *extra,
    ]  # fmt: skip
    path.write_bytes(("\n".join(lines) + "\n\n").encode() + np.moveaxis(frames, 0, -1).tobytes())
    return path


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.mha", "a.nrrd"])
@pytest.mark.parametrize("count", [1, 8])
def test_four_dimensions(name: str, count: int, tmp_path: Path):
    sitk.WriteImage(four_dimensional(GATES[:count]), str(tmp_path / name))
    volume = read_study(tmp_path / name)
    np.testing.assert_array_equal(volume.array, GATES[:count].sum(axis=0))
    assert volume.info.get("gates") == (8 if count > 1 else None)
    if count > 1:
        np.testing.assert_array_equal(read_study(tmp_path / name, gate=3).array, GATES[2])
        with pytest.raises(InputError, match="1 to 8"):
            read_study(tmp_path / name, gate=9)


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("name", ["a.seq.nrrd", "a.nrrd"])
def test_slicer_sequences(name: str, count: int, tmp_path: Path):
    path = sequence(tmp_path / name, GATES[:count])
    volume = read_study(path)
    np.testing.assert_array_equal(volume.array, GATES[:count].sum(axis=0))
    assert "warnings" not in volume.info
    assert volume.grid.at([7, 5, 3]) == pytest.approx([28, 22.5, 15])
    if count > 1:
        np.testing.assert_array_equal(read_study(path, gate=2).array, GATES[1])


def test_a_vector_is_no_sequence(tmp_path: Path):
    for kinds in ("vector domain domain domain", "RGB-color domain domain domain"):
        with pytest.raises(InputError, match="one number per voxel"):
            read_study(sequence(tmp_path / "a.nrrd", GATES[:3], kinds=kinds))


def test_dynamic_frames_are_no_gates(tmp_path: Path):
    times = ("axis 0 index unit:=s", "axis 0 index values:=0 30 60 90 120 150 180 210")
    with pytest.raises(InputError, match="30 s apart"):
        read_study(sequence(tmp_path / "a.seq.nrrd", GATES, *times))
    fast = ("axis 0 index unit:=ms", "axis 0 index values:=0 100 200 300 400 500 600 700")
    assert read_study(sequence(tmp_path / "b.seq.nrrd", GATES, *fast)).info["gates"] == 8
    nib = pytest.importorskip("nibabel")
    made = nib.Nifti1Image(GATES.transpose(3, 2, 1, 0), np.diag([4, 4.5, 5, 1]))
    made.header.set_xyzt_units("mm", "sec")
    made.header["pixdim"][4] = 20.0
    made.set_sform(np.diag([4, 4.5, 5, 1]), 1)
    nib.save(made, tmp_path / "c.nii")
    with pytest.raises(InputError, match="20 s apart"):
        read_study(tmp_path / "c.nii")


@pytest.mark.parametrize("space", [0, 1, 2, 3])
@pytest.mark.parametrize(("unit", "seconds"), [(0, None), (8, 20.0), (16, 0.02), (24, 2e-5), (32, None)])
def test_time_between_frames_of_nifti_has_its_own_unit(space: int, unit: int, seconds: float | None, tmp_path: Path):
    """Byte 123 has the unit of space in its lowest three bits, and that of time (s, ms, us) in the next three."""
    path = tmp_path / "a.nii"
    sitk.WriteImage(four_dimensional(GATES[:3]), str(path))
    content = bytearray(path.read_bytes())
    content[123] = space | unit
    content[92:96] = struct.pack("<f", 20.0)
    path.write_bytes(content)
    assert check_header(path).frame_seconds == pytest.approx(seconds)


def test_frames_of_nifti_without_a_unit_of_time_are_gates(tmp_path: Path):
    sitk.WriteImage(four_dimensional(GATES[:3]), str(tmp_path / "a.nii"))
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[123] = 2
    (tmp_path / "a.nii").write_bytes(content)
    assert read_study(tmp_path / "a.nii").info["gates"] == 3


def test_too_many_frames_for_gates(tmp_path: Path):
    sitk.WriteImage(four_dimensional(np.repeat(GATES[:1], 33, axis=0)), str(tmp_path / "a.nii"))
    with pytest.raises(InputError, match="at most 32 gates, but found 33"):
        read_study(tmp_path / "a.nii")


def test_a_segmentation_is_no_study(tmp_path: Path):
    with pytest.raises(InputError, match="segmentation"):
        read_study(sequence(tmp_path / "a.seg.nrrd", GATES[:1]))
