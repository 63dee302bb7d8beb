"""Changes of a study that leave its heart as it is, and what the answers make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.evaluation import perturbations
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import check_volume
from MSSTUNetReorientLib.prediction.result import Result
from places import REPOSITORY
from results import make_result
from scipy.spatial.transform import Rotation


def spot_of(study: Volume) -> np.ndarray:
    """Centroid of the counts, LPS mm."""
    k, j, i = (n.astype(float) for n in np.indices(study.array.shape))
    weight = study.array / study.array.sum()
    return study.grid.at([(weight * axis).sum() for axis in (i, j, k)])


def a_study() -> Volume:
    """A smooth bright spot away from the middle of a cold field, on oblique voxels."""
    axes = Rotation.from_rotvec([0.35, 0.0, 0.1]).as_matrix()
    grid = Grid((60, 56, 44), [5.0, 5.0, 5.5], [-140.0, -120.0, -90.0], axes)
    at = grid.centre + [21.0, -17.0, 12.0]
    counts = 100 * np.exp(-((grid.points() - at) ** 2).sum(-1) / (2 * 15.0**2))
    return Volume(counts.astype(np.float32), grid)


def test_each_change_tells_where_the_heart_now_lies() -> None:
    study = a_study()
    before = spot_of(study)
    found = list(perturbations.changes(study, before))
    assert len(found) == 15
    for change in found:
        check_volume(change.study, change.name)
        np.testing.assert_allclose(spot_of(change.study), change.moved.apply(before), atol=0.5, err_msg=change.name)
    assert sum(np.linalg.norm(c.moved.apply(before) - before) > 1 for c in found) >= 4


def test_fields_are_cut_as_told() -> None:
    study = a_study()
    along, across = list(perturbations.changes(study, spot_of(study)))[:2]
    spacing = study.grid.spacing.max()
    axis = int(np.abs(study.grid.direction[2]).argmax())
    assert along.study.grid.extent[axis] == pytest.approx(perturbations.LENGTH_MM, abs=2 * spacing)
    others = [a for a in range(3) if a != axis]
    np.testing.assert_allclose(across.study.grid.extent[others], perturbations.WIDTH_MM, atol=2 * spacing)


def test_the_shift_is_told_against_the_moved_answer() -> None:
    """A reader who follows the patient is steady; one who stays turns by what the patient turned."""
    result = make_result()
    follows = perturbations.Change("turned", result.study, Pose.from_matrix(np.eye(4)))
    swung = Result(**{**vars(result), "pose": result.pose.corrected(Correction(swing=4.0, lateral=3.0))})
    shift = perturbations._shift(follows, result, swung)
    assert shift.long_axis_deg == pytest.approx(4.0, abs=1e-6)
    assert shift.centre_mm == pytest.approx(3.0, abs=1e-6)
    assert shift.wall_percent == 0
    assert not shift.verdict_changed


def test_medians_and_worst_by_change() -> None:
    found = [perturbations.Shift(name, x, 2 * x, 0.0, 1.0, x > 3) for name, x in (("a", 1.0), ("a", 2.0), ("b", 4.0))]
    rows = perturbations.table(found).rows
    assert [row[0] for row in rows] == ["a", "b", "all"]
    assert rows[0][1:3] == ("1.5; 2.0", "3.0; 4.0")
    assert rows[2][1] == "2.0; 4.0"
    assert rows[2][-1] == "1/3"


def test_the_sample_is_steady(tmp_path: Path) -> None:
    page = tmp_path / "perturbations.md"
    sample = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
    assert main(["stability", str(sample), "--out", str(page), "--quiet"]) == 0
    text = page.read_text(encoding="utf-8")
    last = next(line for line in text.splitlines() if line.startswith("| all")).split("|")
    median, worst = (float(x) for x in last[2].split(";"))
    assert median < 1
    assert worst < 5
    assert "| voxels of the short axis | 1 |" in text
    assert "spect_phantom" not in text, "names may be personal"


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = str(REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd")
    assert main(["stability", sample, "--out", str(tmp_path)]) == 2
    assert main(["stability", str(tmp_path / "none.nrrd")]) == 2
    assert main(["stability", sample, "--model", "none"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 3
    assert not list(tmp_path.iterdir())
