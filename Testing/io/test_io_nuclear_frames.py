"""Frame indices of NM objects: windows, gates, R-R intervals and times in any order, with and without their vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_samples import COLUMNS
from dicom_samples import ROWS
from dicom_samples import SLICES
from dicom_samples import counts
from dicom_samples import nuclear
from dicom_samples import save
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.nuclear_frames import frame_table
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

NAMES = ("EnergyWindow", "RRInterval", "TimeSlot", "Slice")
COUNTS = ("NumberOfEnergyWindows", "NumberOfRRIntervals", "NumberOfTimeSlots", "NumberOfSlices")


def header(sizes: tuple[int, int, int, int], order: np.ndarray, start: int = 1) -> tuple[Dataset, np.ndarray]:
    """Vectors of every combination, frames in ``order``; and the true indices ``(N, 4)``."""
    true = np.stack(np.unravel_index(order, sizes), axis=1)
    ds = Dataset()
    for name, keyword, size, column in zip(NAMES, COUNTS, sizes, true.T, strict=True):
        setattr(ds, f"{name}Vector", (column + start).tolist())
        setattr(ds, keyword, size)
    return ds, true


def indices(ds: Dataset, count: int) -> np.ndarray:
    table = frame_table(ds, count, "study")
    return np.stack([table.index(p) for p in ("energy window", "R-R interval", "gate", "slice")], axis=1)


@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(2, 6)),
    seed=st.integers(0, 99),
    start=st.integers(0, 1),
)
@settings(max_examples=80, deadline=None)
def test_frames_in_any_order(sizes: tuple[int, int, int, int], seed: int, start: int):
    count = int(np.prod(sizes))
    ds, true = header(sizes, np.random.default_rng(seed).permutation(count), start)
    np.testing.assert_array_equal(indices(ds, count), true)
    del ds.NumberOfSlices, ds.NumberOfTimeSlots
    np.testing.assert_array_equal(indices(ds, count), true)


@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(2, 6)),
    dropped=st.sets(st.sampled_from(NAMES), min_size=1),
)
@settings(max_examples=80, deadline=None)
def test_vectors_missing_of_frames_in_the_standards_order(sizes: tuple[int, int, int, int], dropped: set[str]):
    count = int(np.prod(sizes))
    ds, true = header(sizes, np.arange(count))
    for name in dropped:
        delattr(ds, f"{name}Vector")
    np.testing.assert_array_equal(indices(ds, count), true)


@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(2, 6)),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_a_frame_lost_or_repeated_is_refused(sizes: tuple[int, int, int, int], data: st.DataObject):
    count = int(np.prod(sizes))
    ds, _ = header(sizes, np.arange(count))
    place = data.draw(st.integers(0, count - 1))
    other = data.draw(st.integers(0, count - 1).filter(lambda n: n != place))
    for name in NAMES:
        values = [int(v) for v in np.atleast_1d(getattr(ds, f"{name}Vector"))]
        values[place] = values[other]
        setattr(ds, f"{name}Vector", values)
    with pytest.raises(InputError, match="export it again"):
        frame_table(ds, count, "study")


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"NumberOfSlices": SLICES + 1}, "SliceVector counts 28"),
        ({"SliceVector": None, "NumberOfSlices": SLICES + 1}, "cannot be determined"),
        ({"SliceVector": None, "NumberOfEnergyWindows": 2}, "cannot be determined"),
        ({"DetectorVector": [1, 2] * (SLICES // 2)}, "cannot be determined"),
        (
            {"SliceVector": [*range(1, 15)] * 2, "DetectorVector": [1] * 14 + [2] * 14},
            "one detector, but its frames are from 2",
        ),
        (
            {"SliceVector": [*range(1, 15)] * 2, "RotationVector": [1] * 14 + [2] * 14},
            "one rotation, but its frames are from 2",
        ),
        (
            {"SliceVector": [*range(1, 15)] * 2, "AngularViewVector": [1] * 14 + [2] * 14},
            "one angular view, but its frames are from 2",
        ),
        ({"SliceVector": [*range(1, 15)] * 2}, "cannot be determined"),
    ],
)
def test_frames_that_contradict_the_header(attributes: dict, words: str, tmp_path: Path):
    with pytest.raises(InputError, match=words):
        read_study(save(nuclear(**attributes), tmp_path / "a.dcm"))


def test_a_vector_left_over_from_the_acquisition_is_no_index(tmp_path: Path):
    leftover = {"AngularViewVector": list(range(1, 61)), "EnergyWindowVector": [1, 2] * 30}
    ds = nuclear(FrameIncrementPointer=[0x00540080], NumberOfSlices=SLICES, **leftover)
    np.testing.assert_array_equal(read_study(save(ds, tmp_path / "a.dcm")).array, counts(SLICES))
    ds.FrameIncrementPointer = [0x00540010, 0x00540080]
    with pytest.raises(InputError, match="EnergyWindowVector must have a value for each of 28 frames"):
        read_study(save(ds, tmp_path / "b.dcm"))


def test_a_vector_of_all_frames_counts_though_no_pointer_names_it(tmp_path: Path):
    ds = windows(FrameIncrementPointer=[0x00540080])
    with pytest.raises(InputError, match="one energy window is needed"):
        read_study(save(ds, tmp_path / "a.dcm"))


def test_detectors_and_rotations_of_the_scan_are_no_frames(tmp_path: Path):
    ds = nuclear(NumberOfDetectors=2, NumberOfRotations=2, NumberOfEnergyWindows=2, NumberOfSlices=SLICES)
    ds.SliceVector = list(range(1, SLICES + 1))
    np.testing.assert_array_equal(read_study(save(ds, tmp_path / "a.dcm")).array, counts(SLICES))


@pytest.mark.parametrize(
    "slices",
    [
        {"NumberOfSlices": SLICES, "SliceVector": None},
        {"NumberOfSlices": None, "SliceVector": list(range(1, SLICES + 1))},
    ],
)
def test_slices_that_are_stated_in_either_way_leave_no_room_for_windows(slices: dict, tmp_path: Path):
    ds = nuclear(NumberOfEnergyWindows=2, **slices)
    np.testing.assert_array_equal(read_study(save(ds, tmp_path / "a.dcm")).array, counts(SLICES))


def test_gates_of_an_object_that_calls_itself_ungated(tmp_path: Path):
    ds = nuclear(pixels=counts(4 * SLICES), SliceVector=np.tile(np.arange(1, SLICES + 1), 4).tolist())
    ds.TimeSlotVector, ds.NumberOfTimeSlots = np.repeat([1, 2, 3, 4], SLICES).tolist(), 4
    path = save(ds, tmp_path / "a.dcm")
    pixels = counts(4 * SLICES).reshape(4, SLICES, ROWS, COLUMNS)
    np.testing.assert_array_equal(read_study(path).array, pixels.sum(axis=0))
    np.testing.assert_array_equal(read_study(path, gate=2).array, pixels[1])
    assert read_study(path).info["kind"] == "DICOM NM RECON GATED TOMO"


def windows(ranges: list[tuple[float, float]] | None = None, nuclide: str | None = None, **attributes) -> Dataset:
    """Two energy windows in one object."""
    defaults = {
        "pixels": counts(2 * SLICES),
        "SliceVector": np.tile(np.arange(1, SLICES + 1), 2).tolist(),
        "EnergyWindowVector": [1] * SLICES + [2] * SLICES,
        "NumberOfEnergyWindows": 2,
        "NumberOfSlices": SLICES,
    }
    ds = nuclear(**(defaults | attributes))
    described = []
    for n, (low, high) in enumerate(ranges or []):
        item, limits = Dataset(), Dataset()
        item.EnergyWindowName = ("Scatter", "Tc99m Peak")[n]
        limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = low, high
        item.EnergyWindowRangeSequence = Sequence([limits])
        described.append(item)
    ds.EnergyWindowInformationSequence = Sequence(described)
    if nuclide:
        code, drug = Dataset(), Dataset()
        code.CodeMeaning, drug.RadionuclideCodeSequence = nuclide, Sequence([code])
        ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    return ds


PIXELS = counts(2 * SLICES).reshape(2, SLICES, ROWS, COLUMNS)


@pytest.mark.parametrize("nuclide", ["^99m^Technetium", "Technetium-99m", "Tc99m", "Tc-99m"])
def test_the_photopeak_is_taken_where_it_is_identified(nuclide: str, tmp_path: Path):
    path = save(windows([(114, 126), (126.5, 154.5)], nuclide), tmp_path / "a.dcm")
    volume = read_study(path)
    np.testing.assert_array_equal(volume.array, PIXELS[1])
    assert (volume.info["windows"], volume.info["window"]) == (2, 2)
    np.testing.assert_array_equal(read_study(path, window="1").array, PIXELS[0])
    np.testing.assert_array_equal(read_study(path, window="scatter").array, PIXELS[0])


def test_thallium_has_a_main_peak(tmp_path: Path):
    path = save(windows([(59, 84), (150, 184)], "201^Thallium"), tmp_path / "a.dcm")
    np.testing.assert_array_equal(read_study(path).array, PIXELS[0])


@pytest.mark.parametrize(
    ("ranges", "nuclide"),
    [(None, "Tc99m"), ([(114, 126), (126, 154)], None), ([(114, 126), (127, 130)], "Tc99m"),
     ([(120, 150), (126, 154)], "Tc99m"), ([(114, 126), (126, 154)], "Sophie")],
)  # fmt: skip
def test_an_unidentified_photopeak_must_be_selected(ranges: list | None, nuclide: str | None, tmp_path: Path):
    path = save(windows(ranges, nuclide), tmp_path / "a.dcm")
    with pytest.raises(InputError, match="select one with --window N") as caught:
        read_study(path)
    assert "Sophie" not in str(caught.value)
    np.testing.assert_array_equal(read_study(path, window="2").array, PIXELS[1])


@pytest.mark.parametrize(
    ("nuclide", "kev"),
    [("^123^Iodine", 159), ("I-123", 159), ("^131^Iodine", 364), ("^201^Thallium", 70), ("Tl201", 70), ("18F", 511),
     ("F-18", 511), ("^82^Rubidium", 511), ("^111^Indium", 171), ("^67^Gallium", 93)],
)  # fmt: skip
def test_nuclides_by_their_names(nuclide: str, kev: int, tmp_path: Path):
    path = save(windows([(kev - 5, kev + 5), (kev + 6, kev + 12)], nuclide), tmp_path / "a.dcm")
    assert read_study(path).info["window"] == 1


def test_of_two_nuclides_none_is_the_photopeak(tmp_path: Path):
    ds = windows([(59, 84), (126, 154)], "201^Thallium")
    code, drug = Dataset(), Dataset()
    code.CodeMeaning, drug.RadionuclideCodeSequence = "Technetium-99m", Sequence([code])
    ds.RadiopharmaceuticalInformationSequence.append(drug)
    with pytest.raises(InputError, match="select one with --window N"):
        read_study(save(ds, tmp_path / "a.dcm"))


def test_windows_frame_by_frame_and_without_a_slice_vector(tmp_path: Path):
    ds = windows(EnergyWindowVector=[1, 2] * SLICES, SliceVector=None)
    volume = read_study(save(ds, tmp_path / "a.dcm"), window="2")
    np.testing.assert_array_equal(volume.array, counts(2 * SLICES)[1::2])


def test_one_window_of_another_number(tmp_path: Path):
    ds = nuclear(EnergyWindowVector=[2] * SLICES, NumberOfEnergyWindows=2)
    np.testing.assert_array_equal(read_study(save(ds, tmp_path / "a.dcm")).array, counts(SLICES))
    with pytest.raises(InputError, match="no such energy window"):
        read_study(save(ds, tmp_path / "a.dcm"), window="1")


def test_time_slices_are_summed_when_asked_for(tmp_path: Path):
    ds = nuclear(
        pixels=counts(3 * SLICES),
        SliceVector=np.tile(np.arange(1, SLICES + 1), 3).tolist(),
        TimeSliceVector=np.repeat([1, 2, 3], SLICES).tolist(),
    )
    path = save(ds, tmp_path / "a.dcm")
    with pytest.raises(InputError, match="DYNAMIC study of 3 time frames"):
        read_study(path)
    volume = read_study(path, frames=(2, 3))
    np.testing.assert_array_equal(volume.array, counts(3 * SLICES).reshape(3, SLICES, ROWS, COLUMNS)[1:].sum(axis=0))
    assert (volume.info["time_frames"], volume.info["frames"]) == (3, "2-3")
    with pytest.raises(InputError, match="1 to 3"):
        read_study(path, frames=(2, 4))


@pytest.mark.parametrize("times", [2, 3])
def test_a_dynamic_study_however_short_is_not_summed_unasked(times: int, tmp_path: Path):
    ds = nuclear(
        pixels=counts(times * SLICES),
        SliceVector=np.tile(np.arange(1, SLICES + 1), times).tolist(),
        TimeSliceVector=np.repeat(np.arange(1, times + 1), SLICES).tolist(),
    )
    path = save(ds, tmp_path / "a.dcm")
    with pytest.raises(InputError, match=f"DYNAMIC study of {times} time frames"):
        read_study(path)
    last = read_study(path, frames=(times, times))
    np.testing.assert_array_equal(last.array, counts(times * SLICES)[-SLICES:])


@pytest.mark.parametrize("option", [{"frames": (1, 2)}, {"window": "2"}, {"gate": 1}])
def test_what_a_plain_study_does_not_have(option: dict, tmp_path: Path):
    with pytest.raises(InputError):
        read_study(save(nuclear(), tmp_path / "a.dcm"), **option)


def test_slices_in_files_of_their_own(tmp_path: Path):
    pixels = counts(SLICES)
    for n, image in enumerate(pixels):
        one = nuclear(pixels=image, SliceVector=None, ImagePositionPatient=[-60.0, -50.0, 400 + 4.25 * n],
                      SeriesInstanceUID="1.2.3")  # fmt: skip
        save(one, tmp_path / "series" / f"{n * 9 % SLICES:03d}")
    volume = read_study(tmp_path / "series")
    np.testing.assert_array_equal(volume.array, pixels)
    assert volume.grid.at([7, 5, 3]) == pytest.approx([-60 + 28, -50 + 22.5, 400 + 3 * 4.25])


def test_single_frames_without_a_place(tmp_path: Path):
    for n, image in enumerate(counts(SLICES)):
        one = nuclear(pixels=image, SliceVector=None, DetectorInformationSequence=None, SeriesInstanceUID="1.2.3")
        save(one, tmp_path / f"{n:03d}")
    with pytest.raises(InputError, match="needs ImagePositionPatient"):
        read_study(tmp_path)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("padding", "limit"), [(65535, None), (65000, 65535), (0, None)])
def test_padding_is_no_count(signed: bool, padding: int, limit: int | None, tmp_path: Path):
    pixels = counts(SLICES)
    pixels[:, :3] = padding
    pixels[:, 3] = padding if limit is None else 65100
    stored = pixels.view(np.int16) if signed else pixels
    value = int(np.uint16(padding).view(np.int16)) if signed else padding
    ds = nuclear(pixels=stored, PixelPaddingValue=value, RescaleSlope=2.0, RescaleIntercept=1.0)
    if limit is not None:
        ds.PixelPaddingRangeLimit = int(np.uint16(limit).view(np.int16)) if signed else limit
    volume = read_study(save(ds, tmp_path / "a.dcm"))
    expected = pixels * 2.0 + 1.0
    expected[:, :4] = 0
    np.testing.assert_array_equal(volume.array, expected)


def test_modality_pet_of_the_nuclear_class(tmp_path: Path):
    volume = read_study(save(nuclear(Modality="PT"), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(volume.array, counts(SLICES))
    assert volume.info["modality"] == "PT"


def test_geometry_of_another_detector_and_of_detectors_that_differ(tmp_path: Path):
    empty, own = Dataset(), Dataset()
    own.ImagePositionPatient, own.ImageOrientationPatient = [-60, -50, 400], [1, 0, 0, 0, 1, 0]
    volume = read_study(save(nuclear(DetectorInformationSequence=Sequence([empty, own])), tmp_path / "a.dcm"))
    assert volume.grid.origin.tolist() == [-60, -50, 400]
    assert "warnings" not in volume.info
    other = Dataset()
    other.ImagePositionPatient, other.ImageOrientationPatient = [60, -50, 400], [1, 0, 0, 0, 1, 0]
    volume = read_study(save(nuclear(DetectorInformationSequence=Sequence([own, other])), tmp_path / "b.dcm"))
    assert "different geometries" in volume.info["warnings"][0]


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFDR"])
def test_patient_position(position: str, tmp_path: Path):
    assert read_study(save(nuclear(PatientPosition=position), tmp_path / "a.dcm")).info["patient_position"] == position


def test_a_name_in_patient_position_is_not_repeated(tmp_path: Path):
    volume = read_study(save(nuclear(PatientPosition="SOPHIE"), tmp_path / "a.dcm"))
    assert "patient_position" not in volume.info
