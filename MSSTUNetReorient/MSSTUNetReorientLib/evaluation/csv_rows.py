"""Rows of a dataclass as a CSV file that is always complete, from which an interrupted run resumes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import astuple
from dataclasses import fields
from pathlib import Path
from typing import Any
from typing import TypeVar

from ..errors import InputError
from ..io.atomic_file import write_text

Row = TypeVar("Row")


def read_rows(file: Path, of: type[Row]) -> list[Row]:
    """The rows of a file; none where there is no file. A field is text or a number, which may be missing.

    Raises:
        InputError: it is not a file of this program, or of another version with other fields.
    """
    if not file.exists():
        return []
    try:
        table = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
        return [_row(record, of) for record in table]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{file}: the measurements cannot be read ({error!r}); remove the file to measure again"
        raise InputError(msg) from error


def extend(
    rows: list[Row],
    batches: Iterable[Sequence[Row]],
    count: int,
    place: Callable[[Row], object],
    file: Path,
    of: type[Row],
    report: Callable[[int, int], None],
) -> list[Row]:
    """The rows with those of batches added as they come; the file is rewritten after each batch.

    Args:
        batches: of new rows; count: how many there will be.
        place: what a new row replaces is an old one with the same place.
        report: called with the number of finished batches and of all.

    Raises:
        InputError: the disk is full; what was measured is kept.
    """
    report(0, count)
    for number, fresh in enumerate(batches, start=1):
        replaced = {place(row) for row in fresh}
        rows = [row for row in rows if place(row) not in replaced] + [*fresh]
        write_rows(rows, of, file)
        report(number, count)
    return rows


def _row(record: dict[str, str], of: type[Row]) -> Row:
    known: Any = of
    values = {f.name: record[f.name] if f.type == "str" else _number(record[f.name]) for f in fields(known)}
    return of(**values)


def _number(text: str) -> float | None:
    return float(text) if text else None


def write_rows(rows: Iterable[Row], of: type[Row], file: Path) -> None:
    """Write all rows beside the file and rename them into place.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    known: Any = of
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(f.name for f in fields(known))
    table.writerows(["" if v is None else v for v in astuple(row)] for row in rows)  # type: ignore[call-overload]
    write_text(file, text.getvalue())
