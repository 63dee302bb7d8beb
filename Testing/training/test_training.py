"""Training: what is seen, what is asked, who keeps to which split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.evaluation.method import Answer
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.networks.geometry import HALF_MM
from MSSTUNetReorientLib.simulation import splits
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.training import batches
from MSSTUNetReorientLib.training import compact_loss as losses
from MSSTUNetReorientLib.training.loop import Studies
from MSSTUNetReorientLib.training.loop import Training
from MSSTUNetReorientLib.training.pool import draw_sample
from MSSTUNetReorientLib.training.pool import read_sample
from MSSTUNetReorientLib.training.recipe import load_recipe
from MSSTUNetReorientLib.training.validate import as_table
from MSSTUNetReorientLib.training.validate import summarise
from MSSTUNetReorientLib.training.validate import validate


def test_the_same_seed_gives_the_same_study() -> None:
    one, other = draw_sample(5, Sources()), draw_sample(5, Sources())
    assert one.cube.tobytes() == other.cube.tobytes()
    assert one.labels.tobytes() == other.labels.tobytes()
    assert draw_sample(6, Sources()).cube.tobytes() != one.cube.tobytes()


def test_the_wall_lies_where_the_truth_says(pool: Path) -> None:
    sample = read_sample(sorted(pool.glob("*.npz"))[0])
    k, j, i = np.nonzero(sample.labels == 1)
    at = Pose(sample.rotation, sample.centre).apply((np.stack([i, j, k], axis=1) - 23.5) * 3.2) / 4.0 + 47.5
    x, y, z = np.rint(at).astype(int).T
    wall = sample.cube[z, y, x].astype(float).mean()
    assert wall > 2 * sample.cube[sample.cube > 0].astype(float).mean()


def test_shifting_a_study_moves_its_truth_along(pool: Path) -> None:
    whole = batches.collate([read_sample(sorted(pool.glob("*.npz"))[1])])
    moved = batches.augment(whole, np.random.default_rng(3))
    shift = torch.round((moved.translation - whole.translation)[0] * HALF_MM / 4.0).int()
    assert shift.abs().max() > 0
    at = torch.round((whole.translation * HALF_MM / 4.0 + 47.5)[0]).int()
    x, y, z = at.tolist()
    near = whole.cube[0, 0, z - 8 : z + 8, y - 8 : y + 8, x - 8 : x + 8]
    x, y, z = (at + shift).tolist()
    there = moved.cube[0, 0, z - 8 : z + 8, y - 8 : y + 8, x - 8 : x + 8]
    assert np.corrcoef(near.flatten(), there.flatten())[0, 1] > 0.9


def test_the_true_pose_reads_the_true_labels(pool: Path) -> None:
    batch = batches.collate([read_sample(f) for f in sorted(pool.glob("*.npz"))[:2]])
    shares = losses.true_shares(batch, batch.rotation, batch.translation)
    torch.testing.assert_close(shares[:, 1:], batch.labels, atol=1e-3, rtol=0)
    assert float(losses.overlap_loss(batch, (batch.rotation, batch.translation), torch.ones(2))) < 1e-3


def test_a_disturbed_pose_is_as_far_as_asked(pool: Path) -> None:
    batch = batches.collate([read_sample(sorted(pool.glob("*.npz"))[0])] * 200)
    torch.manual_seed(0)
    rotation, translation = losses.disturbed(batch, 12.0, 9.0)
    true = Pose(batch.rotation[0].numpy(), np.zeros(3))
    angles = [Pose(r.numpy(), np.zeros(3)).rotation_error(true) for r in rotation]
    assert np.sqrt(np.mean(np.square(angles))) == pytest.approx(12, rel=0.15)
    shift = (translation - batch.translation).norm(dim=1) * HALF_MM
    assert float(shift.square().mean().sqrt()) == pytest.approx(9, rel=0.15)


def test_a_few_steps_lower_the_loss_of_the_compact_model(pool: Path) -> None:
    recipe = load_recipe("compact")
    schedule = replace(recipe.schedule, iterations=9, warmup=1, cooldown=0.01)
    state = Training(replace(recipe, schedule=schedule, data=replace(recipe.data, batch=2)))
    totals = [sum(state.advance(Studies([pool])).values()) for _ in range(7)]
    assert np.mean(totals[-3:]) < 0.95 * np.mean(totals[:2])


def test_no_subject_is_in_two_splits(shared_data: Path) -> None:
    counts = [set(names) for names in splits.COUNTS_SUBJECTS.values()]
    folder = shared_data / "cta_ventricles"
    hearts = [splits.ventricle_subjects(folder, s) for s in ("train", "validation", "test")]
    for groups in (counts, hearts):
        assert sum(len(g) for g in groups) == len(set.union(*groups))
    assert set.union(*counts) == {f.name.split("_")[0] for f in (shared_data / "lvseg_short_axis").glob("*.nrrd")}
    assert set.union(*hearts) == {f.stem for f in folder.glob("*.nrrd")}


def test_figures_are_those_of_the_answers(pool: Path) -> None:
    class Truth:
        name, parameters = "truth", 0

        def answer(self, study: Volume) -> Answer:
            files = (read_sample(f) for f in sorted(pool.glob("*.npz")))
            sample = next(s for s in files if np.array_equal(s.cube.astype(np.float32), study.array))
            pose = Pose(sample.rotation, sample.centre)
            turned = pose.corrected(Correction(swing=4.0, lateral=3.0))
            return Answer(turned, Volume(sample.labels, Grid.centred(48, 3.2, pose)))

    figures = validate(pool, Truth(), lambda _: None)
    row = figures["all"]
    assert (row["studies"], row["failures"]) == (3, 0)
    assert row["long_axis_deg"]["median"] == pytest.approx(4.0, abs=1e-3)
    assert row["centre_mm"]["median"] == pytest.approx(3.0, abs=1e-3)
    assert row["dsc_myocardium"]["median"] == 1.0
    assert as_table(figures).splitlines()[1].split()[:2] == ["all", "3"]


def test_failures_are_counted() -> None:
    rows = [{"long_axis_deg": axis, "roll_deg": 1.0, "centre_mm": 2.0, "passed": 1.0} for axis in (1.0, 2.0, 16.0)]
    told = summarise(rows)
    assert (told["failures"], told["failures_passed_by_quality_control"]) == (1, 1)
    assert told["long_axis_deg"]["median"] == 2.0
