"""The spread of scores from values written by hand, and from a study that does not change."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation import score_spread
from MSSTUNetReorientLib.evaluation.score_spread import ScoreSpread
from MSSTUNetReorientLib.evaluation.score_spread import spread_table
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.prediction.qc import Quality
from results import make_result


def test_one_sd_of_all_studies_and_the_worst() -> None:
    found = [
        ScoreSpread("noise", (4.0, 5.0, 6.0), (10.0, 10.0)),
        ScoreSpread("noise", (3.0, 3.0), (2.0, 4.0)),
        ScoreSpread("noise", (7.0,), ()),
        ScoreSpread("voxels", (0.0, 2.0), (1.0, 1.0)),
        ScoreSpread("nothing", (), ()),
    ]
    noise, voxels, nothing = spread_table(found).rows
    assert noise[:3] == ("noise", "2", f"{np.sqrt((1 + 0) / 2):.2f}; 1.00 **missed**")
    assert noise[3] == f"{np.sqrt((0 + 2) / 2):.2f}; {np.sqrt(2):.2f}"
    assert voxels[2] == "1.41; 1.41 **missed**"
    assert nothing == ("nothing", "0", "-", "-")
    assert spread_table([ScoreSpread("x", (1.0, 2.0, 2.0), (1.0, 1.0))]).rows[0][2] == "0.58; 0.58 reached"


def test_each_group_has_the_study_itself_and_its_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    result = make_result(quality=Quality("pass"))
    poses: list[Pose] = []

    def segmented(study: object, pose: Pose, model: object) -> object:
        poses.append(pose)
        return result

    monkeypatch.setattr(score_spread, "predict", lambda study, model: result)
    monkeypatch.setattr(score_spread, "segment_at", segmented)
    voxels, noise, off = score_spread.score_spreads(result.study, None)
    assert [p.long_axis_error(result.pose) for p in poses] == pytest.approx([2.0] * 4)
    assert len(noise.summed_scores) == len(off.summed_scores) == 5
    assert len(set(off.scar_percents)) == 1, "the answer was the same"
    assert len(voxels.scar_percents) == 4
    assert max(voxels.scar_percents) - min(voxels.scar_percents) < 3
