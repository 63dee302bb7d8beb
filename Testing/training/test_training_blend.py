"""Two weight files mixed into one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.networks.compact import compact
from MSSTUNetReorientLib.networks.configurations import build
from MSSTUNetReorientLib.prediction.models import read_weights
from MSSTUNetReorientLib.prediction.models import save_weights


def written(path: Path, value: float) -> Path:
    network = compact()
    for p in network.parameters():
        torch.nn.init.constant_(p, value)
    save_weights(network, "compact", path)
    return path


def test_a_blend_lies_between_both(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.npz", 1.0), written(tmp_path / "b.npz", 3.0)
    assert main(["blend", str(first), str(second), "--share", "0.75", "--out", str(tmp_path / "c.npz")]) == 0
    kind, mixed = read_weights((tmp_path / "c.npz").read_bytes(), "")
    assert kind == "compact"
    assert all((mixed[name] == 2.5).all() for name, _ in compact().named_parameters())


def test_other_networks_are_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = written(tmp_path / "a.npz", 1.0), tmp_path / "b.npz"
    save_weights(torch.nn.Linear(2, 2), "compact", second)
    assert main(["blend", str(first), str(second), "--out", str(tmp_path / "c.npz")]) == 2
    assert "must be an .npz of this program" in capsys.readouterr().err
    assert not (tmp_path / "c.npz").exists()


def test_a_comparisons_weights_are_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_weights(torch.nn.Linear(2, 2), '{"title": "V-Net"}', tmp_path / "a.npz")
    assert main(["blend", *[str(tmp_path / "a.npz")] * 2, "--out", str(tmp_path / "c.npz")]) == 2
    assert "this is the comparison V-Net" in capsys.readouterr().err


def test_a_published_network_is_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_weights(build("paper-cnn-stn"), "paper-cnn-stn", tmp_path / "a.npz")
    assert main(["blend", *[str(tmp_path / "a.npz")] * 2, "--out", str(tmp_path / "c.npz")]) == 2
    assert "a blend needs a compact MS-ST-UNet, but this is a CNNSTN" in capsys.readouterr().err
