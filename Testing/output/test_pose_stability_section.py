"""The stability of a result in result.json and the report: given, withheld, and marked by the verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.output.pose_stability_section import PoseStabilitySection
from MSSTUNetReorientLib.output.pose_stability_section import pose_stability_section
from MSSTUNetReorientLib.output.report import write_report
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.perfusion.pose_stability import PoseStability
from MSSTUNetReorientLib.perfusion.pose_stability import Range
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from results import FOUND
from results import make_result
from walls import POSE
from walls import wall

STEADY = PoseStability(4.2, 2.0, 14, 0, Range(6, 5, 7), Range(8.0, 6.25, 9.0), 14, Range(50.0, 44.4, 61.2))


def a_result(quality: Quality) -> Result:
    def counts(height: Any, angle: Any) -> Any:
        return np.where((height < 0.45) & (angle > 100) & (angle < 260), 20.0, 100.0)

    short_axis, labels, _ = wall(counts)
    return replace(make_result(POSE, quality=quality), short_axis=short_axis, labels=labels)


def test_the_paragraph_says_the_ranges() -> None:
    assert PoseStabilitySection("pass", STEADY).sentences == (
        "Within the model's own bound for this study (axis 5°, centre 2 mm) the summed score stays between 5 and 7; "
        "the scar burden stays between 6.2 and 9.0 %; segment 14 apical septal moves most, between 44 and 61 %.",
    )
    still = replace(STEADY, summed_score=Range(5, 5, 5), scar_percent=None, segment=None, segment_percent=None)
    assert PoseStabilitySection("pass", still).sentences[0].endswith("the summed score stays at 5.")


def test_review_and_lost_maps_are_said() -> None:
    told = PoseStabilitySection("review", replace(STEADY, withheld=3)).sentences
    assert told[1:] == (
        "At 3 of the 14 poses tried, some of these figures are withheld.",
        "Review: the quality verdict asks to check the pose first.",
    )


def test_report_and_summary_say_the_same(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    result = a_result(Quality("pass", (), FOUND))
    told = summary(result)["pose_stability"]
    assert (told["axis_deg"], told["centre_mm"], told["poses"], told["withheld"]) == (3.2, 2.4, 14, None)
    one = told["segment_percent"]
    assert one["low"] <= one["own"] <= one["high"]
    assert one["own"] == summary(result)["perfusion"]["segments"][told["segment"] - 1]["percent"]
    write_report(result, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"segment {told['segment']} " in page
    assert f"between {one['low']:.0f} and {one['high']:.0f} %" in page


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (Quality("fail"), "the quality verdict is fail: no usable left ventricle was found"),
        (Quality("review", (), {"cut_share": 0.03}), "apex or base is cut off by the edge of the field of view"),
        (Quality("pass"), "the model has no bound for this study"),
    ],
)
def test_withheld_with_its_reason(quality: Quality, reason: str) -> None:
    section = pose_stability_section(a_result(quality))
    told = section.as_dict()
    assert (told["withheld"], told["verdict"]) == (reason, quality.status)
    assert {told[n] for n in ("axis_deg", "summed_score", "segment")} == {None}
    assert section.sentences == (f"How far the figures depend on the pose is withheld: {reason}.",)


def test_a_changed_pose_or_verdict_is_measured_anew() -> None:
    result = a_result(Quality("pass", (), FOUND))
    first = pose_stability_section(result)
    assert pose_stability_section(replace(result, left_out={"scene.mrb": "no"})) is first
    wider = pose_stability_section(replace(result, quality=Quality("pass", (), {**FOUND, "axis_bound_deg": 9.0})))
    assert wider.as_dict()["axis_deg"] == 9.0
