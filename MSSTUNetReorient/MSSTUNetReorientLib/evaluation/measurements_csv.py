"""The measurements on disk: one CSV file, always complete, from which an interrupted run resumes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import astuple
from dataclasses import fields
from pathlib import Path

from ..errors import InputError
from ..io.atomic_file import write_text
from .measurement import Measurement

FILE = "measurements.csv"
Key = tuple[str, str, str, str]

_NAMES = [field.name for field in fields(Measurement)]
_TEXTS = {field.name for field in fields(Measurement) if field.type == "str"}


def key(row: Measurement) -> Key:
    """What a measurement rests on: a study as it is, and a method with its weights."""
    return row.data_set, row.study_sha256, row.method, row.method_sha256


def read_rows(file: Path) -> list[Measurement]:
    """The measurements of a file; none where there is no file.

    Raises:
        InputError: it is not a file of this program.
    """
    if not file.exists():
        return []
    try:
        table = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
        return [_row(record) for record in table]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{file}: the measurements cannot be read ({error!r}); remove the file to measure again"
        raise InputError(msg) from error


def _row(record: dict[str, str]) -> Measurement:
    """A record with every field; a missing field is a file of another version."""
    values = {name: record[name] if name in _TEXTS else _number(record[name]) for name in _NAMES}
    return Measurement(**values)  # type: ignore[arg-type]


def _number(text: str) -> float | None:
    return float(text) if text else None


def write_rows(rows: Iterable[Measurement], file: Path) -> None:
    """Write all measurements beside the file and rename them into place.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_NAMES)
    table.writerows(["" if v is None else v for v in astuple(row)] for row in rows)
    write_text(file, text.getvalue())


def chosen(rows: Sequence[Measurement], wanted: Sequence[Key]) -> list[Measurement]:
    """The rows of these keys, in their order."""
    by_key = {key(row): row for row in rows}
    return [by_key[k] for k in wanted if k in by_key]
