"""Perfusion in the files of a result: picture, report and result.json say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.output.limits_choice import NOT_WANTED
from MSSTUNetReorientLib.output.perfusion_text import RELATIVE
from MSSTUNetReorientLib.output.perfusion_text import perfusion_of
from MSSTUNetReorientLib.output.polar_picture import perfusion_figure
from MSSTUNetReorientLib.output.report import write_report
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.perfusion.scores import OTHER_PROGRAMS
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result
from walls import POSE
from walls import wall

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")


def result_of(counts: Any, quality: Quality | None = None) -> Result:
    """A result whose short axis is a wall with known counts."""
    short_axis, labels, _ = wall(counts)
    base = make_result(POSE, quality=quality or Quality("pass"))
    return replace(base, short_axis=short_axis, labels=labels)


def inferior(height: Any, angle: Any) -> Any:
    """Cold basal inferior wall, segment 4."""
    return np.where((height > 0.65) & (angle > 240) & (angle < 300), 20.0, 100.0)


def without_limits(result: Result) -> Result:
    return replace(result, normal_limits="none")


def report_page(result: Result, folder: Path) -> str:
    write_report(result, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def pixel(figure: Any, axes: int, x: float, y: float) -> float:
    """Brightness of the drawn picture at a place of the map, 0 black to 1 white."""
    figure.canvas.draw()
    column, row = figure.axes[axes].transData.transform((x, y))
    image = np.asarray(figure.canvas.buffer_rgba())
    return float(image[round(len(image) - row), round(column), :3].mean()) / 255


@pytest.mark.parametrize(
    ("sector", "place"), [((60, 120), (0, 1)), ((120, 240), (-1, 0)), ((240, 300), (0, -1)), ((-60, 60), (1, 0))]
)
def test_a_cold_wall_appears_where_readers_expect_it(sector: tuple[int, int], place: tuple[int, int]) -> None:
    """Anterior up, septum left, inferior down, lateral right; base at the rim."""
    middle, half = sum(sector) / 2, (sector[1] - sector[0]) / 2

    def counts(height: Any, angle: Any) -> Any:
        near = np.abs((angle - middle + 180) % 360 - 180) < half
        return np.where((height > 0.65) & near, 10.0, 100.0)

    figure = perfusion_figure(perfusion_of(result_of(counts)))
    assert figure is not None
    for x, y in ((0, 1), (-1, 0), (0, -1), (1, 0)):
        dark = pixel(figure, 0, 0.94 * x + 0.04 * y, 0.94 * y + 0.04 * x) < 0.3  # beside the segments' lines
        assert dark == ((x, y) == place)
        assert pixel(figure, 0, 0.54 * x + 0.04 * y, 0.54 * y + 0.04 * x) > 0.5


def test_picture_has_values_and_the_maximum() -> None:
    figure = perfusion_figure(perfusion_of(result_of(inferior)))
    assert figure is not None
    left, scale = figure.axes
    values = [int(t.get_text()) for t in left.texts if t.get_text().isdigit()]
    assert len(values) == 17
    assert values[3] < 35
    assert {t.get_text() for t in left.texts} >= {"ANT", "INF", "SEP", "LAT"}
    assert "100 % = 100\ncounts" in scale.get_title()
    assert left.collections[0].get_clim() == (0, 100)


def test_report_and_summary_give_the_same_numbers(tmp_path: Path) -> None:
    result = result_of(inferior)
    page, content = report_page(result, tmp_path), summary(result)["perfusion"]
    assert RELATIVE.replace("'", "&#39;") in page
    for segment in content["segments"]:
        row = rf"{segment['number']} {segment['name']}</th><td>{segment['territory']}</td><td[^>]*>(\d+) %</td>"
        found = re.search(row, page)
        assert found is not None
        assert int(found.group(1)) == pytest.approx(segment["percent"], abs=0.51)
    assert content["relative_to"] == "the study's own maximum"
    assert content["maximum_counts"] == pytest.approx(100, abs=0.5)


def test_scores_of_report_and_summary_agree(tmp_path: Path) -> None:
    """A basal inferior wall of 20 % is below any normal limit; the report has score, normal mean and sum."""
    result = result_of(inferior)
    page, content = report_page(result, tmp_path), summary(result)["perfusion"]
    segment = content["segments"][3]
    assert segment["score"] >= 2
    assert segment["percent"] < segment["normal_percent"] - 2 * segment["normal_sd"]
    row = re.search(r"4 basal inferior</th>.*?</tr>", page, re.DOTALL)
    assert row is not None
    normal = re.search(r">(\d+) ± (\d+) %<", row.group())
    assert normal is not None
    assert int(normal[1]) == pytest.approx(segment["normal_percent"], abs=0.56)
    assert int(normal[2]) == pytest.approx(segment["normal_sd"], abs=0.56)
    assert f'<td class="number">{segment["score"]}</td>' in row.group()
    summed = content["figures"]["summed_score"]["value"]
    assert summed == sum(s["score"] for s in content["segments"])
    assert f"Summed score</th><td>{summed} of 68 ({content['severity_class']})" in page
    assert content["limits_choice"] in page
    assert OTHER_PROGRAMS in page


def test_sum_is_named_by_what_is_known_of_the_study(tmp_path: Path) -> None:
    for state, name in (("stress", "SSS"), ("rest", "SRS"), ("unknown", "Summed score")):
        result = result_of(inferior)
        result = replace(result, study=replace(result.study, info={**result.study.info, "study_phase": state}))
        assert summary(result)["perfusion"]["summed_score_name"].lower() == name.lower()
        assert f"{name} of the RCA" in report_page(result, tmp_path)


def test_without_limits_scores_are_withheld_and_the_map_stays(tmp_path: Path) -> None:
    result = without_limits(result_of(inferior))
    page, content = report_page(result, tmp_path), summary(result)["perfusion"]
    assert f"Scores and other extents are withheld: {NOT_WANTED}." in page
    scar = content["figures"].pop("scar_burden_percent")
    assert f"<td>{scar['value']:.0f} %</td>" in page
    assert all(f == {"value": None, "verdict": "pass", "withheld": NOT_WANTED} for f in content["figures"].values())
    assert all(segment["score"] is None for segment in content["segments"])
    assert content["scores_withheld"] == NOT_WANTED
    assert content["segments"][3]["percent"] is not None


def test_a_review_verdict_goes_with_every_figure(tmp_path: Path) -> None:
    result = result_of(inferior, Quality("review", ("Look at it.",)))
    assert {f["verdict"] for f in summary(result)["perfusion"]["figures"].values()} == {"review"}
    figure = perfusion_figure(perfusion_of(result))
    assert figure is not None
    assert "(review)" in figure.axes[0].get_title()
    assert "<h2>Perfusion (review)</h2>" in report_page(result, tmp_path)


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (Quality("review", (), {"cut_share": 0.03}), "apex or base is cut off by the edge of the field of view"),
        (Quality("fail"), "the quality verdict is fail: no usable left ventricle was found"),
    ],
)
def test_withheld_figures_say_why(tmp_path: Path, quality: Quality, reason: str) -> None:
    result = result_of(inferior, quality)
    content = summary(result)["perfusion"]
    assert content["withheld"] == reason
    assert all(f == {"value": None, "verdict": quality.status, "withheld": reason} for f in content["figures"].values())
    page = report_page(result, tmp_path)
    assert f"The polar map is withheld: {reason}." in page
    assert "polar map in percent" not in page.lower()


def test_a_little_cut_off_is_no_reason() -> None:
    assert perfusion_of(result_of(inferior, Quality("pass", (), {"cut_share": 0.02}))).reason == ""


def test_wall_that_is_missing_is_grey_and_says_so(tmp_path: Path) -> None:
    result = result_of(inferior)
    points = result.pose.apply_inverse(result.labels.grid.points())
    gone = (points[..., 2] > 18) & (points[..., 1] < -np.abs(points[..., 0]) / 2)  # basal anterior
    labels = np.where(gone, 0, result.labels.array).astype(np.uint8)
    result = replace(result, labels=Volume(labels, result.labels.grid))
    page = report_page(result, tmp_path)
    assert '1 basal anterior</th><td>LAD</td><td class="number">not measured</td>' in page
    figure = perfusion_figure(perfusion_of(result))
    assert figure is not None
    assert pixel(figure, 0, 0.04, 0.97) == pytest.approx((0x9A + 0xA5 + 0xB1) / 3 / 255, abs=0.02)
