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
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from results import POSE


def test_simulated_studies(simulated: Path) -> None:
    studies = read_set(simulated, "a").studies
    assert [s.name for s in studies] == ["spect_3", "spect_4", "spect_5"]
    assert {(s.kind, s.modality, s.held_out, s.exact) for s in studies} == {("simulated", "SPECT", True, True)}
    truth = json.loads((simulated / "spect_3" / "truth.json").read_text(encoding="utf-8"))
    assert studies[0].septum_deg == truth["septum_deg"]
    assert 120 < truth["septum_deg"] < 220
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
    assert study.reference is not None
    assert study.reference.wall is not None
    assert study.pose.long_axis == pytest.approx(study.reference.axis)
    assert angle_between(study.reference.ellipsoid, POSE.long_axis) == pytest.approx(np.hypot(1.3, 4.8), abs=0.01)
    assert angle_between(study.reference.wall, POSE.long_axis) < 2.0
    assert study.pose.rotation == pytest.approx(rotation_from_long_axis(study.reference.axis))
    assert study.pose.centre_error(POSE) < 1e-6
    assert study.septum_deg is None
    assert not study.exact
    assert study.uncertainty_deg == pytest.approx(5 / 2**0.5)
    labels = study.read_labels()
    assert labels is not None
    assert set(np.unique(labels.array)) == {0, 1}


def single(real: Path) -> Path:
    """The same study as the only one of a folder."""
    told = json.loads((real / "reference_poses.json").read_text(encoding="utf-8"))["a"]
    (real / "reference_poses.json").unlink()
    alone = {"k_lps": told["k_lps"], "centre_lps": told["centre_lps_mm"]}
    (real / "reference_pose.json").write_text(json.dumps(alone))
    return real


def test_a_single_study_is_for_looking(real: Path) -> None:
    (expected,) = read_set(real, "b").studies
    (study,) = read_set(single(real), "b").studies
    assert (study.name, study.kind, expected.kind) == ("a", "real, for looking", "real")
    assert study.labels == expected.labels
    assert study.pose.long_axis_error(expected.pose) < 1e-6
    assert study.uncertainty_deg == pytest.approx(6 / 2**0.5)
    shutil.copy(real / "a.nrrd", real / "b.nrrd")
    assert "must be one image beside it, but found 2" in refusal(str(real))


def test_another_reference_is_another_study(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is computed: rows against an old one are not used again."""
    before = read_set(real, "b").studies[0].sha256
    assert read_set(real, "b").studies[0].sha256 == before
    monkeypatch.setattr("MSSTUNetReorientLib.evaluation.references.wall_line", lambda *_: None)
    assert read_set(real, "b").studies[0].sha256 != before


def test_a_truth_of_an_older_version_is_refused(simulated: Path, tmp_path: Path) -> None:
    """Its roll came from the septum."""
    folder = tmp_path / "set" / "one"
    shutil.copytree(simulated / "spect_3", folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    del truth["septum_deg"]
    (folder / "truth.json").write_text(json.dumps(truth))
    assert "simulate the studies again" in refusal(str(folder.parent))


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
