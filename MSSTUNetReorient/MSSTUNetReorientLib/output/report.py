"""A result on one page: ``overview.png`` for a quick look, ``report.html`` to read, print and archive.

The HTML is one file with embedded pictures, no external resources and no personal data.
"""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..perfusion.function import Function
from ..perfusion.quantification import Perfusion
from ..prediction.result import Result
from .anatomical_section import anatomical_section
from .cine import cine
from .colour_tables import DEFAULT
from .figures import INK
from .figures import draw_long_axes
from .figures import draw_short_axis
from .figures import draw_study
from .figures import new_figure
from .function_figures import function_figure
from .function_text import function_content
from .function_text import function_of_result
from .good_to_text import bounds_sentence
from .good_to_text import one_line
from .good_to_text import septum_text
from .html_page import QUICK_PNG
from .html_page import embedded
from .html_page import figure_png
from .html_page import write_page
from .perfusion_text import perfusion_content
from .perfusion_text import perfusion_of
from .polar_picture import perfusion_figure
from .pose_stability_section import pose_stability_section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_A_MEDICAL_DEVICE = "Research software, not a medical device: not for diagnosis or treatment."

VERDICTS = {
    "pass": "No problem was found.",
    "review": "Check the pictures before you use this result.",
    "fail": "No usable left ventricle was found.",
}
"""The sentence of the report for each status of the quality control."""

VERDICT_COLOURS = {"pass": "#1d7a46", "review": "#a85f00", "fail": "#b3261e"}

OVERVIEW_INCHES = (14.0, 9.25)
OVERVIEW_DPI = 130
HEADER_LETTERS = 150
"""Letters to a line of the overview's header, which has two for the reasons."""


def overview_figure(result: Result, colours: str = DEFAULT) -> Figure:
    """All views on one landscape page: SA rows, HLA, VLA and the study with the long axis in it."""
    figure = new_figure(*OVERVIEW_INCHES)
    rows: Any = figure.subfigures(3, 1, height_ratios=[0.75, 5.15, 3.35])
    header, short_axis, bottom = rows
    long_axes, study = bottom.subfigures(1, 2, width_ratios=[2, 3])
    _draw_header(header, result)
    draw_short_axis(short_axis, result, colours)
    draw_long_axes(long_axes, result, colours)
    draw_study(study, result, colours)
    return figure


def write_overview(result: Result, path: Path, colours: str = DEFAULT) -> None:
    """Write :func:`overview_figure` as a PNG."""
    path.write_bytes(_png(_drawn(result, colours)["overview"]))


_DRAWN: WeakKeyDictionary[Result, dict[str, dict[str, NDArray[np.uint8]]]] = WeakKeyDictionary()
"""Pictures shared by overview and report, by colour table; they are freed with their result."""


def _drawn(result: Result, colours: str) -> dict[str, NDArray[np.uint8]]:
    """The overview, drawn once, and its parts for the report: ``(rows, columns, 4)`` RGBA by name."""
    drawn = _DRAWN.setdefault(result, {})
    if colours not in drawn:
        drawn[colours] = _draw(result, colours)
    return drawn[colours]


def _draw(result: Result, colours: str) -> dict[str, NDArray[np.uint8]]:
    figure = overview_figure(result, colours)
    figure.set_dpi(OVERVIEW_DPI)
    canvas: Any = figure.canvas
    canvas.draw()
    page = np.asarray(canvas.buffer_rgba()).copy()
    rows: Any = figure.subfigs
    long_axes, study = rows[2].subfigs
    parts = {"short_axis": rows[1], "long_axes": long_axes, "study": study}
    return {"overview": page, **{name: _part(page, part.bbox) for name, part in parts.items()}}


def _part(page: NDArray[np.uint8], box: Any) -> NDArray[np.uint8]:
    """The pixels of a box, whose rows are counted from the bottom."""
    height = len(page)
    top, bottom = round(height - box.y1), round(height - box.y0)
    return page[max(top, 0) : bottom, max(round(box.x0), 0) : round(box.x1)]


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, format="png", **QUICK_PNG)
    return buffer.getvalue()


def write_report(result: Result, path: Path, colours: str = DEFAULT) -> None:
    """Write the report as one HTML file."""
    perfusion = perfusion_of(result)
    function = function_of_result(result)
    pictures = _pictures(result, colours) | _perfusion_picture(perfusion, colours)
    pictures |= _function_pictures(result, function, colours)
    content = report_content(result) | {
        "perfusion": perfusion_content(perfusion),
        "stability": pose_stability_section(result).sentences,
        "function": function_content(function),
        "pictures": pictures,
    }
    write_page(path, "report.html.j2", content)


def report_content(result: Result) -> dict[str, Any]:
    """The texts and numbers of the template, without perfusion and pictures."""
    quality = result.quality
    return {
        "status": quality.status,
        "verdict": VERDICTS[quality.status],
        "reasons": quality.reasons,
        "good_to": bounds_sentence(quality),
        "septum": septum_text(quality),
        "verdict_colour": VERDICT_COLOURS[quality.status],
        "parameters": _parameter_rows(result),
        "axes": _axis_rows(result),
        "appearance": _appearance_rows(result),
        "facts": _fact_rows(result),
        **_anatomical_content(result),
        "measures": [
            (name.replace("_", " "), f"{round(value, 4) + 0.0:.4g}") for name, value in quality.measures.items()
        ],
        "warning": NOT_A_MEDICAL_DEVICE,
        "version": __version__,
    }


def _parameter_rows(result: Result) -> list[tuple[str, str, str]]:
    """Symbol, value of the paper's parameter, and the same in degrees or mm."""
    angles, shifts = result.pose.euler(), result.pose.translation(result.cube)
    rows = [
        (symbol, f"{angle:+.3f} rad", f"{np.rad2deg(angle):+.1f}°")
        for symbol, angle in zip(("α (about y)", "β (about x)", "γ (about z)"), angles, strict=True)
    ]
    for symbol, shift, centre in zip(("tx", "ty", "tz"), shifts, result.pose.centre, strict=True):
        rows.append((symbol, f"{shift:+.4f}", f"{centre:+.1f} mm"))
    return rows


def _axis_rows(result: Result) -> list[tuple[str, str]]:
    names = ("i, septal to lateral", "j, anterior to inferior", "k, apex to base")
    return [(name, _vector(axis, "+.3f")) for name, axis in zip(names, result.pose.rotation.T, strict=True)]


def _appearance_rows(result: Result) -> list[tuple[str, str]]:
    volumes, septum = result.volumes_ml, septum_text(result.quality)
    return [
        ("Myocardium, as it appears", f"{volumes['myocardium']:.0f} ml"),
        ("Blood pool, as it appears", f"{volumes['blood_pool']:.0f} ml"),
        *([("Septum angle", f"{septum} (180° is left)")] if septum else []),
    ]


def _fact_rows(result: Result) -> list[tuple[str, str]]:
    info, grid = result.study.info, result.study.grid
    return [
        ("Study", f"{info.get('kind', 'unknown')} ({info.get('modality', 'unknown')})"),
        *_read_rows(info),
        ("Size", " × ".join(str(n) for n in grid.size) + " voxels"),
        ("Voxel", " × ".join(f"{s:.3g}" for s in grid.spacing) + " mm"),
        ("Model", model_line(result)),
        *(("Note", str(warning)) for warning in info.get("warnings", ())),
    ]


def _anatomical_content(result: Result) -> dict[str, Any]:
    """The rows and notes of the LV as it is; no rows where it is withheld."""
    section = anatomical_section(result)
    v = section.volumes
    rows = [] if v is None else [
        ("Cavity", f"{v.cavity_ml:.0f} ml"),
        ("Myocardium", f"{v.myocardium_ml:.0f} ml, {v.mass_g:.0f} g"),
        ("Length of the long axis", f"{v.length_mm:.0f} mm"),
        ("Eccentricity; shape index", f"{v.eccentricity:.2f}; {v.shape_index:.2f}"),
    ]  # fmt: skip
    return {"anatomical": rows, "anatomical_notes": section.notes}


def _read_rows(info: dict[str, Any]) -> list[tuple[str, str]]:
    """The part of a study that was read."""
    rows = []
    if "gates" in info:
        chosen = "summed" if info["gate"] == "sum" else f"gate {info['gate']}"
        rows.append(("Gates", f"{info['gates']}, {chosen}"))
    if "windows" in info:
        rows.append(("Energy window", f"{info['window']} of {info['windows']}"))
    if "time_frames" in info:
        rows.append(("Time frames", f"{info['frames']} of {info['time_frames']}, summed"))
    if "orientation" in info:
        rows.append(("Orientation", f"{info['orientation']}, as stated"))
    if "reoriented" in info:
        rows.append(("Reoriented", f"{info['reoriented']['view']}, as stated by the study"))
    return rows


def model_line(result: Result) -> str:
    """Name, version and the first 12 digits of the weights' sha256."""
    return f"{result.model.name} {result.model.version}, sha256 {result.model.sha256[:12]}"


def _vector(values: Any, fmt: str) -> str:
    return "(" + ", ".join(f"{x:{fmt}}" for x in values) + ")"


def _pictures(result: Result, colours: str) -> dict[str, str]:
    """The report's pictures as base64 PNG, by name."""
    return {name: embedded(_png(pixels)) for name, pixels in _drawn(result, colours).items() if name != "overview"}


def _perfusion_picture(perfusion: Perfusion, colours: str) -> dict[str, str]:
    """The polar map as base64 PNG; nothing where the perfusion is withheld."""
    figure = perfusion_figure(perfusion, colours)
    return {} if figure is None else {"polar_map": embedded(figure_png(figure, OVERVIEW_DPI))}


def _function_pictures(result: Result, function: Function | None, colours: str) -> dict[str, str]:
    """The curves as base64 PNG and the beating heart as base64 GIF; nothing where the function is withheld."""
    figure = None if function is None else function_figure(function)
    if figure is None:
        return {}
    return {"function": embedded(figure_png(figure, OVERVIEW_DPI)), "cine": embedded(cine(result, colours))}


def _draw_header(figure: Any, result: Result) -> None:
    """Verdict, bounds, main numbers and model."""
    status, volumes = result.quality.status, result.volumes_ml
    box = {"boxstyle": "round,pad=0.35", "facecolor": VERDICT_COLOURS[status], "edgecolor": "none"}
    figure.text(0.012, 0.55, status.upper(), color="white", weight="bold", fontsize=11, va="center", bbox=box)
    reasons = " ".join(result.quality.reasons) or VERDICTS[status]
    text = textwrap.fill(textwrap.shorten(reasons, 2 * HEADER_LETTERS - 10, placeholder=" …"), HEADER_LETTERS)
    figure.text(0.085, 0.73, text, fontsize=9, color=INK, va="center")
    centre = _vector(result.pose.centre, ".0f")
    numbers = (
        f"LV myocardium {volumes['myocardium']:.0f} ml, blood pool {volumes['blood_pool']:.0f} ml (as they appear)"
    )
    findings = [text for text in (numbers, one_line(result.quality, "°")) if text]
    origin = f"Centre {centre} mm LPS; {model_line(result)}. {NOT_A_MEDICAL_DEVICE}"
    for y, line in ((0.35, "; ".join(findings)), (0.1, origin)):
        figure.text(0.085, y, line, fontsize=8, color="#52606d", va="center")
