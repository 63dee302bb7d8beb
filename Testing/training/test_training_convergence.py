"""When a validation curve is flat, and that training ends there."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.evaluation.candidates import candidates
from MSSTUNetReorientLib.training.convergence import is_flat
from MSSTUNetReorientLib.training.loop import Studies
from MSSTUNetReorientLib.training.loop import Training
from MSSTUNetReorientLib.training.loop import run
from MSSTUNetReorientLib.training.reduced_pool import reduced_pool
from MSSTUNetReorientLib.training.stretch import FieldOfView
from MSSTUNetReorientLib.training.training_run import TrainingRequest
from MSSTUNetReorientLib.training.training_run import train_model
from recipes import TINY
from recipes import tiny

STEPS = np.arange(100, 5001, 100)


def quiet(_: str) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("curve", "flat"),
    [
        (np.full(50, 2.0), True),
        (np.exp(-STEPS / 300) + 1.0, True),
        (1 / STEPS**0.5, False),  # falls by a tenth over its last fifth
        (3.0 - STEPS / 5000, False),
        (1.0 + STEPS / 5000, True),  # rises: it learns no more
        (np.where(STEPS < 4500, 2.0, 1.0), False),  # a late fall
    ],
)
def test_a_curve_is_flat_when_its_last_fifth_no_longer_falls(curve: np.ndarray, flat: bool) -> None:
    noise = np.random.default_rng(0).normal(0, 1e-3, len(curve))
    assert is_flat(STEPS.tolist(), (curve * (1 + noise)).tolist()) is flat


def test_few_points_are_never_flat() -> None:
    assert not is_flat([], [])
    assert not is_flat([100, 200, 300], [1.0, 1.0, 1.0])


def test_the_last_fifth_must_lie_behind_the_stages() -> None:
    level = [1.0] * len(STEPS)
    assert is_flat(STEPS.tolist(), level, begin=4000)
    assert not is_flat(STEPS.tolist(), level, begin=4001)


REDUCED = "check_every = 1\nmomentum = 0.5"


def watched(folder: Path, pool: Path, steps: int, architecture: str = "msstn") -> tuple[Training, Studies]:
    """A run on small cubes whose curve has a point for every step."""
    recipe = tiny(folder, architecture, schedule=REDUCED, data="reduced = 32\nviews = 2").lasting(steps)
    made = reduced_pool(folder / "reduced", [pool], FieldOfView(32), 2, quiet)
    return Training(recipe), Studies([pool], reduced=made, held_out=made)


def points(folder: Path) -> list[dict[str, str]]:
    with (folder / "validation_curve.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def stopped_after(count: int) -> Callable[[], bool]:
    left = iter(range(count))
    return lambda: next(left, None) != count - 1


def test_a_watched_run_that_is_stopped_goes_on_as_if_never_stopped(pool: Path, tmp_path: Path) -> None:
    whole, studies = watched(tmp_path, pool, 6)
    run(whole, studies, tmp_path / "whole", quiet)
    first, _ = watched(tmp_path, pool, 6)
    assert not run(first, studies, tmp_path / "stopped", quiet, stopped_after(3))
    second, _ = watched(tmp_path, pool, 6)
    run(second, studies, tmp_path / "stopped", quiet)
    for (name, a), b in zip(whole.network.state_dict().items(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert points(tmp_path / "whole") == points(tmp_path / "stopped")
    assert [int(row["step"]) for row in points(tmp_path / "whole")] == [1, 2, 3, 4, 5, 6]
    assert {"loss", "rotation", "translation"} < set(points(tmp_path / "whole")[0])


def test_training_ends_where_its_curve_is_flat(
    pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(Training, "measure", lambda self, _: {"loss": 1.0 + max(20 - self.step, 0)})
    training, studies = watched(tmp_path, pool, 100)
    assert run(training, studies, tmp_path / "run", quiet)
    assert training.flat
    assert training.step == 35  # eight points
    again, _ = watched(tmp_path, pool, 100)
    assert run(again, studies, tmp_path / "run", quiet)  # and it stays so
    assert again.step == 35


def test_the_weights_say_whether_the_curve_was_flat(pool: Path, tmp_path: Path) -> None:
    recipe = tiny(tmp_path, "msstn", schedule=REDUCED, data="reduced = 32").lasting(2)
    request = TrainingRequest(recipe, tmp_path / "run", pools=(pool,), held_out=pool)
    assert train_model(request, quiet)
    (candidate,) = candidates([str(tmp_path / "run" / "weights.npz")], None)
    assert candidate.method.identity["training"]["flat"] is False  # type: ignore[attr-defined]


@pytest.mark.parametrize("architecture", TINY)
def test_every_architecture_is_measured_on_held_out_studies(architecture: str, pool: Path, tmp_path: Path) -> None:
    training, studies = watched(tmp_path, pool, 2, architecture)
    assert run(training, studies, tmp_path / "run", quiet)
    assert [np.isfinite(float(row["loss"])) for row in points(tmp_path / "run")] == [True, True]


def test_a_curve_is_that_of_the_averaged_network(pool: Path, tmp_path: Path) -> None:
    training, studies = watched(tmp_path, pool, 4, "cnn-stn")
    run(training, studies, tmp_path / "run", quiet)
    assert studies.held_out is not None
    told = training.measure(studies.held_out)
    assert float(points(tmp_path / "run")[-1]["loss"]) == pytest.approx(told["loss"], abs=1e-5)
    assert told["loss"] == pytest.approx(told["rotation"] + 10 * told["translation"], rel=1e-5)
    training.average.load_state_dict(training.network.state_dict())
    assert training.measure(studies.held_out)["loss"] != pytest.approx(told["loss"], rel=1e-6)
