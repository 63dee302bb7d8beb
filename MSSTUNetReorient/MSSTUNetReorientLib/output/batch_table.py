"""The table of a batch, of this run and of former ones: ``results.csv``, ``index.html`` and, if asked, Parquet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from .batch_rows import Row
from .batch_rows import finished_results
from .batch_rows import rows_of
from .batch_rows import write_csv
from .batch_rows import write_parquet

TABLE_EVERY_S = 60.0
"""Table and index are written so often, and at the end."""


class BatchTable:
    """The rows of all results in the folder, and of studies without a result.

    Attributes:
        rows: by the key of their study.
        left_out: what the search left out, and how many.
        files_left_out: files that need an optional package, and why.
    """

    def __init__(self, out: Path, left_out: Mapping[str, int], parquet: bool = False) -> None:
        """Read the results that the folder has.

        Raises:
            InputError: one is damaged.
        """
        self.rows: dict[str, Row] = {}
        self.left_out = dict(left_out)
        self.files_left_out: dict[str, str] = {}
        self._out, self._parquet = out, parquet
        self._known: set[str] = set()
        self._read()
        self._written = time.monotonic()

    @property
    def replaced(self) -> tuple[str, ...]:
        """Folders of single studies that have another result with their partner, which is in the table."""
        shown = {result.split("/")[0] for row in self.rows.values() if (result := row.get("result"))}
        return tuple(sorted(self._known - shown))

    def add(self, rows: Sequence[Row]) -> None:
        """The rows of one more task.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        self._keep(rows)
        if time.monotonic() - self._written > TABLE_EVERY_S:
            self.write()

    def complete(self) -> None:
        """Write it, with the results of tasks that were running when the run was stopped.

        Raises:
            InputError: the disk is full or cannot be written, or a result is damaged.
        """
        self._read()
        self.write()

    def _read(self) -> None:
        """The results that are not known yet, a pair after the results of its studies, whose rows it replaces."""
        for folder in sorted(finished_results(self._out), key=lambda folder: len(folder.name)):
            if folder.name not in self._known:
                self._keep(rows_of(folder))

    def _keep(self, rows: Sequence[Row]) -> None:
        self.rows |= {row["study"]: row for row in rows}
        self._known |= {result.split("/")[0] for row in rows if (result := row.get("result"))}

    def write(self) -> None:
        """Replace table and index.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        rows = [self.rows[key] for key in sorted(self.rows)]
        write_csv(rows, self._out / "results.csv")
        if self._parquet:
            write_parquet(rows, self._out / "results.parquet")
        try:
            from .batch_page import write_index

            write_index(rows, self._out, self.left_out)
        except ModuleNotFoundError as error:
            remedy = "pip install 'msstunet-reorient[report]' installs it"
            self.files_left_out["index.html"] = f"the package {error.name} is not installed; {remedy}"
        self._written = time.monotonic()
