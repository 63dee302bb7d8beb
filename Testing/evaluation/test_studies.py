"""Data sets on disk: what is read, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.evaluation.study_sets import read_sets
from MSSTUNetReorientLib.geometry.pose import Pose
from results import POSE


def test_simulated_studies(simulated: Path) -> None:
    studies = read_set(simulated, "a").studies
    assert [s.name for s in studies] == ["spect_3", "spect_4", "spect_5"]
    assert {(s.kind, s.modality, s.held_out, s.exact) for s in studies} == {("simulated", "SPECT", True, True)}
    assert len({s.subject for s in studies}) == len({s.sha256 for s in studies}) == 3
    told = json.loads((simulated / "spect_3" / "truth.json").read_text(encoding="utf-8"))["pose"]
    assert np.allclose(studies[0].pose.matrix, told["matrix_sa_to_lps"])
    assert studies[0].cube is not None
    assert np.allclose(studies[0].pose.translation(studies[0].cube), told["translation_normalized"])
    labels = studies[0].read_labels()
    assert labels is not None
    inside = labels.grid.at(np.argwhere(labels.array > 0)[:, ::-1]).mean(axis=0)
    assert np.linalg.norm(inside - studies[0].pose.centre) < 1.0


@pytest.mark.parametrize(
    ("heart", "subject", "held_out"),
    [
        ({"type": "CountedHeart", "name": "000151_rest_sum"}, "000151", False),
        ({"type": "CountedHeart", "name": "000664_stress_g01"}, "000664", True),
        ({"type": "MeasuredHeart", "subject": "p003"}, "p003", True),
        ({"type": "MeasuredHeart", "subject": "p002"}, "p002", False),
    ],
)
def test_whose_heart(heart: dict[str, str], subject: str, held_out: bool, simulated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set" / "one"
    shutil.copytree(simulated / "spect_3", folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    truth["parameters"]["heart"] = heart
    (folder / "truth.json").write_text(json.dumps(truth))
    (study,) = read_set(folder.parent, "a").studies
    assert (study.subject, study.kind, study.held_out) == (subject, "real-derived", held_out)


def test_real_studies(real: Path) -> None:
    (study,) = read_set(real, "b").studies
    assert (study.name, study.subject, study.kind, study.modality) == ("a", "a", "real", "not stated")
    assert study.pose.long_axis_error(POSE) < 1e-6
    assert study.pose.centre_error(POSE) < 1e-6
    assert not study.exact
    assert study.uncertainty_deg == 5
    labels = study.read_labels()
    assert labels is not None
    assert set(np.unique(labels.array)) == {0, 1}


def test_a_changed_study_is_another(real: Path) -> None:
    before = read_set(real, "b").studies[0].sha256
    told = json.loads((real / "reference_poses.json").read_text(encoding="utf-8"))
    told["a"]["centre_lps_mm"][0] += 1
    (real / "reference_poses.json").write_text(json.dumps(told))
    assert read_set(real, "b").studies[0].sha256 != before


def refusal(*arguments: str) -> str:
    with pytest.raises(InputError) as error:
        read_sets(arguments)
    return str(error.value)


def test_refusals(simulated: Path, real: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "there is none" in refusal(str(tmp_path / "nowhere"))
    assert "found none" in refusal(str(tmp_path / "empty"))
    assert "different names" in refusal(str(simulated), str(simulated))
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(real / "a.nrrd", bare)
    assert "must come with truth" in refusal(str(bare))
    (real / "a.nrrd").unlink()
    assert "a has none" in refusal(str(real))
    (real / "reference_poses.json").write_text("{")
    assert "cannot be read" in refusal(str(real))


def test_names(simulated: Path) -> None:
    assert [s.name for s in read_sets([str(simulated), f"x={simulated}"])] == ["spect", "x"]
    assert Pose(np.eye(3), np.zeros(3)).rotation.shape == (3, 3)
