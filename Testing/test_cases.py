"""The development data's cases of hard input (``data/cases``): each gives the sample's heart, or says the truth.

All are made from the sample study, so its own answer is the reference.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.prediction import predictor
from MSSTUNetReorientLib.prediction.result import Result
from places import REPOSITORY

SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
PUBLISHED_CENTRE, PUBLISHED_AXIS = (33.9, -23.3, 1006.1), (-0.341, 0.927, 0.156)
"""Of the cases' table: the answer that weights 0.6 gave when it was written."""


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> Path:
    return shared_data / "cases"


@pytest.fixture(scope="module")
def sample() -> Result:
    return predictor.predict(read_study(SAMPLE))


def assert_sample_heart(result: Result, sample: Result, *, placed: bool = True) -> None:
    """Within 0.5 degrees and 0.5 mm; ``placed`` is False where the file has no position in the patient."""
    assert result.pose.rotation_error(sample.pose) < 0.5
    moved = result.study.grid.centre - sample.study.grid.centre if not placed else 0.0
    assert np.linalg.norm(result.pose.centre - moved - sample.pose.centre) < 0.5
    assert result.volumes_ml == pytest.approx(sample.volumes_ml, rel=0.02)


def test_the_sample_is_the_tables(sample: Result) -> None:
    """The heart of the table, found by other weights."""
    np.testing.assert_allclose(sample.pose.centre, PUBLISHED_CENTRE, atol=1.0)
    assert angle_between(sample.pose.long_axis, PUBLISHED_AXIS) < 2.0


READ = {
    "compressed frames": "enhanced_pet_compressed/enh_slopes_jpegls.dcm",
    "their uncompressed twin": "enhanced_pet_compressed/enh_slopes.dcm",
    "real world values": "enhanced_pet_rwv_only/enh_rwv_only.dcm",
    "tiny counts": "tiny_counts/nii_tiny_1e-7.nii.gz",
    "zeros round the matrix": "zero_padded_matrix/nii_zero_padded.nii.gz",
    "a sequence of one": "sequence_of_one/nrrd_slicer_sequence_1.nrrd",
    "legacy converted": "legacy_converted_pet/enh_legacy_converted.dcm",
    "copies": "pet_duplicates/pet_dup",
    "padding": "padding_positive/nm_padding_65535.dcm",
    "two detectors": "two_detectors/nm_two_detectors_first_empty.dcm",
    "NIfTI-2": "nifti2/nii2.nii",
}


@pytest.mark.parametrize("name", READ)
def test_the_samples_heart(cases: Path, sample: Result, name: str) -> None:
    result = predictor.predict(read_study(cases / READ[name]))
    assert_sample_heart(result, sample)
    assert (result.quality.status, result.quality.reasons) == ("pass", ())


@pytest.mark.parametrize("header", ["lst.mhd", "pat.mhd"])
def test_metaimage_with_a_file_for_each_slice(cases: Path, sample: Result, tmp_path: Path, header: str) -> None:
    with tarfile.open(cases / "metaimage_list" / "metaimage_list.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    result = predictor.predict(read_study(tmp_path / header))
    assert_sample_heart(result, sample)


ORIENTATION_UNSAID = {
    "NIfTI without codes": "nifti_no_codes/nii_no_codes.nii.gz",
    "NIfTI that contradicts itself": "nifti_q_s_contradict/nii_mismatch_q_good_s_flipped.nii.gz",
    "NRRD without space": "nrrd_no_anatomical_space/nrrd_no_space_spacings.nrrd",
    "GIPL": "nrrd_no_anatomical_space/o.gipl",
}


@pytest.mark.parametrize("name", ORIENTATION_UNSAID)
def test_a_file_that_does_not_say_where_left_is(cases: Path, sample: Result, name: str) -> None:
    path = cases / ORIENTATION_UNSAID[name]
    assumed = predictor.predict(read_study(path)).quality
    assert assumed.status == "review"
    assert any("--orientation" in reason for reason in assumed.reasons)
    stated = predictor.predict(read_study(path, orientation="LPS"))
    assert_sample_heart(stated, sample, placed=False)


REVIEWED = {
    "mirrored": ("flips_pass_qc/flip_x.nrrd", "mirrored"),
    "turned": ("flips_pass_qc/rot180_xy.nrrd", "rotated or mirrored"),
    "wrapped": ("wrapped_counts/nm_wrap_50.dcm", "wrapped"),
}


@pytest.mark.parametrize("name", REVIEWED)
def test_a_verdict_that_says_the_truth(cases: Path, name: str) -> None:
    path, words = REVIEWED[name]
    quality = predictor.predict(read_study(cases / path)).quality
    assert quality.status == "review"
    assert any(words in reason for reason in quality.reasons)


REFUSED = {
    "short axis": ("short_axis_told/nm_sa_identity_iop.dcm", "short axis"),
    "slopes missing": ("pet_slope_missing_in_some/pet_some_slopes_missing", "RescaleSlope"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_line_that_says_the_truth(cases: Path, name: str) -> None:
    path, words = REFUSED[name]
    with pytest.raises(InputError, match=words) as caught:
        read_study(cases / path)
    assert "\n" not in str(caught.value)


def test_compressed_and_plain_frames_have_the_same_counts(cases: Path) -> None:
    folder = cases / "enhanced_pet_compressed"
    plain, compressed = (read_study(folder / f"enh_slopes{end}.dcm") for end in ("", "_jpegls"))
    np.testing.assert_allclose(compressed.array, plain.array, rtol=1e-6)


def test_energy_windows_are_never_joined(cases: Path, sample: Result) -> None:
    """The header has neither ranges nor a nuclide: which window is the photopeak only the user can say."""
    path = cases / "windows_end_to_end" / "nm_scatter_then_peak.dcm"
    for wanted in (None, "3"):
        with pytest.raises(InputError, match="has 2: 1, 2; select one with --window N"):
            read_study(path, window=wanted)
    scatter, peak = (read_study(path, window=number) for number in ("1", "2"))
    assert not np.array_equal(scatter.array, peak.array)
    assert_sample_heart(predictor.predict(peak), sample)


def test_a_short_axis_study_is_only_segmented(cases: Path, sample: Result, tmp_path: Path) -> None:
    path = cases / "short_axis_told" / "nm_sa_identity_iop.dcm"
    result = predictor.predict(read_study(path, short_axis=True), keep_axes=True)
    np.testing.assert_allclose(result.pose.rotation, result.study.grid.direction, atol=1e-6)
    assert result.volumes_ml == pytest.approx(sample.volumes_ml, rel=0.25)
    out = tmp_path / "result"
    assert main(["run", str(path), "--short-axis", "--out", str(out), "--quiet", "--no-scene", "--no-report"]) == 0
    written = json.loads((out / "result.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(written["pose"]["axes_lps"]["k"], result.pose.long_axis, atol=1e-6)
