"""Calibration of the wall thickness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.study_sets import read_sets
from MSSTUNetReorientLib.evaluation.true_study import DataSet
from MSSTUNetReorientLib.evaluation.true_study import TrueStudy
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.labelling import labels_on
from MSSTUNetReorientLib.prediction.models import find_weights
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import read_weights
from MSSTUNetReorientLib.simulation.disk import write_study
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.training import calibrate
from scipy.ndimage import gaussian_filter


def test_the_walls_logit_alone_is_lowered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "wall_offset", lambda *_: 0.5)
    monkeypatch.setattr(calibrate, "MIN_STUDIES", 0)
    weights, out = find_weights(None).path, tmp_path / "calibrated.npz"
    assert calibrate.calibrate(weights, [], out) == 0.5
    before, after = (read_weights(f.read_bytes(), "")[1] for f in (weights, out))
    changed = [name for name in after if not torch.equal(before[name], after[name])]
    assert changed == ["unet.last.bias"]
    lowered = (before[changed[0]] - after[changed[0]]).reshape(3, 8)
    assert lowered.numpy() == pytest.approx(np.repeat([[0.0], [0.5], [0.0]], 8, axis=1), abs=1e-3)
    with pytest.raises(InputError, match="cannot be written"):
        calibrate.calibrate(weights, [], tmp_path / "nowhere" / "none.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["calibrated.npz"]


@pytest.fixture
def sets(tmp_path: Path) -> list[DataSet]:
    """One study."""
    write_study(render(draw_parameters("spect", 3, fast=True), anatomy=False), tmp_path / "set" / "spect_3")
    return read_sets([str(tmp_path / "set")])


def test_the_wall_is_made_as_thick_as_it_is(sets: list[DataSet], monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares of the truth, but the wall's logit is 0.45 too high."""
    (true,) = sets[0].studies
    labels = true.read_labels()
    assert labels is not None
    right = torch.from_numpy(np.stack([gaussian_filter((labels.array == n).astype(np.float32), 0.7) for n in (1, 2)]))
    told = Volume(labels_on(right, calibrate.FINE, np.zeros(3)), calibrate.FINE)
    monkeypatch.setattr(TrueStudy, "read_labels", lambda _: told)
    monkeypatch.setattr(calibrate, "label_shares", lambda *_: calibrate.lowered(right, -0.45))
    found = calibrate.wall_offset(load_model()[0], sets)
    assert found == pytest.approx(0.45, abs=0.01)


def test_lowered_shares_are_those_of_lowered_logits() -> None:
    logits = torch.randn(3, 4, 4, 4)
    lowered = logits - 0.7 * torch.tensor([0.0, 1.0, 0.0]).reshape(3, 1, 1, 1)
    torch.testing.assert_close(calibrate.lowered(logits.softmax(0)[1:], 0.7), lowered.softmax(0)[1:])


def test_what_cannot_calibrate_is_one_line(
    sets: list[DataSet], tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, out = find_weights(None).path, tmp_path / "out.npz"
    assert main(["calibrate", str(weights), str(sets[0].folder), "--out", str(out)]) == 2
    said = capfd.readouterr().err
    assert "needs 40 studies" in said
    assert said.count("\n") == 1
    monkeypatch.setattr(calibrate, "MIN_STUDIES", 1)
    bare = replace(sets[0], studies=(replace(sets[0].studies[0], labels=None),))
    with pytest.raises(InputError, match="needs true labels"):
        calibrate.calibrate(weights, [bare], out)
    assert not out.exists()
