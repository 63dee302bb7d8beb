"""Writing a result: all of its files or none.

Nothing personal is written: files contain the counts, the geometry and the numbers of :func:`summary`.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..io.messages import print_nothing
from ..prediction.result import Result
from .anatomical_section import anatomical_section
from .colour_tables import DEFAULT
from .destination import SUMMARY
from .destination import check_destination
from .destination import replacing
from .destination import writing_errors
from .function_text import function_of_result
from .perfusion_text import perfusion_of
from .polar_map_files import SAMPLES
from .polar_map_files import TABLE
from .polar_map_files import WithheldError
from .polar_map_files import write_samples
from .polar_map_files import write_table
from .pose_stability_section import pose_stability_section
from .thumbnail import NAME as THUMBNAIL

__all__ = ["PRODUCTS", "Delivery", "Product", "check_destination", "deliver", "summary"]

Printer = Callable[[str], None]

SCHEMA_VERSION = 1
"""Of ``result.json``, which ``result.schema.json`` describes; it rises when a key is removed or changes its meaning."""

POSE_DIRECTION = "maps short-axis mm to patient LPS mm"
"""The direction of ``pose.tfm``, as written to ``result.json``."""

RESERVE_BYTES = 24_000_000
"""Room kept for the report, the scene and what the file system needs besides the volumes."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """What was written.

    Attributes:
        files: in their final place.
        result: the result, with what was left out.
    """

    files: tuple[Path, ...]
    result: Result


def deliver(
    result: Result,
    out: Path,
    *,
    overwrite: bool = False,
    scene: bool = True,
    report: bool = True,
    thumbnail: bool = False,
    colours: str = DEFAULT,
    progress: Printer | None = None,
    note: Printer | None = None,
) -> Delivery:
    """Write a result into a folder; an interrupted or failed run leaves the disk as it was.

    Args:
        result: the result for one study.
        out: the folder to make.
        overwrite: replace an existing result; it stays until the new one is complete.
        scene: write ``scene.mrb`` (extra ``scene``).
        report: write ``report.html`` and ``overview.png`` (extra ``report``).
        thumbnail: write ``thumbnail.png``, for a list of results (extra ``report``).
        colours: colour table of the pictures, one of :data:`.colour_tables.NAMES`.
        progress: called with what is being written.
        note: called with each file that was left out, and why: an optional package is missing, and how to install it,
            or its figures are withheld.

    Returns:
        The files, and the result with ``left_out``.

    Raises:
        InputError: the folder may not be replaced or cannot be written, or the disk is full.
    """
    wanted = [p for p in PRODUCTS if (scene or p.extra != "scene") and (report or p.extra != "report")]
    wanted = [p for p in wanted if (thumbnail or p.name != THUMBNAIL) and (result.gates is not None or not p.gated)]
    written, left_out = [], dict(result.left_out)
    with replacing(Path(out), overwrite) as folder:
        _check_space(result, folder, Path(out))
        for product in wanted:
            (progress or print_nothing)(f"writing {product.name}")
            told = product.name == SUMMARY and left_out != result.left_out
            complete = replace(result, left_out=left_out) if told else result  # a copy is measured again
            reason = write_product(product, complete, folder, Path(out), colours)
            if reason is None:
                written.append(Path(out) / product.name)
            else:
                left_out[product.name] = reason
                (note or print_nothing)(f"{product.name} left out: {reason}")
    return Delivery(tuple(written), replace(result, left_out=left_out))


def summary(result: Result) -> dict[str, Any]:
    """The content of ``result.json``, fit for strict JSON.

    It is ``Result.as_dict``, perfusion with its stability, function (null where there are no gates), the direction of
    ``pose.tfm`` and the anatomical volumes.
    """
    function = function_of_result(result)
    parts = {
        "perfusion": perfusion_of(result).as_dict(),
        "pose_stability": pose_stability_section(result).as_dict(),
        "function": None if function is None else function.as_dict(),
        "anatomical": anatomical_section(result).as_dict(),
    }
    own = {"schema_version": SCHEMA_VERSION, **result.as_dict(), **parts, "pose_tfm": POSE_DIRECTION}
    content: dict[str, Any] = finite(own)
    return content


def summary_text(result: Result) -> str:
    """:func:`summary` as it is written and printed."""
    return json.dumps(summary(result), indent=2, allow_nan=False) + "\n"  # plain ASCII: any terminal can print it


@dataclass(frozen=True)
class Product:
    """One file of a result.

    Attributes:
        name: its name in the output folder.
        write: makes it from the result.
        extra: the optional extra of the package that it needs, if any.
        coloured: it has pictures, and ``write`` takes the name of a colour table as well.
        gated: only a result with gates has it.
    """

    name: str
    write: Callable[..., None]
    extra: str | None = None
    coloured: bool = False
    gated: bool = False


def _write_short_axis(result: Result, path: Path) -> None:
    from ..io import write_volume

    write_volume(result.short_axis, path, compressed=False)


def _write_labels(result: Result, path: Path) -> None:
    from ..io import write_volume

    write_volume(result.labels, path)


def _write_segmentation(result: Result, path: Path) -> None:
    from ..io import write_segmentation

    write_segmentation(result.labels, path)


def _write_pose(result: Result, path: Path) -> None:
    from ..io import write_pose

    write_pose(result.pose, path)


def _write_summary(result: Result, path: Path) -> None:
    path.write_text(summary_text(result), encoding="utf-8")


def _write_function(result: Result, path: Path) -> None:
    from .function_text import write_function

    write_function(result, path)


def _write_cine(result: Result, path: Path, colours: str) -> None:
    from .cine import write_cine

    write_cine(result, path, colours)


def _write_overview(result: Result, path: Path, colours: str) -> None:
    from .report import write_overview

    write_overview(result, path, colours)


def _write_thumbnail(result: Result, path: Path, colours: str) -> None:
    from .thumbnail import write_thumbnail

    write_thumbnail(result, path, colours)


def _write_report(result: Result, path: Path, colours: str) -> None:
    from .report import write_report

    write_report(result, path, colours)


def _write_scene(result: Result, path: Path) -> None:
    from ..scene import write_scene
    from .scene_figures import scene_figures

    write_scene(result, path, figures=scene_figures(result))


PRODUCTS: tuple[Product, ...] = (
    Product("short_axis.nrrd", _write_short_axis),
    Product("segmentation.seg.nrrd", _write_segmentation),
    Product("labels.nrrd", _write_labels),
    Product("pose.tfm", _write_pose),
    Product(TABLE, write_table),
    Product(SAMPLES, write_samples),
    Product("function.csv", _write_function, gated=True),
    Product("cine.gif", _write_cine, extra="report", gated=True, coloured=True),
    Product(THUMBNAIL, _write_thumbnail, extra="report", coloured=True),
    Product("overview.png", _write_overview, extra="report", coloured=True),
    Product("report.html", _write_report, extra="report", coloured=True),
    Product("scene.mrb", _write_scene, extra="scene"),
    Product(SUMMARY, _write_summary),
)
"""The files of a result in the order of writing; the last lists what was left out."""


def write_product(product: Product, result: object, folder: Path, out: Path, colours: str) -> str | None:
    """Write one file into the folder that becomes ``out``; return why an optional file was left out, else None."""
    path = folder / product.name
    try:
        product.write(result, path, *([colours] if product.coloured else []))
    except Exception as error:
        _refuse_if_full(folder, out, error)
        reason = _reason_to_leave_out(product, error)
        if reason:
            path.unlink(missing_ok=True)
            return reason
        if isinstance(error, InputError):
            raise InputError(str(error).replace(str(folder), str(out))) from error
        raise
    if not path.is_file() or path.stat().st_size == 0:
        # ITK's transform writer leaves an empty file on a full disk without an error.
        msg = f"{out}: cannot write here: {product.name} is empty (is the disk full?)"
        raise InputError(msg)
    return None


def _reason_to_leave_out(product: Product, error: Exception) -> str | None:
    """Why this file can be left out: it has no content, or its packages do not suit; None if it cannot."""
    if isinstance(error, WithheldError):
        return str(error)
    if product.extra is None:
        return None
    missing = _missing_package(error)
    if missing:
        remedy = f"pip install 'msstunet-reorient[{product.extra}]'"
        return f"the package {missing} is not installed; {remedy} installs it"
    return str(error) if isinstance(error, InputError) else None


def _missing_package(error: BaseException | None) -> str | None:
    """The missing package that caused an error, directly or through an InputError."""
    while error is not None and not isinstance(error, ModuleNotFoundError):
        error = error.__cause__
    name = (error.name or "") if error else ""
    return None if name.startswith("MSSTUNetReorientLib") else name or None


def _check_space(result: Result, folder: Path, out: Path) -> None:
    """Refuse early when the volumes would not fit without compression, beside and inside the scene."""
    volumes = (result.study, *(result.short_axis, result.labels) * 2)
    needed = sum(v.array.nbytes for v in volumes) + RESERVE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        msg = f"{out}: a result may need {needed / 1e6:.0f} MB, but the disk has {free / 1e6:.0f} MB left"
        raise InputError(msg)


def _refuse_if_full(folder: Path, out: Path, error: Exception) -> None:
    """ITK and MRML report a full disk in other ways; raise a clear error."""
    with writing_errors(out):
        full = shutil.disk_usage(folder).free < 1_000_000
    if full:
        msg = f"{out}: cannot write here: no space left on the disk"
        raise InputError(msg) from error


def finite(value: Any) -> Any:
    """NaN and infinity as null: strict JSON has neither."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
