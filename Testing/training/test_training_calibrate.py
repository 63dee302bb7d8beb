"""Calibration of the wall thickness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.labels import dilated
from MSSTUNetReorientLib.prediction.models import find_weights
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import read_weights
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.training import calibrate
from MSSTUNetReorientLib.training.pool import draw_sample
from MSSTUNetReorientLib.training.pool import read_sample
from MSSTUNetReorientLib.training.pool import write_sample


def test_the_walls_logit_alone_is_lowered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "wall_offset", lambda *_: 0.5)
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


def test_the_wall_is_made_as_thick_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up answer whose wall reaches one ring of voxels too far, by a logit of 0.45."""
    write_sample(draw_sample(3, Sources()), tmp_path / "a.npz")
    truth = read_sample(tmp_path / "a.npz").labels
    ring = dilated(truth > 0, 1) & (truth == 0)
    logits = np.stack([truth == 0, (truth == 1) | ring, truth == 2]).astype(np.float32) * 3
    logits[0, ring] = 3 - 0.45
    shares = torch.from_numpy(logits).softmax(0)[1:]
    monkeypatch.setattr(calibrate, "label_shares", lambda *_: shares)
    monkeypatch.setattr(calibrate, "MIN_STUDIES", 1)
    network, _ = load_model()
    assert calibrate.wall_offset(network, [tmp_path]) == pytest.approx(0.5)


def test_an_empty_pool_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["calibrate", str(find_weights(None).path), str(tmp_path), "--out", str(tmp_path / "out.npz")]
    assert main(arguments) == 2
    said = capfd.readouterr().err
    assert "needs 40 studies" in said
    assert said.count("\n") == 1
    assert not any(tmp_path.iterdir())
