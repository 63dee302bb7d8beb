"""Models by name and by path: what is shipped is never hidden, nothing is unpacked without bounds, nothing is moved."""

from __future__ import annotations

import copy
import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.prediction import models
from MSSTUNetReorientLib.prediction.models import find_weights
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import read_weights
from MSSTUNetReorientLib.prediction.models import save_weights
from MSSTUNetReorientLib.training.recipe import load_recipe
from MSSTUNetReorientLib.training.recipe import shipped_recipes


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("name", ["compact", "compact-0.8"])
def test_a_file_or_folder_of_the_same_name_hides_nothing(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir() if kind == "folder" else (tmp_path / name).write_bytes(b"other")
    monkeypatch.chdir(tmp_path)
    for given in (name, Path(name)):
        found = find_weights(given)
        assert (found.name, found.version, found.path.name) == ("compact", "0.8", "compact-0.8.npz")


def test_recipes_likewise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = shipped_recipes()[0]
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_recipe(name).name == name


@pytest.mark.parametrize("given", ["mine.npz", "./compact", "weights/compact"])
def test_a_path_has_a_separator_or_the_suffix(given: str) -> None:
    assert find_weights(given).path == Path(given)


def test_an_unknown_name_is_told_the_choices() -> None:
    with pytest.raises(InputError, match=r"one of compact, compact-0.8, or the path of a .npz file"):
        find_weights("compact-9.9")


def test_an_archive_that_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MAX_UNPACKED", 1_000_000)
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(1_000_000, np.float32))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", buffer.getvalue())
    assert (tmp_path / "bomb.npz").stat().st_size < 10_000
    with pytest.raises(InputError, match="unpacked it has 4000128 bytes, more than 1000000"):
        load_model(tmp_path / "bomb.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_weight_file_and_no_recipe(tmp_path: Path) -> None:
    for name, load in (("w.npz", load_model), ("r.toml", load_recipe)):
        os.mkfifo(tmp_path / name)
        with pytest.raises(InputError, match="regular file"):
            load(tmp_path / name)


def test_a_file_that_is_far_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MAX_BYTES", 1000)
    (tmp_path / "large.npz").write_bytes(bytes(1001))
    with pytest.raises(InputError, match="at most 1000 bytes, but found 1001"):
        load_model(tmp_path / "large.npz")


def test_each_device_has_a_network_of_its_own() -> None:
    """The meta device stands for one that this machine lacks."""
    here, _ = load_model()
    there, _ = load_model(device="meta")
    assert next(there.parameters()).device == torch.device("meta")
    assert next(here.parameters()).device == torch.device("cpu")
    assert load_model()[0] is here


def test_a_network_that_was_built_for_comparison_is_no_model(tmp_path: Path) -> None:
    """It says so itself: its configuration is JSON, with its title in words."""
    save_weights(torch.nn.Linear(2, 2), '{"title": "U-Net of others"}', tmp_path / "other.npz")
    with pytest.raises(InputError, match="this is the comparison U-Net of others"):
        load_model(tmp_path / "other.npz")


def test_weights_keep_their_values_in_half_the_bytes(tmp_path: Path) -> None:
    """As float16, but as float32 where that cannot hold them."""
    network = torch.nn.Linear(2, 1)
    network.weight.data, network.bias.data = torch.tensor([[0.1, -3.0]]), torch.tensor([-70_000.5])
    path = tmp_path / "w.npz"
    assert save_weights(network, "name", path) == hashlib.sha256(path.read_bytes()).hexdigest()
    with np.load(path) as stored:
        assert {k: stored[k].dtype for k in ("weight", "bias")} == {"weight": np.float16, "bias": np.float32}
    configuration, state = read_weights(path.read_bytes(), "w")
    assert configuration == "name"
    assert state["bias"].tolist() == [-70_000.5]
    np.testing.assert_allclose(state["weight"], [[0.1, -3.0]], rtol=1e-3)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    network, before = load_model()
    save_weights(network, "compact", path)
    _, first = load_model(path)
    changed = copy.deepcopy(network)
    next(changed.parameters()).data += 1.0
    save_weights(changed, "compact", path)
    loaded, second = load_model(path)
    assert second.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != first.sha256
    torch.testing.assert_close(next(loaded.parameters()), next(changed.parameters()), rtol=1e-3, atol=1e-3)
    path.unlink()
    with pytest.raises(InputError, match="must be readable"):
        load_model(path)
    assert load_model()[1] == before
