"""The results of a batch on one page, ``index.html``: a picture, the verdict and the scores of each, by doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import __version__
from ..io.atomic_file import write_text
from ..prediction.good_to import whole
from .batch_rows import NO_RESULT
from .batch_rows import Row
from .batch_rows import in_order_of_doubt
from .html_page import page_text
from .report import NOT_A_MEDICAL_DEVICE
from .report import VERDICT_COLOURS
from .thumbnail import EDGE
from .thumbnail import NAME as THUMBNAIL

MOST_ROWS = 5000
"""Studies on the page, the most doubtful ones: a browser shows so many without effort. The table has all."""
STATUSES = (NO_RESULT, "fail", "review", "pass")
FIGURES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("summed_score", "SSS or SRS", "{:.0f}".format),
    ("defect_extent_percent", "Below limits", "{:.0f} %".format),
    ("scar_burden_percent", "Below 50 %", "{:.0f} %".format),
    ("pair_summed_difference_score", "SDS", "{:.0f}".format),
    ("gated_ef_percent", "EF", "{:.0f} %".format),
    ("axis_bound_deg", "Axis good to", lambda bound: f"{whole(bound)}°"),
)
"""Column of the table, heading, and how its values are shown."""


def write_index(rows: Iterable[Row], out: Path, left_out: dict[str, int]) -> None:
    """Write ``index.html`` into the folder of a batch.

    Args:
        rows: of all studies.
        out: the folder, which has the results that rows name.
        left_out: what the search left out, and how many.

    Raises:
        ModuleNotFoundError: Jinja2 is not installed.
        InputError: the disk is full or cannot be written.
    """
    write_text(out / "index.html", page_text("batch.html.j2", index_content(list(rows), out, left_out)))


def index_content(rows: list[Row], out: Path, left_out: dict[str, int]) -> dict[str, Any]:
    """The content of the page's template."""
    counts = Counter(row["status"] for row in rows)
    shown = [_shown(row, out) for row in list(in_order_of_doubt(rows))[:MOST_ROWS]]
    figures = [figure for figure in FIGURES if any(row.get(figure[0]) is not None for row in rows)]
    return {
        "counts": [(status, counts[status], _colour(status)) for status in STATUSES if counts[status]],
        "total": len(rows),
        "headings": [heading for _, heading, _ in figures],
        "rows": [shown_row | {"figures": [_value(shown_row["row"], f) for f in figures]} for shown_row in shown],
        "pictures": any(row["picture"] for row in shown),
        "edge": EDGE,
        "left_out": "; ".join(f"{number} {what}" for what, number in left_out.items()),
        "warning": NOT_A_MEDICAL_DEVICE,
        "version": __version__,
    }


def _shown(row: Row, out: Path) -> dict[str, Any]:
    result = row.get("result", "")
    pair = result.rpartition("/")[0]
    return {
        "row": row,
        "study": row["study"],
        "phase": row.get("phase") or "",
        "status": row["status"],
        "colour": _colour(row["status"]),
        "reasons": row.get("reasons", ""),
        "pair_reasons": row.get("pair_warnings", ""),
        "link": _first_file(out, result, "report.html", "result.json"),
        "pair": _first_file(out, pair, "report.html", "pair.json"),
        "picture": _first_file(out, result, THUMBNAIL),
    }


def _first_file(out: Path, folder: str, *names: str) -> str:
    """The first that is there, as a link from the page; empty without one."""
    links = (f"{folder}/{name}" for name in names if folder)
    return next((link for link in links if (out / link).is_file()), "")


def _value(row: Row, figure: tuple[str, str, Callable[[Any], str]]) -> str:
    name, _, words = figure
    value = row.get(name)
    return "" if value is None else words(value)


def _colour(status: str) -> str:
    return VERDICT_COLOURS.get(status, VERDICT_COLOURS["fail"])
