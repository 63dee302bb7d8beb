"""What has become of each study, and each pair, of a watched folder: a small file, on the disk before it counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path

from ..io.atomic_file import TEMPORARY_SUFFIX
from ..io.durable import put_in_place
from .destination import writing_errors

FOLDER = "studies"
"""In the output folder."""
BEGUN, TO_SEND, DONE, NO_DICOM, NO_RESULT = "begun", "to send", "done", "no DICOM", "no result"
"""The states; of all but the first, whatever they tell of is on the disk."""
STATES = (BEGUN, TO_SEND, DONE, NO_DICOM, NO_RESULT)


@dataclass(frozen=True)
class Record:
    """One study, or stress and rest together.

    Attributes:
        study: its key, or both keys with a hyphen between them: the name of its folder.
        state: one of :data:`STATES`; of a pair begun, done or no result.
        reason: why it has no result or no DICOM objects, or was not sent.
        files: a hash of the sizes and times of its files; without a result it is tried again when they have changed.
        tries: how often sending it failed.
    """

    study: str
    state: str
    reason: str = ""
    files: str = ""
    tries: int = 0

    @property
    def is_pair(self) -> bool:
        """Whether it is of stress and rest together."""
        return "-" in self.study


class Records:
    """All records of an output folder, by key; the files are the truth, and are read once."""

    def __init__(self, out: Path) -> None:
        """Read them; what a loss of power has damaged is no record.

        Raises:
            InputError: the folder cannot be made or read.
        """
        self._folder, self._records = out / FOLDER, dict[str, Record]()
        with writing_errors(self._folder):
            self._folder.mkdir(exist_ok=True)
            for left in self._folder.glob(f"*{TEMPORARY_SUFFIX}"):
                left.unlink()
            for path in sorted(self._folder.glob("*.json")):
                record = _read(path)
                if record is not None:
                    self._records[record.study] = record

    def __iter__(self) -> Iterator[Record]:
        """All of them, by key."""
        yield from (self._records[key] for key in sorted(self._records))

    def of(self, study: str) -> Record | None:
        """The record of a study or a pair, if there is one."""
        return self._records.get(study)

    def keep(self, record: Record) -> None:
        """Replace the record of a study or a pair; it is on the disk then.

        Raises:
            InputError: the disk is full or cannot be written; the former one is kept.
        """
        path = self._folder / f"{record.study}.json"
        with writing_errors(path):
            temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
            temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
            put_in_place(temporary, path)
        self._records[record.study] = record


def _read(path: Path) -> Record | None:
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None
    return record if record.study == path.stem and record.state in STATES else None
