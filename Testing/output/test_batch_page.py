"""The page of a batch: the order of its rows, how many it shows, and that nothing in a row is taken for HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from MSSTUNetReorientLib.output import batch_page
from MSSTUNetReorientLib.output.batch_page import index_content
from MSSTUNetReorientLib.output.batch_page import write_index
from MSSTUNetReorientLib.output.batch_rows import Row
from MSSTUNetReorientLib.output.batch_rows import csv_text


def row(study: str, status: str = "pass", bound: float | None = 3.0, **more: object) -> Row:
    return {"study": study, "status": status, "axis_bound_deg": bound, **more}


def order(*rows: Row) -> list[str]:
    return [shown["study"] for shown in index_content(list(rows), Path("/nowhere"), {})["rows"]]


def test_the_most_doubtful_first() -> None:
    rows = [
        row("good", bound=2.0), row("wide", bound=9.5), row("look", "review", 1.0), row("none", "no result", None),
        row("failed", "fail", None), row("unknown", bound=None), row("pair", bound=1.0, pair_status="review"),
        row("unpaired", bound=1.0, pair_status="no result"),
    ]  # fmt: skip
    assert order(*rows) == ["none", "unpaired", "failed", "look", "pair", "unknown", "wide", "good"]


def test_a_page_of_very_many_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(batch_page, "MOST_ROWS", 2)
    write_index([row("a"), row("b", "review"), row("c", "fail")], tmp_path, {"modality CT": 4})
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "first: 2 of 3" in page
    assert "4 modality CT" in page
    assert page.index(">c<") < page.index(">b<")
    assert ">a<" not in page


def test_text_is_text(tmp_path: Path) -> None:
    write_index([row("a", reasons="<script>", pair_warnings="a & b")], tmp_path, {})
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert "Pair: a &amp; b" in page


def test_only_figures_that_some_study_has_are_columns() -> None:
    content = index_content([row("a"), row("b", summed_score=0, gated_ef_percent=None)], Path("/nowhere"), {})
    assert content["headings"] == ["SSS or SRS", "Axis good to"]
    assert [shown["figures"] for shown in content["rows"]] == [["", "3°"], ["0", "3°"]]


def test_the_table_quotes_and_leaves_unknown_values_empty() -> None:
    text = csv_text([row("a", reasons='Look, "here".'), row("b", bound=None)])
    assert '"Look, ""here""."' in text
    assert text.splitlines()[2].startswith("b,,,pass,,")
