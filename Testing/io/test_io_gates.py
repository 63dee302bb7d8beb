"""All gates of a study at once: their sum is the study, each is what --gate reads, and what cannot be said is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_samples import gated
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.gated_study import added
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


def check(path: Path, gates: list[np.ndarray] | np.ndarray) -> None:
    """The gates as given, and the same study as without them."""
    found = read_gates(path)
    assert len(found.gates) == len(gates)
    for number, (gate, counts) in enumerate(zip(found.gates, gates, strict=True), 1):
        np.testing.assert_allclose(gate.array, counts, rtol=1e-5)
        np.testing.assert_array_equal(gate.array, read_study(path, gate=number).array)
        assert gate.info["gate"] == number
        np.testing.assert_allclose(gate.grid.matrix, found.total.grid.matrix)
    np.testing.assert_array_equal(found.total.array, read_study(path).array)
    np.testing.assert_allclose(found.total.array, np.sum(gates, axis=0), rtol=1e-5)
    assert found.total.info == read_study(path).info


def test_gates_of_nuclear(tmp_path: Path) -> None:
    ds, counts = gated(4)
    check(save(ds, tmp_path / "a.dcm"), counts)


def gated_pet(gates: int, rows: int = 28) -> tuple[list[Dataset], list[np.ndarray]]:
    """A gated series and the values of each gate."""
    images: list[Dataset] = []
    values = []
    for slot in range(gates):
        series, shown = pet_series(SeriesType=["GATED", "IMAGE"], NumberOfTimeSlots=gates, NumberOfRRIntervals=1)
        for place, ds in enumerate(series):
            ds.NumberOfSlices, ds.ImageIndex = rows, slot * rows + place + 1
            ds.SeriesInstanceUID = images[0].SeriesInstanceUID if images else ds.SeriesInstanceUID
            ds.RescaleSlope = float(ds.RescaleSlope) * (slot + 1)
        images += series
        values.append(shown * (slot + 1))
    return images, values


def test_gates_of_pet(tmp_path: Path) -> None:
    images, values = gated_pet(3)
    for ds in images:
        ds.NominalInterval = 800
    folder = save_series(images, tmp_path / "pet")
    check(folder, values)
    assert read_gates(folder).total.info["interval_ms"] == 800.0


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.gz", "a.mha"])
def test_gates_of_an_image_file(name: str, tmp_path: Path) -> None:
    counts = np.random.default_rng(1).integers(1, 90, (4, 20, 21, 22)).astype(np.float32)
    frames = []
    for gate in counts:
        frame = sitk.GetImageFromArray(gate)
        frame.SetSpacing((6.0, 6.0, 6.0))
        frames.append(frame)
    sitk.WriteImage(sitk.JoinSeries(frames), str(tmp_path / name))
    check(tmp_path / name, counts)


def test_an_ungated_study_has_no_gates(tmp_path: Path) -> None:
    found = read_gates(save(nuclear(), tmp_path / "a.dcm"))
    assert found.gates == ()
    assert "gates" not in found.total.info


@pytest.mark.parametrize(("stated", "expected"), [(750.0, 750.0), (0.0, None), (99999.0, None), (None, None)])
def test_the_interval_is_told_where_it_is_possible(
    stated: float | None, expected: float | None, tmp_path: Path
) -> None:
    ds, _ = gated(4)
    if stated is not None:
        part, beat = Dataset(), Dataset()
        part.NominalInterval = stated
        beat.DataInformationSequence = Sequence([part])
        ds.GatedInformationSequence = Sequence([beat])
    assert read_gates(save(ds, tmp_path / "a.dcm")).total.info.get("interval_ms") == expected


def test_a_gate_without_counts_is_read(tmp_path: Path) -> None:
    ds, counts = gated(4)
    counts = counts.copy()
    counts[2] = 0
    ds.PixelData = counts.tobytes()
    found = read_gates(save(ds, tmp_path / "a.dcm"))
    assert [gate.array.sum() > 0 for gate in found.gates] == [True, True, False, True]


def test_gates_of_unequal_size_or_place_are_refused(tmp_path: Path) -> None:
    images, _ = gated_pet(2)
    for ds in images[28:]:
        ds.ImagePositionPatient = [x + 9.0 for x in ds.ImagePositionPatient]
    with pytest.raises(InputError, match=r"lie where gate 1 lies, but gate 2 does not"):
        read_gates(save_series(images, tmp_path / "moved"))
    volume = read_study(save(nuclear(), tmp_path / "a.dcm"))
    smaller = volume.part(np.zeros(3, int), np.array(volume.grid.size) - 2)
    with pytest.raises(InputError, match=r"size of gate 1 \(32 x 30 x 28\), but gate 2 has 31 x 29 x 27"):
        added([volume, smaller], "a study")
