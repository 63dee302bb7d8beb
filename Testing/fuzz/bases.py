"""Small studies of every kind that the readers take, as the files of a folder: ``{name: bytes}``."""

from __future__ import annotations

import gzip
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "io"))
import dicom_samples as made

Files = dict[str, bytes]
SECRETS = tuple(made.PERSONAL.values())
"""What must not be told."""
ARRAY = made.counts(made.SLICES)
TURNED = (0.9396926, -0.3420201, 0.0, 0.3420201, 0.9396926, 0.0, 0.0, 0.0, 1.0)
"""By 20 degrees about z: a direction that is lost shows."""


@dataclass(frozen=True)
class Base:
    """A study.

    Attributes:
        files: of its folder.
        target: what is read: a file of the folder, or "" for the folder itself.
        options: of ``read_study``.
    """

    files: Files
    target: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def _written(write: Callable[[Path], None]) -> Files:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def _identified(ds: Dataset, number: int = 1) -> Dataset:
    """With identifiers that are always the same, so that a seed always makes the same bytes."""
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"2.25.{1000 + number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
    return ds


def _one(ds: Dataset) -> Base:
    _identified(ds)
    return Base(_written(lambda folder: made.save(ds, folder / "study.dcm")), "study.dcm")


def _complete(**attributes: Any) -> dict[str, Any]:
    """What real objects have besides."""
    return {"NumberOfSlices": made.SLICES, "NumberOfEnergyWindows": 1, "NumberOfDetectors": 1, "NumberOfRotations": 1,
            "SliceThickness": 4.25, "RescaleSlope": 2.0, "RescaleIntercept": 0.0, "ImageID": "Recon",
            **attributes}  # fmt: skip


def _windows() -> Base:
    ds = made.nuclear(
        pixels=made.counts(2 * made.SLICES),
        **_complete(
            SliceVector=np.tile(np.arange(1, made.SLICES + 1), 2).tolist(),
            EnergyWindowVector=[1] * made.SLICES + [2] * made.SLICES,
            NumberOfEnergyWindows=2,
        ),
    )
    described = []
    for low, high in ((114.0, 126.0), (126.5, 154.5)):
        window, limits = Dataset(), Dataset()
        limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = low, high
        window.EnergyWindowRangeSequence = Sequence([limits])
        described.append(window)
    code, drug = Dataset(), Dataset()
    code.CodeMeaning, drug.RadionuclideCodeSequence = "^99m^Technetium", Sequence([code])
    ds.EnergyWindowInformationSequence = Sequence(described)
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    return _one(ds)


def _pet() -> Base:
    series, _ = made.pet_series(NumberOfSlices=28, SeriesType=["STATIC", "IMAGE"], Units="BQML")
    for n, ds in enumerate(series):
        ds.ImageIndex = n + 1
        _identified(ds, n)
    return Base(_written(lambda folder: made.save_series(series, folder)))


def _enhanced(compressed: bool) -> Base:
    ds, _ = made.enhanced_pet()
    if compressed:
        ds.compress(RLELossless)
    return _one(ds)


def _image() -> sitk.Image:
    image = sitk.GetImageFromArray(ARRAY.astype(np.int16))
    image.SetSpacing((4.0, 4.5, 5.0))
    image.SetOrigin((-50.0, -60.0, 300.0))
    image.SetDirection(TURNED)
    return image


def _file(name: str, compressed: bool = False) -> Base:
    return Base(_written(lambda folder: sitk.WriteImage(_image(), str(folder / name), compressed)), name)


def _list() -> Base:
    files = _file("study.mhd").files
    header = files["study.mhd"].replace(b"ElementDataFile = study.raw", b"ElementDataFile = LIST")
    names = [f"slice{n:02d}.raw" for n in range(len(ARRAY))]
    header += "".join(f"{name}\n" for name in names).encode()
    return Base(
        {"study.mhd": header} | {n: a.astype("<i2").tobytes() for n, a in zip(names, ARRAY, strict=True)}, "study.mhd"
    )


def _second() -> Base:
    """NIfTI-2 of the NIfTI-1 file."""
    first = _file("study.nii").files["study.nii"]
    dim, pixdim = struct.unpack_from("<8h", first, 40), struct.unpack_from("<8f", first, 76)
    header = bytearray(544)
    struct.pack_into("<i8shh8q", header, 0, 540, b"n+2\0\r\n\x1a\n", *struct.unpack_from("<hh", first, 70), *dim)
    struct.pack_into("<8dqdd", header, 104, *pixdim, 544, 1.0, 0.0)
    struct.pack_into("<ii6d12d", header, 344, *struct.unpack_from("<hh", first, 252),
                     *struct.unpack_from("<6f", first, 256), *struct.unpack_from("<12f", first, 280))  # fmt: skip
    struct.pack_into("<i", header, 500, first[123])
    return Base({"study.nii": bytes(header) + first[352:]}, "study.nii")


def _sequence() -> Base:
    lines = ["NRRD0005", "type: short", "dimension: 4", "space: left-posterior-superior",
             "sizes: 2 32 30 28", "space directions: none (4,0,0) (0,4.5,0) (0,0,5)",
             "kinds: list domain domain domain", "endian: little", "encoding: gzip",
             "space origin: (1,2,3)"]  # fmt: skip
    voxels = gzip.compress(np.stack([ARRAY, ARRAY[::-1]], axis=-1).astype("<i2").tobytes())
    return Base({"study.seq.nrrd": ("\n".join(lines) + "\n\n").encode() + voxels}, "study.seq.nrrd")


def _interfile() -> Base:
    k, j, i = ARRAY.shape
    lines = ["!INTERFILE :=", "!imaging modality := nucmed", "!originating system := workstation",
             "!name of data file := study.v", "imagedata byte order := LITTLEENDIAN", "!number format := float",
             "!number of bytes per pixel := 4", "number of dimensions := 3", f"!matrix size [1] := {i}",
             "scaling factor (mm/pixel) [1] := 4", f"!matrix size [2] := {j}", "scaling factor (mm/pixel) [2] := 4.5",
             f"!matrix size [3] := {k}", "scaling factor (mm/pixel) [3] := 5", f"patient name := {SECRETS[0]}",
             "!process status := reconstructed", "!END OF INTERFILE :="]  # fmt: skip
    files = {"study.hv": ("\n".join(lines) + "\n").encode(), "study.v": ARRAY.astype("<f4").tobytes()}
    return Base(files, "study.hv", {"orientation": "LPS"})


MAKERS: dict[str, Callable[[], Base]] = {
    "NM": lambda: _one(made.nuclear(**_complete())),
    "NM gated": lambda: _one(made.gated(4, **_complete(NumberOfRRIntervals=1))[0]),
    "NM windows": _windows,
    "PET series": _pet,
    "PET enhanced": lambda: _enhanced(compressed=False),
    "PET enhanced, RLE": lambda: _enhanced(compressed=True),
    "NRRD": lambda: _file("study.nrrd"),
    "NRRD, gzip": lambda: _file("study.nrrd", compressed=True),
    "NRRD header and data": lambda: _file("study.nhdr"),
    "NRRD sequence": _sequence,
    "NIfTI-1": lambda: _file("study.nii"),
    "NIfTI-1, gzip": lambda: _file("study.nii.gz"),
    "NIfTI-2": _second,
    "MetaImage": lambda: _file("study.mha"),
    "MetaImage, packed": lambda: _file("study.mha", compressed=True),
    "MetaImage header and data": lambda: _file("study.mhd"),
    "MetaImage list": _list,
    "Interfile": _interfile,
}
KINDS = tuple(MAKERS)


@cache
def base(kind: str) -> Base:
    """The clean study of a kind."""
    return MAKERS[kind]()
