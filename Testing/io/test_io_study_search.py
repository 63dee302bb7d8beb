"""Which files below folders are studies, what belongs together, and what is left out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_samples import PERSONAL
from dicom_samples import dataset
from dicom_samples import gated
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_files
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.io.study_search import find_studies


def image(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = np.random.default_rng(seed).uniform(0, 100, (24, 25, 26)).astype(np.float32)
    picture = sitk.GetImageFromArray(counts)
    picture.SetSpacing((6.0, 6.0, 6.0))
    sitk.WriteImage(picture, str(path))
    return path


def keys(*places: Path) -> list[str]:
    return [study.key for study in find_studies(places).studies]


def test_series_are_found_wherever_their_images_lie(tmp_path: Path) -> None:
    """One NM object is a study; the slices of a PET series, spread over folders, are one."""
    save(nuclear(), tmp_path / "a" / "nm")
    series, _ = pet_series()
    save_series(series[:10], tmp_path / "b", 1)
    save_series(series[10:], tmp_path / "c" / "d", 2)
    found = find_studies([tmp_path])
    assert sorted(len(study.paths) for study in found.studies) == [1, 28]
    assert found.left_out == {}
    pet = max(found.studies, key=lambda study: len(study.paths))
    together = tmp_path / "together"
    for n, path in enumerate(pet.paths):
        together.mkdir(exist_ok=True)
        shutil.copy(path, together / f"{n}")
    assert np.array_equal(read_files(pet.paths).total.array, read_gates(together).total.array)


def test_every_object_of_one_series_is_a_study(tmp_path: Path) -> None:
    for n in range(3):
        save(nuclear(SeriesInstanceUID="1.2.3"), tmp_path / f"{n}.dcm")
    assert len(set(keys(tmp_path))) == 3


def test_gates_stay_together(tmp_path: Path) -> None:
    save(gated()[0], tmp_path / "gated.dcm")
    (study,) = find_studies([tmp_path]).studies
    assert len(read_files(study.paths).gates) == 4


def test_copies_count_once(tmp_path: Path) -> None:
    save(nuclear(), tmp_path / "a.dcm")
    image(tmp_path / "b.nrrd")
    before = keys(tmp_path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    found = find_studies([tmp_path])
    assert [study.key for study in found.studies] == before
    assert found.left_out == {"copies of another study": 2}
    assert all("copy" not in study.paths[0].parts for study in found.studies)


def test_the_key_is_that_of_the_content(tmp_path: Path) -> None:
    image(tmp_path / "Doe_Jane.nrrd")
    one = keys(tmp_path)
    (tmp_path / "Doe_Jane.nrrd").rename(tmp_path / "other.nrrd")
    assert keys(tmp_path) == one
    image(tmp_path / "other.nrrd", seed=1)
    assert keys(tmp_path) != one


def test_detached_data_belong_to_the_key(tmp_path: Path) -> None:
    """Two studies may have the same header."""
    image(tmp_path / "a.mhd")
    first = keys(tmp_path)
    data = tmp_path / "a.raw"
    data.write_bytes(data.read_bytes()[::-1])
    assert len(first) == 1
    assert keys(tmp_path) != first


def test_nothing_personal_is_kept(tmp_path: Path) -> None:
    save(nuclear(), tmp_path / "a.dcm")
    told = str(find_studies([tmp_path]).studies).replace(str(tmp_path), "")
    for value in PERSONAL.values():
        assert value not in told
    assert "sophie" in told  # words of the description, to tell series apart: compared in memory, never written
    assert "4711" not in told


def test_what_is_no_study_is_counted(tmp_path: Path) -> None:
    counts = np.ones((4, 30, 32), np.uint16)
    for name, ds in {
        "ct": dataset("1.2.840.10008.5.1.4.1.1.2", "CT", counts),
        "projections": nuclear("TOMO"),
        "static": nuclear("STATIC"),
        "short": nuclear(SliceProgressionDirection="APEX_TO_BASE"),
        "odd": nuclear("Doe^Jane"),
        "mu": nuclear(ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "TRANSMISSION"]),
        "study": nuclear(),
    }.items():
        save(ds, tmp_path / name)
    (tmp_path / "readme.txt").write_text("no image")
    (tmp_path / "IM01").touch()
    image(tmp_path / "labels.seg.nrrd")
    image(tmp_path / ".hidden.nrrd")
    found = find_studies([tmp_path])
    assert [study.paths[0].name for study in found.studies] == ["study"]
    assert found.left_out == {
        "NM STATIC": 1, "NM TOMO": 1, "NM TRANSMISSION": 1, "NM of another kind": 1, "already reoriented": 1,
        "empty files": 1, "modality CT": 1, "other files": 1, "segmentations": 1,
    }  # fmt: skip


def test_what_may_be_a_study_is_found_although_it_is_damaged(tmp_path: Path) -> None:
    """Reading it will say why."""
    (tmp_path / "empty.nrrd").touch()
    (tmp_path / "other.nii.gz").touch()
    path = save(nuclear(), tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:-5000])
    save(nuclear(SeriesNumber=None, NumberOfFrames=-3), tmp_path / "frames.dcm")
    found = find_studies([tmp_path])
    assert len(found.studies) == 4
    for study in found.studies:
        with pytest.raises(InputError):
            read_files(study.paths)


def test_results_of_this_program_are_not_searched(tmp_path: Path) -> None:
    ours = '{"software": {"msstunet-reorient": "0.1.0"}}'
    for folder, name in (("a", "result.json"), ("b", "pair.json"), ("c", "batch.json")):
        image(tmp_path / folder / "below" / "short_axis.nrrd")
        (tmp_path / folder / name).write_text(ours)
    image(tmp_path / "d" / "study.nrrd", seed=1)
    (tmp_path / "d" / "result.json").write_text("{}")
    found = find_studies([tmp_path])
    assert [study.paths[0].name for study in found.studies] == ["study.nrrd"]
    assert found.left_out["results of this program"] == 3


def test_a_simulated_study_is_its_dicom_or_its_image(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        for n, name in enumerate(("image", "labels", "gate_01")):
            image(tmp_path / folder / f"{name}.nrrd", seed=ord(folder) + n)
        (tmp_path / folder / "truth.json").write_text("{}")
    save(nuclear(), tmp_path / "b" / "dicom" / "study.dcm")
    assert [study.paths[0].name for study in find_studies([tmp_path]).studies] == ["image.nrrd", "study.dcm"]


def test_links_are_followed_once(tmp_path: Path) -> None:
    image(tmp_path / "in" / "a.nrrd")
    try:
        (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    assert len(keys(tmp_path / "in")) == 1


def test_files_are_studies_as_given(tmp_path: Path) -> None:
    """Whatever their name; an image of a series stands for all of it."""
    series, _ = pet_series()
    save_series(series, tmp_path)
    odd = image(tmp_path / "x.nrrd").rename(tmp_path / "x.odd")
    slices = sorted(path for path in tmp_path.iterdir() if path != odd)
    found = find_studies([odd, slices[4], slices[9]])
    assert sorted(len(study.paths) for study in found.studies) == [1, 28]


def test_a_place_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        find_studies([tmp_path / "none"])


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "mkfifo"), reason="POSIX only")
def test_a_pipe_below_a_folder_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nrrd")
    assert find_studies([tmp_path]).studies == ()


@pytest.mark.parametrize(
    ("name", "phase", "other"),
    [
        ("p01_stress.nrrd", "stress", "p01_rest.nrrd"),
        ("p01/Belastung/a.nrrd", "stress", "p01/Ruhe/a.nrrd"),
        ("stress/p01.nrrd", "stress", "rest/p01.nrrd"),
        ("p02.rest.nii.gz", "rest", "p02.stress.nii.gz"),
    ],
)
def test_paths_of_image_files_name_the_phase(name: str, phase: str, other: str, tmp_path: Path) -> None:
    """The innermost part that does; its partner has the same path but for that."""
    image(tmp_path / name)
    image(tmp_path / other, seed=1)
    one, two = sorted(find_studies([tmp_path]).studies, key=lambda study: study.paths[0] != tmp_path / name)
    assert (one.phase, {one.phase, two.phase}) == (phase, {"stress", "rest"})
    assert one.examination == two.examination != ""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four with an image file, one with a DICOM object."""
    base = tmp_path_factory.mktemp("tree")
    for n in range(4):
        image(base / f"{n}" / f"{n}.nrrd", seed=n)
    save(nuclear(), base / "4" / "a.dcm")
    return sorted(base.iterdir())


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=3))
def test_the_order_of_the_places_does_not_matter(folders: list[Path], order: list[int], again: list[int]) -> None:
    """Nor that one is given more than once, or with the folder above it."""
    found = find_studies([folders[n] for n in [*order, *again]]).studies
    assert found == find_studies([folders[0].parent]).studies
    assert len(found) == 5
