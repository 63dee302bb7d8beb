"""Runs: a stop loses nothing, bad input is told in one line, a run ends with weights and a table."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.candidates import candidates
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import read_weights
from MSSTUNetReorientLib.training import machine as machines
from MSSTUNetReorientLib.training.loop import Studies
from MSSTUNetReorientLib.training.loop import Training
from MSSTUNetReorientLib.training.loop import run
from MSSTUNetReorientLib.training.recipe import load_recipe
from MSSTUNetReorientLib.training.training_run import TrainingRequest
from MSSTUNetReorientLib.training.training_run import initialised
from MSSTUNetReorientLib.training.training_run import train_model
from MSSTUNetReorientLib.training.turns import Stop
from MSSTUNetReorientLib.training.turns import Turn
from MSSTUNetReorientLib.training.turns import take_all
from recipes import tiny


def quiet(_: str) -> None:
    """Do nothing."""


def steps(count: int):
    """Keep going for so many steps."""
    left = iter(range(count))
    return lambda: next(left, None) != count - 1


@pytest.mark.parametrize("architecture", ["nn-unet", "vgg"])
def test_a_stopped_run_goes_on_as_if_never_stopped(architecture: str, pool: Path, tmp_path: Path) -> None:
    more = "[stages]\ntranslation = 0.4\nrotation = 0.4" if architecture == "vgg" else ""
    recipe = tiny(tmp_path, architecture, more=more)
    whole = Training(recipe)
    assert run(whole, Studies([pool]), tmp_path / "whole", quiet)
    assert not run(Training(recipe), Studies([pool]), tmp_path / "stopped", quiet, steps(3))
    second = Training(recipe)
    torch.manual_seed(99)
    assert run(second, Studies([pool]), tmp_path / "stopped", quiet)
    for (name, a), b in zip(whole.network.state_dict().items(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    for a, b in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_another_architecture_is_refused(pool: Path, tmp_path: Path) -> None:
    run(Training(tiny(tmp_path, "msstn")), Studies([pool]), tmp_path / "run", quiet, steps(1))
    before = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    with pytest.raises(InputError, match="must be of v-net"):
        run(Training(tiny(tmp_path, "v-net")), Studies([pool]), tmp_path / "run", quiet)
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_loses_nothing(pool: Path, tmp_path: Path) -> None:
    recipe = tiny(tmp_path, "msstn")
    folder = tmp_path / "run"
    run(Training(recipe), Studies([pool]), folder, quiet, steps(1))
    before = (folder / "checkpoint.pt").read_bytes()
    (folder / "checkpoint.pt.partial").symlink_to("/dev/full")
    with pytest.raises(InputError, match="cannot be written"):
        run(Training(recipe), Studies([pool]), folder, quiet)
    assert (folder / "checkpoint.pt").read_bytes() == before
    assert run(Training(recipe), Studies([pool]), folder, quiet)


def command(folder: Path, pool: Path, *more: str) -> list[str]:
    tiny(folder, "msstn")
    recipe, out = folder / "tiny-msstn.toml", folder / "run"
    return ["train", str(recipe), "--out", str(out), "--pool", str(pool), "--threads", "1", *more]


def test_a_run_ends_with_weights_and_a_table(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    tiny(tmp_path, "msstn")
    arguments = command(tmp_path, pool, "--iterations", "2", "--held-out", str(pool))
    path = tmp_path / "tiny-msstn.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("validation = 0", "validation = 3"))
    assert main(arguments) == 0
    figures = json.loads((tmp_path / "run" / "validation.json").read_text(encoding="utf-8"))["figures"]
    assert figures["all"]["studies"] == 3
    (candidate,) = candidates([str(tmp_path / "run" / "weights.npz")], None)
    assert (candidate.name, candidate.trained) == ("Tiny", "2 steps of 2")
    assert candidate.training_minutes is not None
    assert "axis deg" in capsys.readouterr().err


def test_a_run_begins_from_given_weights(pool: Path, tmp_path: Path) -> None:
    assert main(command(tmp_path, pool, "--iterations", "1")) == 0
    weights = tmp_path / "run" / "weights.npz"
    recipe = tiny(tmp_path, "msstn", schedule="average = 0.0")
    begun = tmp_path / "begun"
    train_model(TrainingRequest(recipe.lasting(1), begun, pools=(pool,), init=weights), quiet)
    _, before = read_weights(weights.read_bytes(), "")
    _, after = read_weights((begun / "weights.npz").read_bytes(), "")
    moved = max(float((before[k] - after[k]).abs().max()) for k in before if "running" not in k and "num" not in k)
    assert 0 < moved < 0.02


def test_a_run_begins_from_a_shipped_model() -> None:
    network = initialised(load_recipe("compact-continued"), "compact")
    shipped, _ = load_model()
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), shipped.parameters(), strict=True))


def test_a_signal_saves_and_the_same_command_goes_on(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = Training.advance

    def interrupted(self: Training, studies: Studies) -> dict[str, float]:
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return advance(self, studies)

    monkeypatch.setattr(Training, "advance", interrupted)
    assert main(command(tmp_path, pool)) == 143
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == 3
    monkeypatch.undo()
    assert main(command(tmp_path, pool)) == 0
    assert "resuming at step 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--pool", "{empty}"], "must contain studies"),
        (["--init", "{empty}/none.npz"], "must be readable"),
        (["--init", "copmact"], "a model must be one of compact"),
        (["--init", "compact"], "must fit the network of"),
        (["--studies", "{empty}"], "folder per study"),
        (["--data", "{empty}"], "must contain .nrrd files"),
    ],
)
def test_bad_input_is_told_in_one_line(
    more: list[str], message: str, pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    arguments = command(tmp_path, pool, *(m.format(empty=tmp_path / "empty") for m in more))
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--list"]) == 0
    shown = capsys.readouterr().out
    assert "small-v-net" in shown
    assert shown.count("\n") == 39


def test_curves_have_a_row_per_fifty_steps_and_none_twice(
    pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("MSSTUNetReorientLib.training.loop.LOG_EVERY", 2)
    recipe = tiny(tmp_path, "msstn").lasting(6)
    run(Training(recipe), Studies([pool]), tmp_path, quiet, steps(5))
    run(Training(recipe), Studies([pool]), tmp_path, quiet)
    rows = np.genfromtxt(tmp_path / "curves.csv", delimiter=",", names=True)
    assert rows["step"].tolist() == [2, 4, 6]
    assert np.isfinite(rows["rotation"]).all()


def test_studies_are_made_by_the_run_itself_and_its_process_ends(tmp_path: Path) -> None:
    recipe = tiny(tmp_path, "msstn").lasting(1)
    assert train_model(TrainingRequest(recipe, tmp_path / "run"), quiet)
    made = len(list((tmp_path / "run" / "pool").glob("*.npz")))
    assert made >= 1


class Spy(torch.nn.Module):
    """Says what it was given, and whether it computes in half precision."""

    def forward(self, truth: torch.Tensor) -> tuple[torch.Tensor, bool]:
        return truth, torch.is_autocast_enabled("cpu")


def test_half_precision_rounds_no_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "computes_bf16", lambda _: True)
    truth = torch.tensor([0.12345678])
    given, halved = machines.machine("bf16", "cpu").setup_module(Spy())(truth)
    assert halved
    assert given.dtype == torch.float32
    assert given.item() == truth.item()


@pytest.mark.slow
def test_two_processes_train_one_network_and_go_on_together(pool: Path, tmp_path: Path) -> None:
    arguments = command(tmp_path, pool, "--threads", "1")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    whole = [*launch, "-m", "MSSTUNetReorientLib", *arguments]
    first = subprocess.run([*whole, "--iterations", "2"], capture_output=True, text=True, timeout=240, check=False)
    assert first.returncode == 0, first.stderr
    second = subprocess.run([*whole, "--iterations", "4"], capture_output=True, text=True, timeout=240, check=False)
    assert second.returncode == 0, second.stderr
    assert second.stderr.count("resuming at step 2") == 1
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == 4
    (tmp_path / "alone").mkdir()
    assert main(command(tmp_path / "alone", pool, "--iterations", "4")) == 0
    one, two = (read_weights((f / "run" / "weights.npz").read_bytes(), "")[1] for f in (tmp_path / "alone", tmp_path))
    assert any(not torch.equal(one[name], two[name]) for name in one)


def test_several_runs_in_two_processes_are_all_trained_and_stop_together(
    pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for architecture in ("msstn", "cnn-stn"):
        tiny(tmp_path, architecture, data="reduced = 32")
        names.append(str(tmp_path / f"tiny-{architecture}.toml"))
    monkeypatch.setattr("MSSTUNetReorientLib.evaluation.published_figures.COMPARISONS", names)
    arguments = ["train", "--all-small", "--iterations", "2", "--out", str(tmp_path / "runs")]
    assert main([*arguments, "--jobs", "2"]) == 2
    assert "must share a pool" in capsys.readouterr().err
    assert main([*arguments, "--pool", str(pool), "--jobs", "2"]) == 0
    for name in names:
        assert (tmp_path / "runs" / f"{Path(name).stem}" / "weights.npz").exists()
    assert (tmp_path / "runs" / "reduced" / "poses.npz").exists()
    stop = Stop()
    stop.event.set()
    turns = [Turn(TrainingRequest(load_recipe(n), tmp_path / "late", pools=(pool,)), None, quiet) for n in names]
    assert take_all(turns, 2, stop) == []
