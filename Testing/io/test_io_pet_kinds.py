"""All kinds of PET: dynamic, gated, concatenated, enhanced, legacy converted, and what scales its counts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_samples import COLUMNS
from dicom_samples import POSITION
from dicom_samples import ROWS
from dicom_samples import SLICES
from dicom_samples import counts
from dicom_samples import enhanced_pet
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import dicom_file
from MSSTUNetReorientLib.io import read_study
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless
from pydicom.uid import generate_uid


def dynamic(times: int = 3, **attributes) -> tuple[list[Dataset], list[np.ndarray]]:
    """A dynamic series whose time frames are 1, 2, 3 ... times as bright and 10, 20, 30 ... s long."""
    images, values = [], []
    for n in range(times):
        series, shown = pet_series(
            SeriesType=["DYNAMIC", "IMAGE"], NumberOfTimeSlices=times, NumberOfSlices=28, Units="BQML",
            FrameReferenceTime=1000.0 * n, ActualFrameDuration=10_000 * (n + 1),
        )  # fmt: skip
        for place, ds in enumerate(series):
            ds.ImageIndex = n * 28 + place + 1
            ds.SeriesInstanceUID = images[0].SeriesInstanceUID if images else ds.SeriesInstanceUID
            ds.RescaleSlope = float(ds.RescaleSlope) * (n + 1)
            for keyword, value in attributes.items():
                setattr(ds, keyword, value)
        images += series
        values.append(shown * (n + 1))
    return images, values


def test_dynamic_frames_are_summed_by_their_length(tmp_path: Path):
    images, values = dynamic()
    folder = save_series(images, tmp_path)
    with pytest.raises(InputError, match=r"DYNAMIC study of 3 time frames.*--frames A-B"):
        read_study(folder)
    volume = read_study(folder, frames=(2, 3))
    expected = (values[1] * 20 + values[2] * 30) / 50
    np.testing.assert_allclose(volume.array, expected, rtol=1e-5)
    assert (volume.info["time_frames"], volume.info["frames"]) == (3, "2-3")
    np.testing.assert_allclose(read_study(folder, frames=(1, 1)).array, values[0], rtol=1e-5)
    with pytest.raises(InputError, match="1 to 3"):
        read_study(folder, frames=(3, 4))


def test_dynamic_counts_add_up(tmp_path: Path):
    images, values = dynamic(Units="CNTS")
    volume = read_study(save_series(images, tmp_path), frames=(1, 3))
    np.testing.assert_allclose(volume.array, sum(values), rtol=1e-5)


def test_dynamic_frames_by_time_where_they_are_not_numbered(tmp_path: Path):
    images, values = dynamic(ImageIndex=None, NumberOfTimeSlices=None)
    volume = read_study(save_series(images, tmp_path), frames=(3, 3))
    np.testing.assert_allclose(volume.array, values[2], rtol=1e-5)


def test_a_series_that_hides_that_it_is_dynamic(tmp_path: Path):
    images, _ = dynamic(SeriesType=["STATIC", "IMAGE"], ImageIndex=None)
    with pytest.raises(InputError, match="DYNAMIC study of 3"):
        read_study(save_series(images, tmp_path))


def test_copies_are_dropped(tmp_path: Path):
    series, values = pet_series()
    folder = save_series(series, tmp_path)
    for path in sorted(folder.iterdir())[:5]:
        shutil.copy(path, path.with_name(path.name + " (1)"))
    np.testing.assert_allclose(read_study(folder).array, values, rtol=1e-6)
    np.testing.assert_allclose(read_study(sorted(folder.iterdir())[0]).array, values, rtol=1e-6)


def test_a_copy_of_a_multiframe_object_is_no_second_series(tmp_path: Path):
    path = save(nuclear(), tmp_path / "a.dcm")
    shutil.copy(path, tmp_path / "b.dcm")
    np.testing.assert_array_equal(read_study(tmp_path).array, counts(SLICES))


def test_linked_folders_are_followed_once(tmp_path: Path):
    save(nuclear(), tmp_path / "real" / "a.dcm")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "study" / "loop").symlink_to(tmp_path / "study")
    np.testing.assert_array_equal(read_study(tmp_path / "study").array, counts(SLICES))


@pytest.mark.parametrize("missing", [1, 9, 28])
def test_slopes_that_are_missing(missing: int, tmp_path: Path):
    series, _ = pet_series()
    for ds in series[:missing]:
        del ds.RescaleSlope
    with pytest.raises(InputError, match=f"RescaleSlope, but {missing} of 28 have none"):
        read_study(save_series(series, tmp_path))


@pytest.mark.parametrize("slope", [0.0, -2.0])
def test_slopes_that_are_none(slope: float, tmp_path: Path):
    series, _ = pet_series(RescaleSlope=slope)
    with pytest.raises(InputError, match="RescaleSlope must be positive"):
        read_study(save_series(series, tmp_path))


def test_units_that_differ(tmp_path: Path):
    series, _ = pet_series(Units="BQML")
    series[3].Units = "CNTS"
    with pytest.raises(InputError, match="one unit, but found 2"):
        read_study(save_series(series, tmp_path))


class TestListing:
    def test_lists_corrections_time_and_kind(self, tmp_path: Path):
        common = {"AcquisitionTime": "101530.00"}
        corrected, _ = pet_series(SeriesNumber=1, CorrectedImage=["DECY", "ATTN"], **common)
        plain, _ = pet_series(SeriesNumber=2, CorrectedImage=["DECY"], **common)
        save_series(corrected, tmp_path / "a")
        save_series(plain, tmp_path / "b")
        save_series(dynamic(SeriesNumber=3)[0], tmp_path / "c")
        save(nuclear(SeriesNumber=4, ImageID="SA", NumberOfTimeSlots=8), tmp_path / "d.dcm")
        with pytest.raises(InputError) as caught:
            read_study(tmp_path)
        message = str(caught.value)
        assert "1 = PT 32x30x28 AC 10:15; 2 = PT 32x30x28 NAC 10:15; 3 = PT 32x30x84 3 time frames; " in message
        assert "4 = NM RECON TOMO 32x30x28 short axis 8 gates (d.dcm)" in message
        assert "Sophie" not in message


def real_world(slope: float | None, intercept: float = 0.0) -> Sequence:
    mapping = Dataset()
    if slope is not None:
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = slope, intercept
    return Sequence([mapping])


class TestEnhanced:
    def test_legacy_converted(self, tmp_path: Path):
        ds, values = enhanced_pet()
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.128.1"
        np.testing.assert_allclose(read_study(save(ds, tmp_path / "a.dcm")).array, values, rtol=1e-6)

    def test_real_world_values_alone(self, tmp_path: Path):
        ds, values = enhanced_pet()
        for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
            del group.PixelValueTransformationSequence
            group.RealWorldValueMappingSequence = real_world(1.0 + n)
        np.testing.assert_allclose(read_study(save(ds, tmp_path / "a.dcm")).array, values, rtol=1e-6)

    def test_real_world_values_that_differ_behind_one_rescale(self, tmp_path: Path):
        ds, values = enhanced_pet()
        for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
            group.PixelValueTransformationSequence[0].RescaleSlope = 1.0
            group.RealWorldValueMappingSequence = real_world(1.0 + n)
        np.testing.assert_allclose(read_study(save(ds, tmp_path / "a.dcm")).array, values, rtol=1e-6)

    def test_rescale_is_used_where_it_distinguishes_frames(self, tmp_path: Path):
        ds, values = enhanced_pet()
        for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
            group.RealWorldValueMappingSequence = real_world(0.01 * (1.0 + n))
        np.testing.assert_allclose(read_study(save(ds, tmp_path / "a.dcm")).array, values, rtol=1e-6)

    def test_scales_of_some_frames_only(self, tmp_path: Path):
        ds, _ = enhanced_pet()
        del ds.PerFrameFunctionalGroupsSequence[4].PixelValueTransformationSequence
        with pytest.raises(InputError, match="each of 28 frames needs a scale, but 1 have none"):
            read_study(save(ds, tmp_path / "a.dcm"))
        for slope in (None, 0.0, -1.0):
            ds, _ = enhanced_pet()
            ds.PerFrameFunctionalGroupsSequence[4].RealWorldValueMappingSequence = real_world(slope)
            with pytest.raises(InputError, match="positive slope"):
                read_study(save(ds, tmp_path / "b.dcm"))

    def test_compressed_frames_are_scaled_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """By pydicom's decoder, and by ITK's where pydicom has none."""
        ds, values = enhanced_pet()
        ds.compress(RLELossless)
        path = save(ds, tmp_path / "a.dcm")
        np.testing.assert_allclose(read_study(path).array, values, rtol=1e-6)

        def no_decoder(dataset: Dataset) -> None:
            raise RuntimeError

        monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(no_decoder))
        np.testing.assert_allclose(read_study(path).array, values, rtol=1e-6)

    def test_a_concatenation(self, tmp_path: Path):
        ds, values = enhanced_pet()
        pixels = ds.pixel_array
        uid = generate_uid()
        for n, part in enumerate((slice(0, 10), slice(10, 28))):
            piece, _ = enhanced_pet()
            piece.SeriesInstanceUID, piece.ConcatenationUID = "1.2.3", uid
            piece.InConcatenationNumber, piece.InConcatenationTotalNumber = n + 1, 2
            piece.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[part]
            piece.NumberOfFrames, piece.PixelData = len(pixels[part]), pixels[part].tobytes()
            save(piece, tmp_path / f"{n}.dcm")
        np.testing.assert_allclose(read_study(tmp_path).array, values, rtol=1e-6)
        np.testing.assert_allclose(read_study(tmp_path / "1.dcm").array, values, rtol=1e-6)
        (tmp_path / "0.dcm").unlink()
        with pytest.raises(InputError, match="all 2 objects of a concatenation"):
            read_study(tmp_path)

    def gated(self, gates: int, mark) -> tuple[Dataset, np.ndarray]:
        """Frames of several volumes at the same places, marked by ``mark(group, gate)``."""
        pixels = counts(gates * SLICES)
        one, _ = enhanced_pet()
        groups = []
        for n in range(gates * SLICES):
            group, plane = Dataset(), Dataset()
            plane.ImagePositionPatient = [POSITION[0], POSITION[1], POSITION[2] + (n % SLICES) * 4.5]
            group.PlanePositionSequence = Sequence([plane])
            mark(group, n // SLICES)
            groups.append(group)
        one.PerFrameFunctionalGroupsSequence = Sequence(groups)
        one.NumberOfFrames, one.PixelData = len(pixels), pixels.tobytes()
        return one, pixels.reshape(gates, SLICES, ROWS, COLUMNS)

    def test_gates(self, tmp_path: Path):
        def mark(group: Dataset, gate: int) -> None:
            cardiac = Dataset()
            cardiac.NominalPercentageOfCardiacPhase = gate * 12.5
            group.CardiacSynchronizationSequence = Sequence([cardiac])

        ds, pixels = self.gated(8, mark)
        path = save(ds, tmp_path / "a.dcm")
        np.testing.assert_allclose(read_study(path).array, pixels.sum(axis=0, dtype=float))
        np.testing.assert_array_equal(read_study(path, gate=3).array, pixels[2])
        assert read_study(path).info["gates"] == 8

    def test_times(self, tmp_path: Path):
        def mark(group: Dataset, time: int) -> None:
            content = Dataset()
            content.TemporalPositionIndex, content.FrameAcquisitionDuration = time + 1, 1000.0
            group.FrameContentSequence = Sequence([content])

        ds, pixels = self.gated(11, mark)
        path = save(ds, tmp_path / "a.dcm")
        with pytest.raises(InputError, match="DYNAMIC study of 11"):
            read_study(path)
        np.testing.assert_array_equal(read_study(path, frames=(10, 10)).array, pixels[9])

    def test_frames_at_one_place_that_nothing_distinguishes(self, tmp_path: Path):
        ds, _ = self.gated(2, lambda group, gate: None)
        with pytest.raises(InputError, match="2 frames share each position"):
            read_study(save(ds, tmp_path / "a.dcm"))


@pytest.mark.parametrize(("rows", "frames"), [(2000, 28), (30, 2_000_000)])
def test_absurd_sizes_are_refused_before_they_are_allocated(rows: int, frames: int, tmp_path: Path):
    ds = nuclear(SliceVector=None)
    ds.Rows, ds.NumberOfFrames = rows, frames
    with pytest.raises(InputError, match=f"found {frames} of {rows} x 32"):
        read_study(save(ds, tmp_path / "a.dcm"))


def test_a_fault_of_the_program_is_not_called_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        msg = "our own"
        raise KeyError(msg)

    path = save(nuclear(), tmp_path / "a.dcm")
    monkeypatch.setattr(dicom_file, "_padding", broken)
    with pytest.raises(KeyError, match="our own"):
        read_study(path)


def test_a_pipe_is_refused_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="regular file"):
        read_study(tmp_path / "pipe")
    with pytest.raises(InputError, match="no DICOM image"):
        read_study(tmp_path)
