"""What training draws from the simulator, and who may be in which split."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.simulation.splits import COUNTS_SUBJECTS
from MSSTUNetReorientLib.simulation.splits import ventricle_subjects
from MSSTUNetReorientLib.simulation.torso import RANDOM_LIMITS
from MSSTUNetReorientLib.simulation.torso import Activity
from MSSTUNetReorientLib.simulation.torso import draw_random_activity
from MSSTUNetReorientLib.simulation.truth import LABEL_SIZE
from MSSTUNetReorientLib.simulation.truth import LABEL_SPACING
from MSSTUNetReorientLib.training import pool
from MSSTUNetReorientLib.training.batches import draw_batch
from MSSTUNetReorientLib.training.pool import Sample
from MSSTUNetReorientLib.training.pool import draw_sample
from MSSTUNetReorientLib.training.pool import draw_samples
from MSSTUNetReorientLib.training.pool import draw_training_parameters
from MSSTUNetReorientLib.training.pool import fill_pool
from MSSTUNetReorientLib.training.pool import training_sources


def test_same_seed_same_sample() -> None:
    a, b = (draw_sample(11, Sources()) for _ in range(2))
    assert a.cube.shape == (96, 96, 96)
    assert a.cube.tobytes() == b.cube.tobytes()
    assert a.labels.tobytes() == b.labels.tobytes()


def test_no_subject_in_two_splits(tmp_path: Path) -> None:
    for name in ("p003", "p007", "p002"):
        (tmp_path / f"{name}.nrrd").touch()
    parts = [ventricle_subjects(tmp_path, split) for split in ("train", "validation", "test")]  # type: ignore[arg-type]
    for groups in (parts, [set(v) for v in COUNTS_SUBJECTS.values()]):
        assert sum(len(g) for g in groups) == len(set().union(*groups))
    assert parts[0] == {"p002"}


@pytest.mark.parametrize("split", ["validation", "test"])
def test_real_sources_are_those_of_the_split(shared_data: Path, split: str) -> None:
    sources = training_sources(shared_data, split)  # type: ignore[arg-type]
    assert set(sources.ventricles) <= ventricle_subjects(shared_data / "cta_ventricles", split)  # type: ignore[arg-type]
    assert {name.split("_")[0] for name in sources.counts} == set(COUNTS_SUBJECTS[split])  # type: ignore[index]


def upright(sample: Sample) -> np.ndarray:
    """The counts of a sample in its true SA frame, on the grid of its labels."""
    cube = Volume(sample.cube.astype(np.float32), Grid.centred(96, 4.0, Pose(np.eye(3), np.zeros(3))))
    pose = Pose(sample.rotation, sample.centre)
    return np.asarray(resample(cube, Grid.centred(LABEL_SIZE, LABEL_SPACING, pose)).array)


def test_a_physical_study_is_looked_at_from_several_sides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The fast model stands in for the slow one: what is checked is that every look has the truth of its own cube."""
    monkeypatch.setattr(pool, "draw_parameters", partial(draw_parameters, fast=True))
    looks = draw_samples(3, Sources(), "physical")
    assert len(looks) == pool.SAMPLES_PER_STUDY
    first = upright(looks[0])
    turns = []
    for look in looks:
        seen = upright(look)
        assert np.corrcoef(seen.ravel(), first.ravel())[0, 1] > 0.97
        assert np.median(seen[look.labels == MYOCARDIUM]) == pytest.approx(1.0, abs=0.1)
        turns.append(Pose(look.rotation, look.centre).rotation_error(Pose(looks[0].rotation, looks[0].centre)))
    assert turns[0] == 0
    assert min(turns[1:]) > 1
    fill_pool(tmp_path, Sources(), slots=4, first_seed=3, count=2, cameras="physical")
    assert len(list(tmp_path.glob("*.npz"))) == 2 * pool.SAMPLES_PER_STUDY


def test_a_batch_draws_from_every_pool(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        fill_pool(tmp_path / name, Sources(), slots=1, first_seed=seed, count=1)
    batch = draw_batch([tmp_path / "a", tmp_path / "b"], 24, np.random.default_rng(0), changed=False)
    assert len({cube.numpy().tobytes() for cube in batch.cube}) == 2


def test_a_third_of_the_studies_have_random_organs(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = Activity({"body": 99.0}, 0.0)
    monkeypatch.setattr(pool, "draw_random_activity", lambda _: marked)
    drawn = [draw_training_parameters(np.random.default_rng(n), n, Sources())[0].activity for n in range(150)]
    assert 0.2 < np.mean([activity is marked for activity in drawn]) < 0.47


def test_random_organs_do_not_depend_on_each_other() -> None:
    drawn = [draw_random_activity(np.random.default_rng(n)).values for n in range(400)]
    logs = np.log([[values[tissue] for tissue in RANDOM_LIMITS] for values in drawn])
    limits = np.log([RANDOM_LIMITS[tissue] for tissue in RANDOM_LIMITS])
    assert (logs >= limits[:, 0]).all()
    assert (logs <= limits[:, 1]).all()
    reached = np.ptp(logs, axis=0) / np.ptp(limits, axis=1)
    assert reached.min() > 0.95
    assert np.abs(np.corrcoef(logs.T) - np.eye(len(RANDOM_LIMITS))).max() < 0.25
