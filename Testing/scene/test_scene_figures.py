"""Segments, figures and the chart of uptake as nodes: what they hold, and that files keep it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gated_results import gated_result
from MSSTUNetReorientLib.output.perfusion_text import perfusion_of
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.output.scene_figures import scene_figures
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import read_result_nodes
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.figure_tables import FigureRow
from MSSTUNetReorientLib.scene.figure_tables import Figures
from MSSTUNetReorientLib.scene.figure_tables import SegmentRow
from MSSTUNetReorientLib.scene.figure_tables import fill_figures
from MSSTUNetReorientLib.scene.figure_tables import fill_segments
from MSSTUNetReorientLib.scene.figure_tables import read_figures
from MSSTUNetReorientLib.scene.figure_tables import read_segments
from MSSTUNetReorientLib.scene.nodes import hierarchy_of
from results import make_result

SEGMENTS = tuple(
    SegmentRow(
        n, f"wall {n}", "LAD" if n % 2 else "RCA", 100.0 - n if n != 3 else math.nan, 90.5, None if n == 3 else 2
    )
    for n in range(1, 18)
)
ROWS = (
    FigureRow("Perfusion", "summed score", "", "", "normal limits are needed"),
    FigureRow("LV as it is", "cavity", "61.5", "ml", "", 'Mean of the "cycle", not ED.\tWith a tab.'),
)


def same(one: tuple[SegmentRow, ...], other: tuple[SegmentRow, ...]) -> bool:
    return repr(one) == repr(other)  # nan is nan


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_files_keep_numbers_missing_values_and_words(scene: Any, result: Result, tmp_path: Path, suffix: str) -> None:
    from vtkmodules.vtkCommonCore import vtkDataArray

    add_result(scene, result, figures=Figures(SEGMENTS, ROWS))
    path = save_scene(scene, tmp_path / f"figures{suffix}")
    with new_scene() as other:
        load_scene(other, path)
        (found,) = read_result_nodes(other)
        assert set(found.figures) == {"segments", "figures", "chart", "series"}
        segments = found.figures["segments"]
        assert same(read_segments(segments), SEGMENTS)
        uptake = segments.GetTable().GetColumnByName("Uptake")
        number = segments.GetTable().GetColumnByName("Segment")
        assert isinstance(uptake, vtkDataArray)  # numbers still: they can be plotted
        assert isinstance(number, vtkDataArray)
        assert math.isnan(uptake.GetValue(2))
        assert segments.GetColumnUnitLabel("Uptake") == "%"
        back = read_figures(found.figures["figures"])
        assert back[0] == ROWS[0]
        assert back[1] == ROWS[1]._replace(note="Mean of the 'cycle', not ED. With a tab.")


def test_the_chart_shows_the_uptake_by_segment(scene: Any, result: Result) -> None:
    figures = add_result(scene, result, "Rest", figures=Figures(SEGMENTS, ROWS)).figures
    chart, series = figures["chart"], figures["series"]
    assert chart.GetNumberOfPlotSeriesNodes() == 1
    assert chart.GetNthPlotSeriesNode(0) is series
    assert series.GetTableNode() is figures["segments"]
    assert (series.GetXColumnName(), series.GetYColumnName(), series.GetLabelColumnName()) == (
        "Segment", "Uptake", "Name",
    )  # fmt: skip
    assert series.GetPlotType() == series.PlotTypeScatterBar
    assert not chart.GetYAxisRangeAuto()
    low, high = chart.GetYAxisRange()
    assert (low, high) == (0.0, 100.0)
    names = {role: node.GetName() for role, node in figures.items()}
    assert names == {"segments": "Rest LV segments", "figures": "Rest LV figures", "series": "Rest LV uptake",
                     "chart": "Rest LV uptake chart"}  # fmt: skip


def test_the_tables_lie_in_the_folder_of_the_result(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result, figures=Figures(SEGMENTS, ROWS))
    hierarchy = hierarchy_of(scene)
    for node in nodes.figures.values():
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == nodes.folder


def test_tables_are_filled_anew(scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    fill_segments(node, SEGMENTS)
    fill_segments(node, SEGMENTS[::-1])
    assert same(read_segments(node), SEGMENTS[::-1])
    other = scene.AddNewNodeByClass("vtkMRMLTableNode")
    fill_figures(other, ROWS)
    fill_figures(other, ())
    assert read_figures(other) == ()
    assert other.GetLocked()


def test_a_result_without_figures_has_no_tables(scene: Any, result: Result) -> None:
    assert add_result(scene, result).figures == {}
    assert read_result_nodes(scene)[0].figures == {}


@pytest.mark.parametrize("status", ["pass", "review", "fail"])
def test_the_scene_of_the_command_line_has_the_figures_of_its_summary(tmp_path: Path, status: Any) -> None:
    """Number by number: what ``result.json`` has, the tables have, and what it withholds, they withhold."""
    result = make_result(quality=Quality(status, (), {}))
    deliver(result, tmp_path / "out", report=False)
    told = summary(result)
    with new_scene() as scene:
        load_scene(scene, tmp_path / "out" / "scene.mrb")
        (nodes,) = read_result_nodes(scene)
        segments, rows = read_segments(nodes.figures["segments"]), read_figures(nodes.figures["figures"])
    assert len(segments) == 17
    for row in segments:
        content = {s["number"]: s for s in told["perfusion"]["segments"]}.get(row.number)
        if status == "fail":
            assert content is None
            assert math.isnan(row.percent)
        else:
            assert content is not None
            assert (row.name, row.territory) == (content["name"], content["territory"])
            np.testing.assert_equal(row.percent, math.nan if content["percent"] is None else content["percent"])
    expected = [f["value"] for f in told["perfusion"]["figures"].values()]
    expected += [value for name, value in told["anatomical"].items() if name != "notes"]
    assert [row.value for row in rows] == ["" if value is None else str(value) for value in expected]
    assert all(bool(row.value) != bool(row.withheld) for row in rows)
    assert told["function"] is None
    cavity = next(row for row in rows if row.name == "cavity")
    assert (cavity.group, cavity.unit) == ("LV as it is", "ml")
    assert ("eview" in cavity.note) == (status == "review")
    assert bool(cavity.value) == (status != "fail")


@pytest.mark.parametrize(("status", "counts"), [("pass", 1.0), ("review", 1.0), ("fail", 1.0), ("pass", 0.0)])
def test_a_gated_study_has_its_function_in_the_table(tmp_path: Path, status: Any, counts: float) -> None:
    """As ``result.json`` has it, with the verdict's word, or with the reason; the last gate has ``counts``."""
    result = gated_result(status, (1.0,) * 7 + (counts,))
    deliver(result, tmp_path / "out", report=False)
    told = summary(result)["function"]["figures"]
    with new_scene() as scene:
        load_scene(scene, tmp_path / "out" / "scene.mrb")
        rows = read_figures(read_result_nodes(scene)[0].figures["figures"])
    found = {row.name: row for row in rows if row.group == "Function"}
    names = {"EDV": "edv_ml", "ESV": "esv_ml", "stroke volume": "stroke_volume_ml", "EF": "ef_percent",
             "mass": "mass_g"}  # fmt: skip
    assert list(found) == list(names)
    for name, key in names.items():
        value = told[key]["value"]
        assert found[name].value == ("" if value is None else str(value))
        assert found[name].withheld == (told[key]["withheld"] or "")
        assert found[name].unit == told[key]["unit"]
        assert found[name].note.count("Review: ") == (status == "review")
    assert bool(found["EF"].value) == (status != "fail" and counts > 0)


def test_scores_say_against_which_limits() -> None:
    result = make_result(quality=Quality("pass", (), {}))
    rows = [row for row in scene_figures(result).rows if row.name == "summed score"]
    assert [row.note for row in rows] == [perfusion_of(result).choice]
    assert "imulated normals" in rows[0].note


def test_mass_says_what_it_is_good_to() -> None:
    rows = {row.name: row for row in scene_figures(make_result(quality=Quality("pass", (), {}))).rows}
    assert rows["mass"].unit == "g"
    assert "nine of ten simulated SPECT studies" in rows["mass"].note
    assert rows["shape index"].unit == ""
