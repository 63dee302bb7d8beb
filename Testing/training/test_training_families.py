"""Every family of networks: it learns, its weights say what they are, and its answer lies where it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.comparisons import TrainedMethod
from MSSTUNetReorientLib.evaluation.comparisons import load_method
from MSSTUNetReorientLib.geometry.pose import Cube
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.networks.geometry import HALF_MM
from MSSTUNetReorientLib.networks.msstn import PoseHead
from MSSTUNetReorientLib.networks.registry import ARCHITECTURES
from MSSTUNetReorientLib.networks.scale import Scale
from MSSTUNetReorientLib.networks.view import transaxial_labels
from MSSTUNetReorientLib.networks.view import upright_labels
from MSSTUNetReorientLib.prediction.models import save_weights
from MSSTUNetReorientLib.training.batches import collate
from MSSTUNetReorientLib.training.loop import Studies
from MSSTUNetReorientLib.training.loop import Training
from MSSTUNetReorientLib.training.pool import read_sample
from recipes import TINY
from recipes import tiny

SIX = (-0.9, -1.0, 1.1, 0.1, -0.05, 0.08)


@pytest.fixture
def one(pool: Path, tmp_path: Path) -> Studies:
    """A pool of one study."""
    file = sorted(pool.glob("*.npz"))[0]
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / file.name).write_bytes(file.read_bytes())
    return Studies([tmp_path / "one"])


def study() -> Volume:
    """A ball on a grid away from the origin."""
    grid = Grid((40, 40, 36), np.full(3, 6.0), np.array([-100.0, -80.0, 900.0]))
    distance = np.linalg.norm(grid.points() - grid.centre, axis=-1)
    return Volume((100 * np.exp(-((distance / 40) ** 2))).astype(np.float32), grid)


def saved(folder: Path, architecture: str, frame: str = "transaxial") -> Path:
    """Weights of a new network that says a known pose."""
    recipe = tiny(folder, architecture, frame=frame)
    torch.manual_seed(0)
    network = recipe.network.build()
    heads = [m for m in network.modules() if isinstance(m, PoseHead)]
    with torch.no_grad():
        for n, head in enumerate(heads):
            head.weight.zero_()
            mean = SIX if head.out_features == 6 else (SIX[3:] if n == 0 else SIX[:3])
            head.bias.copy_(torch.tensor(mean))
    path = folder / f"{architecture}.npz"
    save_weights(network, json.dumps(recipe.identity), path)
    return path


def test_every_architecture_is_tried() -> None:
    assert set(TINY) == set(ARCHITECTURES) - {"compact"}


@pytest.mark.parametrize("architecture", TINY)
def test_a_few_steps_lower_the_loss(architecture: str, one: Studies, tmp_path: Path) -> None:
    frame = "short-axis" if architecture == "msunet" else "transaxial"
    state = Training(tiny(tmp_path, architecture, frame=frame))
    totals = [sum(state.advance(one).values()) for _ in range(12)]
    assert np.mean(totals[-4:]) < 0.985 * np.mean(totals[:4]), totals


@pytest.mark.parametrize("architecture", ["ms-st-unet", "single-scale-st-unet", "omega-net", "msstn", "cnn-stn", "vgg"])
def test_the_pose_that_a_network_says_is_the_pose_of_the_answer(architecture: str, tmp_path: Path) -> None:
    method = load_method(saved(tmp_path, architecture))
    where = study()
    answer = method.answer(where)
    assert answer.pose is not None
    expected = Pose.from_parameters(SIX, Cube(tuple(where.grid.centre.tolist()), 190.0))
    assert answer.pose.rotation_error(expected) < 0.1
    assert answer.pose.centre_error(expected) < 0.2
    if answer.labels is not None:
        np.testing.assert_allclose(answer.labels.grid.direction, expected.rotation, atol=2e-3)
        np.testing.assert_allclose(answer.labels.grid.centre, expected.centre, atol=0.2)


@pytest.mark.parametrize("architecture", ["msunet", "attention-unet", "v-net", "dense-unet", "nn-unet"])
def test_a_segmenter_answers_on_the_cube(architecture: str, tmp_path: Path) -> None:
    answer = load_method(saved(tmp_path, architecture)).answer(study())
    assert answer.pose is None
    assert answer.labels is not None
    np.testing.assert_allclose(answer.labels.grid.centre, study().grid.centre)
    np.testing.assert_allclose(answer.labels.grid.spacing, 2 * HALF_MM / 31 / 3)  # coarse logits are interpolated


def test_a_locator_and_an_upright_segmenter_make_one_method(tmp_path: Path) -> None:
    locator, segmenter = saved(tmp_path, "msstn"), saved(tmp_path, "msunet", "short-axis")
    both = load_method(f"{locator}+{segmenter}")
    answer = both.answer(study())
    assert answer.pose is not None
    assert answer.labels is not None
    np.testing.assert_allclose(answer.labels.grid.direction, answer.pose.rotation, atol=1e-6)
    assert both.parameters == load_method(locator).parameters + load_method(segmenter).parameters
    with pytest.raises(InputError, match="needs a pose"):
        load_method(segmenter).answer(study())


def test_the_shipped_model_is_a_method_too() -> None:
    assert load_method("compact").parameters == 3_282_945


@pytest.mark.parametrize("broken", ["nothing", "other"])
def test_files_that_are_no_weights_are_refused(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    if broken == "other":
        recipe = tiny(tmp_path, "v-net")
        save_weights(tiny(tmp_path, "msstn").network.build(), json.dumps(recipe.identity), path)
    with pytest.raises(InputError, match=r"w\.npz"):
        load_method(path)


def test_labels_lie_where_the_truth_says(pool: Path) -> None:
    """Against SimpleITK: SA labels carried into the cube, and read upright."""
    sample = read_sample(sorted(pool.glob("*.npz"))[0])
    batch = collate([sample])
    scale = Scale(64, 1.0)
    pose = Pose(sample.rotation, sample.centre)
    truth = Volume(sample.labels, Grid.centred(48, 3.2, pose)).to_sitk()
    lying = transaxial_labels(batch.labels, batch.rotation, batch.translation, [scale])[0][0].numpy()
    upright = upright_labels(batch.labels, [scale])[0][0].numpy()
    for found, at in ((lying, Pose(np.eye(3), np.zeros(3))), (upright, pose)):
        grid = Grid.centred(64, 2 * HALF_MM / 63, at)
        like = Volume(found.astype(np.uint8), grid).to_sitk()
        expected = sitk.GetArrayFromImage(sitk.Resample(truth, like, sitk.Transform(), sitk.sitkNearestNeighbor))
        for label in (1, 2):
            a, b = found == label, expected == label
            assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.9


def test_a_trained_method_says_its_title(tmp_path: Path) -> None:
    method = load_method(saved(tmp_path, "msstn"))
    assert isinstance(method, TrainedMethod)
    assert method.name == "Tiny"
