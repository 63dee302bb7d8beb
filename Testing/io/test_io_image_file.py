"""NRRD, NIfTI and MetaImage: same voxels at the same places, and every way a file can be wrong."""

from __future__ import annotations

import gzip
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study

SPACING = (4.0, 4.5, 5.0)
NAMES = ("a.nrrd", "a.nhdr", "a.mha", "a.mhd", "a.nii", "a.nii.gz", "packed.nrrd", "packed.mha")


def image(dtype: type = np.int16, seed: int = 0) -> sitk.Image:
    """26 x 28 x 30 voxels along i, j, k, turned by 20 degrees about z."""
    array = np.random.default_rng(seed).integers(1, 100, (30, 28, 26)).astype(dtype)
    made = sitk.GetImageFromArray(array)
    made.SetSpacing(SPACING)
    made.SetOrigin((-50.0, -60.0, 300.0))
    c, s = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    made.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
    return made


def write(made: sitk.Image, path: Path) -> Path:
    sitk.WriteImage(made, str(path), useCompression=path.name.startswith("packed"))
    return path


def refusal(path: Path) -> str:
    """The message with which a file is refused: always one line that names it."""
    with pytest.raises(InputError) as caught:
        read_study(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_the_same_volume(name: str, tmp_path: Path):
    made = image()
    volume = read_study(write(made, tmp_path / name))
    assert volume.array.dtype == np.float32
    assert (volume.array == sitk.GetArrayFromImage(made)).all()
    index = (7, 5, 3)
    assert volume.grid.at(index) == pytest.approx(made.TransformIndexToPhysicalPoint(index), abs=1e-3)
    assert volume.info["modality"] == "unknown"


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_every_number_type_becomes_float32(dtype: type, tmp_path: Path):
    made = image(dtype)
    volume = read_study(write(made, tmp_path / "a.nrrd"))
    assert volume.array.dtype == np.float32
    assert volume.array == pytest.approx(sitk.GetArrayFromImage(made))


def test_left_handed_axes_are_made_right_handed(tmp_path: Path):
    made = image()
    made.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, -1))
    volume = read_study(write(made, tmp_path / "a.nrrd"))
    assert np.linalg.det(volume.grid.direction) == pytest.approx(1)
    point = made.TransformIndexToPhysicalPoint((7, 5, 3))
    i, j, k = np.round(volume.grid.index_of(point)).astype(int)
    assert volume.array[k, j, i] == made[7, 5, 3]


def test_two_dimensions_vectors_and_complex_are_refused(tmp_path: Path):
    assert "found 2D" in refusal(write(image()[:, :, 3], tmp_path / "flat.nrrd"))
    colour = sitk.Compose([sitk.Cast(image(), sitk.sitkUInt8)] * 3)
    assert "vector" in refusal(write(colour, tmp_path / "rgb.nrrd"))
    number = sitk.Cast(image(), sitk.sitkFloat32)
    assert "complex" in refusal(write(sitk.RealAndImaginaryToComplex(number, number), tmp_path / "c.nii"))
    assert "PNG picture" in refusal(write(sitk.Cast(image()[:, :, 3], sitk.sitkUInt8), tmp_path / "a.png"))


@pytest.mark.parametrize("name", ["a.nrrd", "packed.nrrd", "a.mha", "packed.mha", "a.nii", "a.nii.gz"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.97])
def test_truncated_files_are_refused_without_noise(name: str, kept: float, tmp_path: Path, capfd):
    path = write(image(), tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    refusal(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "data"), [("a.nhdr", "a.raw"), ("a.mhd", "a.raw")])
def test_truncated_or_absent_data_files_are_refused(name: str, data: str, tmp_path: Path, capfd):
    path = write(image(), tmp_path / name)
    content = (tmp_path / data).read_bytes()
    (tmp_path / data).write_bytes(content[:9000])
    refusal(path)
    (tmp_path / data).unlink()
    refusal(path)
    assert capfd.readouterr() == ("", "")


def test_missing_empty_and_foreign_files(tmp_path: Path, capfd):
    assert "no such file" in refusal(tmp_path / "nothing.nrrd")
    for name in ("empty.nrrd", "empty.dcm", "empty.nii.gz"):
        (tmp_path / name).touch()
        assert "empty (0 bytes)" in refusal(tmp_path / name)
    for name in ("text.txt", "text.nrrd", "text.mha", "text.mhd", "text.nii", "text.nii.gz", "text.dcm", "text"):
        (tmp_path / name).write_text("hello, this is no image\n" * 50)
        refusal(tmp_path / name)
    (tmp_path / "a.hdr").write_bytes(b"\0" * 348)
    assert "not reliably define left and right" in refusal(tmp_path / "a.hdr")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("directions", ["(2,0) (0,3)", "(x,0) (0,3)", "none"])
def test_directions_of_a_flat_nrrd_are_not_read(directions: str, tmp_path: Path):
    path = tmp_path / "a.nrrd"
    header = f"NRRD0004\ntype: uchar\ndimension: 2\nspace dimension: 2\nsizes: 26 28\nspace directions: {directions}"
    path.write_bytes(header.encode() + b"\nencoding: raw\n\n" + bytes(26 * 28))
    assert "spacing" not in refusal(path)


@pytest.mark.parametrize("spacings", ["0 4 4", "-4 4 4", "nan 4 4", "inf 4 4"])
def test_nrrd_spacing_is_not_replaced(spacings: str, tmp_path: Path):
    path = tmp_path / "a.nrrd"
    header = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 26 28 30\nspacings: {spacings}\nencoding: raw\n\n"
    path.write_bytes(header.encode() + bytes(range(210)) * 104)
    assert "spacing must be positive" in refusal(path)


def test_nrrd_without_spacing_and_with_empty_directions(tmp_path: Path):
    header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 26 28 30\nencoding: raw\n\n"
    path = tmp_path / "a.nrrd"
    path.write_bytes(header.encode() + bytes(range(210)) * 104)
    assert "found none" in refusal(path)
    path = write(image(), tmp_path / "b.nrrd")
    lines = path.read_bytes().split(b"\n")
    at = next(n for n, line in enumerate(lines) if line.startswith(b"space directions"))
    for directions in (b"(0,0,0) (0,4,0) (0,0,4)", b"none (0,4,0) (0,0,4)", b"(x,0,0) (0,4,0) (0,0,4)"):
        lines[at] = b"space directions: " + directions
        path.write_bytes(b"\n".join(lines))
        assert "spacing must be positive" in refusal(path)


@pytest.mark.parametrize("spacing", ["0 4 4", "-4 4 4", "nan 4 4", "", "four 4 4"])
def test_meta_spacing_is_not_replaced(spacing: str, tmp_path: Path):
    path = write(image(), tmp_path / "a.mha")
    path.write_bytes(path.read_bytes().replace(b"ElementSpacing = 4 4.5 5", f"ElementSpacing = {spacing}".encode()))
    assert "spacing must be positive" in refusal(path)


@pytest.mark.parametrize("spacing", [0.0, -4.0, float("nan")])
@pytest.mark.parametrize("packed", [False, True])
def test_nifti_spacing_is_not_replaced(spacing: float, packed: bool, tmp_path: Path):
    content = bytearray(write(image(), tmp_path / "a.nii").read_bytes())
    content[80:84] = struct.pack("<f", spacing)
    path = tmp_path / ("b.nii.gz" if packed else "b.nii")
    path.write_bytes(gzip.compress(bytes(content)) if packed else bytes(content))
    assert "spacing must be positive" in refusal(path)


def test_gate_of_an_image_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="omit --gate"):
        read_study(write(image(), tmp_path / "a.nrrd"), gate=1)


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "a.nii", "a.nii.gz"])
def test_damaged_headers_never_raise_anything_else(name: str, tmp_path: Path):
    path = write(image(), tmp_path / name)
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(40):
        content = bytearray(whole)
        for at in rng.integers(0, 400, 3):
            content[at] = rng.integers(0, 256)
        path.write_bytes(content)
        with suppress(InputError):
            read_study(path)


@pytest.mark.parametrize("name", ["packed.mha", "packed.mhd", "packed.nrrd", "packed.nhdr", "packed.nii.gz"])
def test_damaged_packed_data_are_refused(name: str, tmp_path: Path, capfd):
    """ITK reads some of them without an error, and leaves uninitialised memory in the image."""
    path = write(image(), tmp_path / name)
    whole = read_study(path).array
    data = next((p for p in tmp_path.iterdir() if p.suffix in (".zraw", ".gz", ".raw")), path)
    content = data.read_bytes()
    start = {".mha": content.find(b"LOCAL") + 6, ".nrrd": content.find(b"\n\n") + 2}.get(data.suffix, 0)
    for at in np.linspace(start + 20, len(content) - 2, 12).astype(int):
        changed = bytearray(content)
        changed[at] ^= 0x10
        data.write_bytes(bytes(changed))
        assert "damaged" in refusal(path)
    data.write_bytes(content)
    assert (read_study(path).array == whole).all()
    assert capfd.readouterr() == ("", "")
