"""Studies without a heart, and hearts with something bright beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.networks.compact import compact
from MSSTUNetReorientLib.simulation import decoys
from MSSTUNetReorientLib.training import hard_studies
from MSSTUNetReorientLib.training.batches import collate
from MSSTUNetReorientLib.training.batches import draw_batch
from MSSTUNetReorientLib.training.compact_loss import compact_loss
from MSSTUNetReorientLib.training.hard_studies import with_neighbour
from MSSTUNetReorientLib.training.hard_studies import without_heart
from MSSTUNetReorientLib.training.pool import Sample
from MSSTUNetReorientLib.training.recipe import load_recipe
from scipy import ndimage

POSE = Pose.from_euler(-1.0, -0.9, 1.2, (24.0, -14.0, 8.0))
CUBE = Grid.centred(96, 4.0, Pose(np.eye(3), np.zeros(3)))
RADIUS = 34.0


def ball_in_body() -> Sample:
    """A body of 0.2 with a solid ball of 1 as LV, on turned axes."""
    distance = np.linalg.norm(CUBE.points() - POSE.centre, axis=-1)
    labels = np.linalg.norm(Grid.centred(48, 3.2, POSE).points() - POSE.centre, axis=-1) < RADIUS
    counts = np.where(distance < RADIUS, 1.0, 0.2)
    return Sample(counts.astype(np.float16), POSE.rotation, POSE.centre, labels.astype(np.uint8), "spect-parametric")


def test_an_erased_heart_leaves_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard_studies, "CROPPED_SHARE", 0.0)
    monkeypatch.setattr(hard_studies, "EMPTY_SHARE", 1.0)
    bare = without_heart(ball_in_body(), np.random.default_rng(0))
    assert not bare.labels.any()
    assert bare.kind == "none-spect-parametric"
    assert np.abs(bare.cube.astype(float) - 0.2).max() < 0.1


def test_a_cropped_study_ends_before_the_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard_studies, "CROPPED_SHARE", 1.0)
    monkeypatch.setattr(hard_studies, "EMPTY_SHARE", 1.0)
    for seed in range(4):
        cut = without_heart(ball_in_body(), np.random.default_rng(seed))
        assert set(np.unique(cut.cube.astype(np.float32)).round(2)) == {np.float32(0.0), np.float32(0.2)}


def test_decoys_lie_where_the_sample_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard_studies, "EMPTY_SHARE", 0.0)
    for seed in range(8):
        fooled = without_heart(ball_in_body(), np.random.default_rng(seed))
        near = np.linalg.norm(CUBE.points() - fooled.centre, axis=-1) < 45
        assert fooled.cube[near].max() > 0.35


def test_a_neighbour_touches_the_ventricle_and_leaves_it_as_it_is() -> None:
    study = ball_in_body()
    distance = np.linalg.norm(CUBE.points() - study.centre, axis=-1)
    gaps = []
    for seed in range(8):
        beside = with_neighbour(study, np.random.default_rng(seed))
        added = beside.cube.astype(float) - study.cube
        assert np.abs(added[distance < RADIUS - 4]).max() < 0.05
        assert added.max() > 0.2
        gaps.append(distance[added > 0.15].min() - RADIUS)
        assert beside.labels is study.labels
    assert max(gaps) < 40
    assert np.median(gaps) < 12


def test_a_shell_is_hollow_and_closed_and_a_ring_is_open() -> None:
    rng = np.random.default_rng(3)
    line = np.linspace(-1.5, 1.5, 61)
    p = np.stack(np.meshgrid(line, line, line, indexing="ij"), -1)
    for kind, holes in ((decoys._shell, 2), (decoys._ring, 1)):
        outside, parts = ndimage.label(kind(p, 30.0, rng) > 0)
        assert parts == holes  # what is not wall is in one piece where the inside is open
        assert outside.any()


def test_only_presence_and_background_are_learned_without_a_heart(pool: Path) -> None:
    torch.manual_seed(0)
    network = compact()
    none = draw_batch([pool], 2, np.random.default_rng(1), heartless_share=1.0)
    assert not none.labels.any()
    _, parts = compact_loss(network, none)
    for name in ("heat", "turn", "wide", "close", "overlap"):
        assert float(parts[name].detach()) == 0.0
    assert float(parts["presence"].detach()) > 0.0
    assert float(parts["labels"].detach()) > 0.0


def test_the_target_of_presence_is_zero_without_a_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = []

    def told(logit: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        targets.append(there.clone())
        return logit.sum() * 0

    monkeypatch.setattr("MSSTUNetReorientLib.training.compact_loss.presence_loss", told)
    heart = ball_in_body()
    none = without_heart(heart, np.random.default_rng(2))
    torch.manual_seed(1)
    for _ in range(4):
        compact_loss(compact(), collate([heart, none]))
    wide = torch.stack(targets).reshape(-1, 2)  # heart, none in turn
    assert wide[:, 1].sum() == 0
    assert wide[:, 0].sum() > 0


def test_heartless_studies_are_for_the_compact_network(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    text = 'title = "x"\nabout = "x"\n[network]\narchitecture = "msstn"\n[data]\nheartless = 0.1\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="heartless is for the compact network"):
        load_recipe(path)
    assert load_recipe("compact-hard").data.heartless == 0.2
