"""The folder of a batch: results of one kind, one run at a time, and nothing that is not of this program."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from ..io.atomic_file import TEMPORARY_SUFFIX
from ..io.atomic_file import write_text
from ..io.folder_lock import NAME as LOCK
from ..io.folder_lock import locked
from .batch_rows import RESULT_NAME
from .destination import DESKTOP_FILES
from .destination import HIDDEN_PREFIX
from .destination import writing_errors

BATCH = "batch.json"
"""What the results of the folder were made with."""


@contextmanager
def batch_folder(out: Path, settings: dict[str, Any], overwrite: bool) -> Iterator[None]:
    """Use a folder for a batch within the block; made where it is missing, continued where it is one.

    What an ended run left half-written is removed.

    Args:
        out: the folder.
        settings: on which the content of the results depends.
        overwrite: remove the results of a batch with other settings, and begin again.

    Raises:
        InputError: the folder has other files, another run works in it, its results were made with other settings or
            by another version, or it cannot be written.
    """
    wanted = {"version": __version__, **settings}
    with ExitStack() as held:
        with writing_errors(out):
            if os.path.lexists(out) and not out.is_dir():
                _refuse(out, "the output must be a folder, but this is a file; choose another")
            former = _settings_of(out)
            out.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(out))
            if former is not None and former != wanted:
                _remove_results(out, former, wanted, overwrite)
            remove_half_written(out)
            if former != wanted:
                content = {"software": {"msstunet-reorient": __version__}, "settings": wanted}
                write_text(out / BATCH, json.dumps(content, indent=2) + "\n")
        yield
        remove_half_written(out)


def remove_half_written(out: Path) -> None:
    """Remove what a process that died has left in a folder."""
    for left in out.glob(f"{HIDDEN_PREFIX}*{TEMPORARY_SUFFIX}"):
        shutil.rmtree(left, ignore_errors=True)


def _settings_of(out: Path) -> dict[str, Any] | None:
    """Of the batch in a folder; None of a new or empty one.

    Raises:
        InputError: the folder has files, but no batch.
    """
    names = {entry.name for entry in out.iterdir()} if out.is_dir() else set()
    if not names - {LOCK, *DESKTOP_FILES, BATCH + TEMPORARY_SUFFIX}:
        return None
    try:
        content = json.loads((out / BATCH).read_text(encoding="utf-8"))
        _ = content["software"]["msstunet-reorient"]
        return dict(content["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = f"the folder contains files but no {BATCH} of this program"
        msg = f"{out}: {found}; choose a new or empty folder, or that of a batch"
        raise InputError(msg) from error


def _remove_results(out: Path, former: dict[str, Any], wanted: dict[str, Any], overwrite: bool) -> None:
    if not overwrite:
        names = sorted(name for name in former | wanted if former.get(name) != wanted.get(name))
        differing = ", ".join(f"{name} {_word(former.get(name))}, now {_word(wanted.get(name))}" for name in names)
        _refuse(
            out,
            f"the results in this folder were made with other settings ({differing}); use the same, choose another "
            "folder, or add --overwrite to make them again",
        )
    for entry in out.iterdir():
        if RESULT_NAME.fullmatch(entry.name) and entry.is_dir():
            shutil.rmtree(entry)


def _word(value: object) -> str:
    """A setting as the message shows it: hashes shortened."""
    text = "unknown" if value is None else str(value)
    return text[:12]


def _refuse(out: Path, rule: str) -> None:
    msg = f"{out}: {rule}"
    raise InputError(msg)
