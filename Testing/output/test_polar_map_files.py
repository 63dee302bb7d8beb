"""The polar map on disk: the numbers of result.json, arrays that make its segments again, nothing where withheld."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.output.polar_map_files import ARRAYS
from MSSTUNetReorientLib.output.polar_map_files import write_samples
from MSSTUNetReorientLib.output.polar_map_files import write_table
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result
from walls import POSE
from walls import wall


def inferior(height: Any, angle: Any) -> Any:
    """Cold basal inferior wall, segment 4."""
    return np.where((height > 0.65) & (angle > 240) & (angle < 300), 20.0, 100.0)


def a_result(quality: Quality) -> Result:
    short_axis, labels, _ = wall(inferior)
    return replace(make_result(POSE, quality=quality), short_axis=short_axis, labels=labels)


def arrays(file: Path) -> dict[str, Any]:
    with np.load(file, allow_pickle=False) as content:
        return dict(content)


def test_the_table_has_the_segments_of_the_summary(tmp_path: Path) -> None:
    result = a_result(Quality("pass"))
    write_table(result, tmp_path / "map.csv")
    lines = list(csv.DictReader((tmp_path / "map.csv").read_text(encoding="utf-8").splitlines()))
    told = summary(result)["perfusion"]["segments"]
    assert [int(line["number"]) for line in lines] == list(range(1, 18))
    for line, segment in zip(lines, told, strict=True):
        assert (line["name"], line["territory"]) == (segment["name"], segment["territory"])
        assert float(line["percent"]) == segment["percent"]
        assert float(line["mid_wall_percent"]) == segment["mid_wall_percent"]
        assert line["score"] == ("" if segment["score"] is None else str(segment["score"]))


def test_the_arrays_make_the_segments_again(tmp_path: Path) -> None:
    """Segment 4: angles 240 to 300, the basal 35 % of the axis, weighted by area; rows on the border by their share."""
    result = a_result(Quality("pass"))
    write_samples(result, tmp_path / "map.npz")
    found = arrays(tmp_path / "map.npz")
    assert set(found) == set(ARRAYS)
    low, high = found["row_edges"][:-1], found["row_edges"][1:]
    part = np.clip(high - np.maximum(low, 0.65), 0, None) / (high - low)
    sector = (found["angle_deg"] > 240) & (found["angle_deg"] < 300)
    weight = part[:, None] * sector * found["counted"] * found["area_mm2"]
    told = summary(result)["perfusion"]["segments"][3]
    for name in ("percent", "mid_wall_percent"):
        mean = np.nansum(weight * np.nan_to_num(found[name])) / weight.sum()
        assert mean == pytest.approx(told[name], abs=0.06)
    assert told["percent"] < 35
    assert found["maximum_counts"] == pytest.approx(100, abs=0.5)
    assert np.nanmax(found["percent"]) == np.nanmax(found["mid_wall_percent"]) == 100


def test_a_withheld_map_leaves_no_files_and_says_why(tmp_path: Path) -> None:
    notes: list[str] = []
    result = a_result(Quality("review", (), {"cut_share": 0.03}))
    deliver(result, tmp_path / "out", scene=False, report=False, note=notes.append)
    assert not list((tmp_path / "out").glob("polar_map*"))
    reason = "apex or base is cut off by the edge of the field of view"
    told = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert told["left_out"] == {"polar_map.csv": reason, "polar_map.npz": reason}
    assert notes == [f"{name} left out: {reason}" for name in ("polar_map.csv", "polar_map.npz")]
