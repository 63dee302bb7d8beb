"""DICOM files that are damaged, and the patient who must not leak."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from dicom_samples import PERSONAL
from dicom_samples import SLICES
from dicom_samples import counts
from dicom_samples import enhanced_pet
from dicom_samples import gated
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study
from pydicom.uid import RLELossless


@pytest.mark.parametrize("kept", [140, 300, 900, 0.3, 0.99])
def test_truncated_dicom_is_refused_without_noise(kept: float, tmp_path: Path, capfd):
    path = save(nuclear(), tmp_path / "a.dcm")
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(len(content) * kept)])
    with pytest.raises(InputError) as caught:
        read_study(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("meta", [True, False])
def test_dicom_without_preamble_is_read(meta: bool, tmp_path: Path):
    path = save(nuclear(), tmp_path / "a.dcm")
    whole = read_study(path)
    content = path.read_bytes()
    path.write_bytes(content[132:] if meta else content[content.index(b"\x08\x00\x08\x00CS") :])
    assert (read_study(path).array == whole.array).all()


def test_compressed_pixels_are_read(tmp_path: Path):
    plain, packed = nuclear(), nuclear()
    packed.compress(RLELossless)
    a, b = (read_study(save(ds, tmp_path / name)) for ds, name in ((plain, "a.dcm"), (packed, "b.dcm")))
    assert (a.array == b.array).all()


@pytest.mark.parametrize(
    ("allocated", "stored", "read"),
    [(16, 16, True), (16, 12, True), (16, 8, True), (16, 7, False), (16, 17, False), (64, 16, False), (12, 12, False)],
)
def test_bits_of_a_pixel(allocated: int, stored: int, read: bool, tmp_path: Path):
    values = counts(SLICES) % 2**7
    ds = nuclear(pixels=values, BitsAllocated=allocated, BitsStored=stored, HighBit=stored - 1)
    if allocated == 64:
        ds.PixelData = values.astype(np.uint64).tobytes()
    path = save(ds, tmp_path / "a.dcm")
    if read:
        np.testing.assert_array_equal(read_study(path).array, values)
    else:
        with pytest.raises(InputError, match="a pixel must have"):
            read_study(path)


def test_damaged_headers_never_raise_anything_else(tmp_path: Path):
    path = save(nuclear(), tmp_path / "a.dcm")
    whole = path.read_bytes()
    header = whole.index(b"\xe0\x7f\x10\x00")
    rng = np.random.default_rng(7)
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(132, header + 12, 3):
            content[at] = rng.integers(0, 256)
        path.write_bytes(content)
        with suppress(InputError):
            read_study(path)


def test_nothing_personal_is_kept(tmp_path: Path):
    paths = [
        save(nuclear(), tmp_path / "nm.dcm"),
        save(gated()[0], tmp_path / "gated.dcm"),
        save(enhanced_pet()[0], tmp_path / "pet.dcm"),
        save_series(pet_series()[0], tmp_path / "series"),
    ]
    for path in paths:
        info = json.dumps(read_study(path).info)
        for value in PERSONAL.values():
            assert value not in info
        assert "1.2." not in info, "no UID either"
