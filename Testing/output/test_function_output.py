"""Function in the files of a result: report, cine, CSV and result.json say the same, or why they say nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from gated_results import gated_result
from MSSTUNetReorientLib.output.cine import cine
from MSSTUNetReorientLib.output.function_text import function_of_result
from MSSTUNetReorientLib.output.function_text import write_function
from MSSTUNetReorientLib.output.report import write_report
from MSSTUNetReorientLib.output.result_files import summary
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
Image = pytest.importorskip("PIL.Image")


def page_of(result: Result, folder: Path) -> str:
    write_report(result, folder / "report.html")
    return " ".join((folder / "report.html").read_text(encoding="utf-8").split())


def test_the_report_says_what_the_file_says(tmp_path: Path) -> None:
    result = gated_result("review")
    content = summary(result)["function"]
    json.dumps(content, allow_nan=False)
    page = page_of(result, tmp_path)
    assert "Function, 8 gates (review)" in page
    for name, unit in (("edv_ml", "ml"), ("esv_ml", "ml"), ("ef_percent", "%")):
        assert f"<td>{content['figures'][name]['value']:.0f} {unit}</td>" in page
    assert f"{content['figures']['peak_filling_rate_edv_per_s']['value']:.2f} EDV/s" in page
    assert {f["verdict"] for f in content["figures"].values()} == {"review"}
    assert page.count("data:image/gif;base64,") == 1
    assert len(content["segments"]) == 17


def test_a_withheld_function_gives_its_reason_and_no_picture(tmp_path: Path) -> None:
    result = gated_result(total_counts=(1.0,) * 7 + (0.0,))
    page = page_of(result, tmp_path)
    assert "The function is withheld: gate 8 of 8 has no counts." in page
    assert "data:image/gif" not in page
    write_function(result, tmp_path / "function.csv")
    rows = (tmp_path / "function.csv").read_text().splitlines()
    assert rows[0] == "gate,counts_percent,cavity_ml"
    assert rows[8] == "8,0.0,"


def test_an_ungated_result_has_no_section(tmp_path: Path) -> None:
    result = make_result()
    assert function_of_result(result) is None
    assert summary(result)["function"] is None
    assert "<h2>Function" not in page_of(result, tmp_path)


def test_the_cine_beats() -> None:
    """Eight frames of one second; at end-systole the contour of the blood pool is smaller."""
    result = gated_result()
    film = Image.open(io.BytesIO(cine(result)))
    assert film.n_frames == 8
    sizes, wait = [], 0
    for n in (0, 4):
        film.seek(n)
        wait += film.info["duration"]
        pixels = np.asarray(film.convert("RGB")).astype(int)
        white = (pixels[20:] > 225).all(axis=-1)
        sizes.append(np.ptp(np.flatnonzero(white[:, film.width // 5 : 2 * film.width // 5].any(axis=1))))
    assert wait == pytest.approx(250, abs=20)
    assert sizes[1] < sizes[0] - 5
