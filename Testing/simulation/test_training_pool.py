"""What training draws from the simulator, and who may be in which split."""

from __future__ import annotations

from pathlib import Path

import pytest
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.simulation.splits import COUNTS_SUBJECTS
from MSSTUNetReorientLib.simulation.splits import ventricle_subjects
from MSSTUNetReorientLib.training.pool import draw_sample
from MSSTUNetReorientLib.training.pool import load_sources


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
    sources = load_sources(shared_data, split)  # type: ignore[arg-type]
    assert set(sources.ventricles) <= ventricle_subjects(shared_data / "cta_ventricles", split)  # type: ignore[arg-type]
    assert {name.split("_")[0] for name in sources.counts} == set(COUNTS_SUBJECTS[split])  # type: ignore[index]
