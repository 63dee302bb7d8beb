"""A centre's own studies: from folders to samples."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io import write_pose
from MSSTUNetReorientLib.io import write_volume
from MSSTUNetReorientLib.training.batches import draw_batch
from MSSTUNetReorientLib.training.pool import read_sample
from MSSTUNetReorientLib.training.studies import make_samples
from MSSTUNetReorientLib.training.studies import read_own_study


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    assert main(["simulate", "--kind", "spect", "--fast", "--seed", "3", "--out", str(folder), "--quiet"]) == 0
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture
def own(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "studies" / "a"))


def test_a_simulated_study_becomes_a_sample(own: Path) -> None:
    sample = read_own_study(own)
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(own / "labels.nrrd")))
    both = (sample.labels == 1) & (labels == 1)
    assert 2 * both.sum() / ((sample.labels == 1).sum() + (labels == 1).sum()) > 0.97
    pose = Pose(sample.rotation, sample.centre)
    k, j, i = np.nonzero(sample.labels == 1)
    at = np.rint(pose.apply((np.stack([i, j, k], 1) - 23.5) * 3.2) / 4.0 + 47.5).astype(int)
    wall = sample.cube[at[:, 2], at[:, 1], at[:, 0]].astype(float)
    assert np.median(wall) == pytest.approx(1.0, abs=0.1)
    assert wall.mean() > 2 * sample.cube[sample.cube > 0].astype(float).mean()


def test_all_ways_to_tell_the_pose_agree(own: Path) -> None:
    first = read_own_study(own)
    pose = Pose(first.rotation, first.centre)
    (own / "truth.json").unlink()
    image = read_study(own / "image.nrrd")
    middle = np.asarray(image.grid.centre)
    true = Pose(first.rotation, first.centre + middle)
    write_volume(resample(image, Grid.centred(60, 3.0, true)), own / "short_axis.nrrd")
    second = read_own_study(own)
    (own / "short_axis.nrrd").unlink()
    write_pose(true, own / "pose.tfm")
    third = read_own_study(own)
    for sample in (second, third):
        other = Pose(sample.rotation, sample.centre)
        assert other.rotation_error(pose) < 0.01
        assert other.centre_error(pose) < 0.01


def test_own_studies_are_mixed_in(own: Path, pool: Path, tmp_path: Path) -> None:
    assert make_samples(own.parent, tmp_path / "own") == 1
    batch = draw_batch([pool], 2, np.random.default_rng(0), changed=False, own=tmp_path / "own", own_share=1.0)
    sample = read_sample(tmp_path / "own" / "a.npz")
    np.testing.assert_allclose(batch.cube[1, 0].numpy(), sample.cube.astype(np.float32))
    none = draw_batch([pool], 2, np.random.default_rng(0), changed=False, own=tmp_path / "own", own_share=0.0)
    assert not np.array_equal(none.cube[0, 0].numpy(), sample.cube.astype(np.float32))


def broken_axes(own: Path) -> None:
    (own / "truth.json").unlink()
    write_pose(Pose(np.diag([1.0, -1.0, -1.0]), read_study(own / "image.nrrd").grid.centre), own / "pose.tfm")
    labels = sitk.ReadImage(str(own / "labels.nrrd"))
    moved = Volume.from_sitk(labels)
    grid = Grid(moved.grid.size, moved.grid.spacing, moved.grid.origin, moved.grid.direction)
    centre = grid.at(np.argwhere(moved.array > 0)[:, ::-1].mean(axis=0))
    write_pose(Pose(np.diag([1.0, -1.0, -1.0]), centre), own / "pose.tfm")


def one_label(own: Path) -> None:
    labels = sitk.ReadImage(str(own / "labels.nrrd"))
    sitk.WriteImage(sitk.Cast(labels > 0, sitk.sitkUInt8), str(own / "labels.nrrd"))


def far_pose(own: Path) -> None:
    sample = read_own_study(own)
    (own / "truth.json").unlink()
    centre = read_study(own / "image.nrrd").grid.centre + sample.centre + [60, 0, 0]
    write_pose(Pose(sample.rotation, centre), own / "pose.tfm")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda own: (own / "truth.json").unlink(), "must have its pose"),
        (lambda own: (own / "labels.nrrd").unlink(), "must have labels.nrrd"),
        (lambda own: (own / "image.nrrd").unlink(), "must have image.nrrd"),
        (lambda own: (own / "truth.json").write_text("{}"), "in the format of simulate"),
        (one_label, "must be 0, 1"),
        (broken_axes, "correct them"),
        (far_pose, "mm apart"),
    ],
)
def test_a_study_without_truth_is_refused(spoil, message: str, own: Path) -> None:
    spoil(own)
    with pytest.raises(InputError, match=message):
        read_own_study(own)
