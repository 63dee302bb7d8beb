"""Writing a pair: both results, ``pair.json`` and the page of the pair, all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..io.messages import print_nothing
from .colour_tables import DEFAULT
from .destination import PAIR
from .destination import replacing
from .pair import Pair
from .result_files import Product
from .result_files import deliver
from .result_files import finite
from .result_files import write_product

Printer = Callable[[str], None]


def deliver_pair(
    pair: Pair,
    out: Path,
    *,
    overwrite: bool = False,
    scene: bool = True,
    report: bool = True,
    thumbnail: bool = False,
    colours: str = DEFAULT,
    progress: Printer | None = None,
    note: Printer | None = None,
) -> Pair:
    """Write a pair into a folder with the subfolders ``stress`` and ``rest``.

    Args:
        pair: the pair.
        out: the folder to make.
        overwrite: replace an existing pair; it stays until the new one is complete.
        scene, report, thumbnail, colours, progress, note: as in :func:`.result_files.deliver`.

    Returns:
        The pair as written; it and its results list what was left out.

    Raises:
        InputError: the folder may not be replaced or cannot be written, or the disk is full.
    """
    with replacing(out, overwrite, PAIR) as folder:
        sides = []
        for name, side in (("stress", pair.stress), ("rest", pair.rest)):
            try:
                written = deliver(
                    side.result, folder / name, scene=scene, report=report, thumbnail=thumbnail,
                    colours=colours, progress=_about(name, progress), note=_about(name, note),
                )  # fmt: skip
            except InputError as error:
                raise InputError(str(error).replace(str(folder), str(out))) from error
            sides.append(replace(side, result=written.result))
        complete = replace(pair, stress=sides[0], rest=sides[1])
        reason = write_product(REPORT, complete, folder, out, colours) if report else None
        if reason is not None:
            complete = replace(complete, left_out={REPORT.name: reason})
            (note or print_nothing)(f"{REPORT.name} left out: {reason}")
        write_product(NUMBERS, complete, folder, out, colours)
    return complete


def pair_text(pair: Pair) -> str:
    """``pair.json`` as it is written and printed: strict JSON, plain ASCII."""
    return json.dumps(finite(pair.as_dict()), indent=2, allow_nan=False) + "\n"


def _write_report(pair: Pair, path: Path, colours: str) -> None:
    from .pair_report import write_pair_report

    write_pair_report(pair, path, colours)


def _write_numbers(pair: Pair, path: Path) -> None:
    path.write_text(pair_text(pair), encoding="utf-8")


REPORT = Product("report.html", _write_report, extra="report", coloured=True)
NUMBERS = Product(PAIR.summary, _write_numbers)


def _about(name: str, printer: Printer | None) -> Printer | None:
    """A printer whose lines begin with the study."""
    return None if printer is None else lambda line: printer(f"{name}: {line}")
