"""Headers whose voxels are in other files: lists, patterns, Interfile, and files that must not be read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study

ARRAY = np.random.default_rng(0).integers(1, 100, (30, 28, 26)).astype(np.int16)


def meta(path: Path, target: str, *, slices: bool = True) -> Path:
    header = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        "AnatomicalOrientation = RAI\nOffset = 0 0 0\n"
        f"ElementSpacing = 4 4.5 5\nDimSize = 26 28 30\nElementType = MET_SHORT\nElementDataFile = {target}\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header)
    if slices:
        for n, image in enumerate(ARRAY):
            (path.parent / f"s{n:02d}.raw").write_bytes(image.tobytes())
    return path


def nhdr(path: Path, data_file: str) -> Path:
    lines = ["NRRD0005", "type: short", "dimension: 3", "sizes: 26 28 30", "space: left-posterior-superior",
             "space directions: (4,0,0) (0,4.5,0) (0,0,5)", "space origin: (0,0,0)", "endian: little", "encoding: raw",
             f"data file: {data_file}"]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    for n, image in enumerate(ARRAY):
        (path.parent / f"s{n:02d}.raw").write_bytes(image.tobytes())
    return path


LIST = "LIST\n" + "\n".join(f"s{n:02d}.raw" for n in range(30))


@pytest.mark.parametrize("target", [LIST, "s%02d.raw 0 29 1"])
@pytest.mark.parametrize("folder", ["plain", "ünï ☃"])
def test_metaimage_with_a_file_a_slice(target: str, folder: str, tmp_path: Path):
    volume = read_study(meta(tmp_path / folder / "a.mhd", target))
    np.testing.assert_array_equal(volume.array, ARRAY)
    assert "warnings" not in volume.info


@pytest.mark.parametrize("target", [LIST, "s%02d.raw 0 29 1"])
def test_nrrd_with_a_file_a_slice(target: str, tmp_path: Path):
    np.testing.assert_array_equal(read_study(nhdr(tmp_path / "a.nhdr", target)).array, ARRAY)


@pytest.mark.parametrize(("make", "first", "last", "step"), [(meta, 1, 88, 3), (nhdr, 1, 88, 3), (nhdr, 29, 0, -1)])
def test_numbers_of_the_files_may_go_in_steps(make, first: int, last: int, step: int, tmp_path: Path):
    path = make(tmp_path / ("a.mhd" if make is meta else "a.nhdr"), f"x%03d.raw {first} {last} {step}")
    numbers = list(range(first, last + step, step))
    for number, part in zip(numbers, np.array_split(ARRAY, len(numbers)), strict=True):
        (tmp_path / f"x{number:03d}.raw").write_bytes(part.tobytes())
    np.testing.assert_array_equal(read_study(path).array, ARRAY)


@pytest.mark.parametrize("target", [LIST, "s%02d.raw 0 29 1"])
def test_a_slice_that_is_missing_or_short(target: str, tmp_path: Path):
    path = meta(tmp_path / "a.mhd", target)
    (tmp_path / "s07.raw").write_bytes(b"short")
    with pytest.raises(InputError, match="the data must have 43680 bytes"):
        read_study(path)
    (tmp_path / "s07.raw").unlink()
    with pytest.raises(InputError, match=r"s07.raw is missing beside the header"):
        read_study(path)


@pytest.mark.parametrize("make", [meta, nhdr])
@pytest.mark.parametrize("target", ["../secret.raw", "/etc/passwd", "sub/../../secret.raw"])
def test_data_files_elsewhere_are_not_read(make, target: str, tmp_path: Path):
    (tmp_path / "secret.raw").write_bytes(ARRAY.tobytes())
    (tmp_path / "study").mkdir()
    path = make(tmp_path / "study" / ("a.mhd" if make is meta else "a.nhdr"), target)
    with pytest.raises(InputError, match="own folder"):
        read_study(path)


@pytest.mark.parametrize("make", [meta, nhdr])
def test_a_link_out_of_the_folder_or_a_pipe_is_not_read(make, tmp_path: Path):
    (tmp_path / "secret.raw").write_bytes(ARRAY.tobytes())
    (tmp_path / "study").mkdir()
    path = make(tmp_path / "study" / ("a.mhd" if make is meta else "a.nhdr"), "data.raw")
    (tmp_path / "study" / "data.raw").symlink_to(tmp_path / "secret.raw")
    with pytest.raises(InputError, match="own folder"):
        read_study(path)
    (tmp_path / "study" / "data.raw").unlink()
    os.mkfifo(tmp_path / "study" / "data.raw")
    with pytest.raises(InputError, match="missing beside the header"):
        read_study(path)


@pytest.mark.parametrize(
    "target", ["s%02d.raw 0 29 0", "s%02d%s.raw 0 29 1", "s%02d.raw 0 999999999 1", "s%s%n.raw 0 2 1"]
)
def test_patterns_that_are_none(target: str, tmp_path: Path):
    with pytest.raises(InputError):
        read_study(meta(tmp_path / "a.mhd", target))


@pytest.mark.parametrize("numbers", ["29 0 -1", "29 0 1", "29 29 -1"])
def test_numbers_of_a_metaimage_that_run_downwards(numbers: str, tmp_path: Path):
    """MetaIO reads no file then, and the voxels are what was in memory."""
    path = meta(tmp_path / "a.mhd", f"x%03d.raw {numbers}")
    for number, part in enumerate(ARRAY):
        (tmp_path / f"x{number:03d}.raw").write_bytes(part.tobytes())
    with pytest.raises(InputError, match="must be numbered upwards, but 29 to"):
        read_study(path)


@pytest.mark.parametrize("target", ["x%03d.raw 0 0 1", "x%03d.raw 0 14 1", "LIST\nx000.raw\nx001.raw"])
def test_a_metaimage_with_another_number_of_files_than_slices(target: str, tmp_path: Path):
    """MetaIO reads a slice of each file; the other voxels would be what was in memory."""
    path = meta(tmp_path / "a.mhd", target)
    for number in range(15):
        (tmp_path / f"x{number:03d}.raw").write_bytes(ARRAY.tobytes())
    with pytest.raises(InputError, match="one data file for each of its 30 slices, but lists"):
        read_study(path)


@pytest.mark.parametrize("target", [LIST, "s%02d.raw 0 29 1"])
def test_a_slice_that_is_short_beside_one_that_is_long(target: str, tmp_path: Path):
    path = meta(tmp_path / "a.mhd", target)
    content = (tmp_path / "s07.raw").read_bytes()
    (tmp_path / "s07.raw").write_bytes(content[:-2])
    (tmp_path / "s08.raw").write_bytes(content + b"00")
    with pytest.raises(InputError, match=r"each data file must have 1456 bytes, but s07.raw has 1454"):
        read_study(path)


def test_fields_that_come_twice(tmp_path: Path):
    path = meta(tmp_path / "a.mhd", LIST)
    path.write_text(path.read_text(encoding="utf-8").replace("NDims = 3\n", "NDims = 3\nElementSpacing = 9 9 9\n"))
    with pytest.raises(InputError, match="occur only once"):
        read_study(path)


def test_sizes_beyond_memory_are_refused_from_the_header(tmp_path: Path):
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY), str(path), useCompression=True)
    content = path.read_bytes().replace(b"sizes: 26 28 30", b"sizes: 2600 2800 3000")
    path.write_bytes(content)
    with pytest.raises(InputError, match="at most 134217728 voxels, but found 2600 x 2800 x 3000"):
        read_study(path)


def interfile(path: Path, **changes: str | None) -> Path:
    fields = {
        "INTERFILE": "", "name of data file": "a.v", "imagedata byte order": "LITTLEENDIAN", "number format": "float",
        "number of bytes per pixel": "4", "number of dimensions": "3", "matrix size [1]": "26",
        "scaling factor (mm/pixel) [1]": "4", "matrix size [2]": "28", "scaling factor (mm/pixel) [2]": "4.5",
        "matrix size [3]": "30", "scaling factor (mm/pixel) [3]": "5", "patient name": "Secret Sophie",
    } | changes  # fmt: skip
    text = "".join(f"!{k} := {v}\n" for k, v in fields.items() if v is not None)
    path.write_text(text + "!END OF INTERFILE :=\n")
    return path


class TestInterfile:
    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("<f4", {}),
            (">f4", {"imagedata byte order": "BIGENDIAN"}),
            (">u2", {"imagedata byte order": None, "number format": "unsigned integer",
                     "number of bytes per pixel": "2"}),
            ("<i2", {"number format": "signed integer", "number of bytes per pixel": "2"}),
            ("<f4", {"matrix size [3]": None, "number of slices": "30", "scaling factor (mm/pixel) [3]": None,
                     "centre-centre slice separation (pixels)": "1.25"}),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("ending", [".hv", ".h33"])
    def test_voxels_and_spacing(self, code: str, changes: dict, ending: str, tmp_path: Path):
        path = interfile(tmp_path / f"a{ending}", **changes)
        (tmp_path / "a.v").write_bytes(ARRAY.astype(code).tobytes())
        volume = read_study(path)
        np.testing.assert_array_equal(volume.array, ARRAY)
        assert volume.grid.spacing.tolist() == [4, 4.5, 5]
        assert any("Interfile does not define patient axes" in warning for warning in volume.info["warnings"])
        assert "Sophie" not in str(volume.info)
        unsaid = changes.get("imagedata byte order", "") is None
        assert len(read_study(path, orientation="LPS").info.get("warnings", [])) == unsaid

    def test_offset(self, tmp_path: Path):
        path = interfile(tmp_path / "a.hv", **{"data offset in bytes[1]": "512"})
        (tmp_path / "a.v").write_bytes(bytes(512) + ARRAY.astype("<f4").tobytes())
        np.testing.assert_array_equal(read_study(path).array, ARRAY)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"process status": "acquired"}, "projections"),
            ({"matrix axis label [2]": "view"}, "projections"),
            ({"matrix size [2]": "x"}, "three whole numbers"),
            ({"matrix size [2]": "1000000"}, "at most"),
            ({"scaling factor (mm/pixel) [1]": "0"}, "spacing must be positive"),
            ({"number format": "ascii"}, "number format"),
            ({"name of data file": "../a.v"}, "own folder"),
            ({"name of data file": "b.v"}, "missing beside the header"),
            ({"matrix size [3]": "31"}, "the data must have"),
        ],
    )
    def test_refused(self, changes: dict, words: str, tmp_path: Path):
        (tmp_path / "study").mkdir()
        path = interfile(tmp_path / "study" / "a.hv", **changes)
        (tmp_path / "study" / "a.v").write_bytes(ARRAY.astype("<f4").tobytes())
        with pytest.raises(InputError, match=words):
            read_study(path)
