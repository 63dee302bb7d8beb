"""The measurements on disk, and what each of them rests on."""

from __future__ import annotations

from collections.abc import Sequence

from .measurement import Measurement

FILE = "measurements.csv"
Key = tuple[str, str, str, str]


def key(row: Measurement) -> Key:
    """What a measurement rests on: a study as it is, and a method with its weights."""
    return row.data_set, row.study_sha256, row.method, row.method_sha256


def chosen(rows: Sequence[Measurement], wanted: Sequence[Key]) -> list[Measurement]:
    """The rows of these keys, in their order."""
    by_key = {key(row): row for row in rows}
    return [by_key[k] for k in wanted if k in by_key]
