"""The output folder: complete or absent.

A result is made in a hidden folder beside its destination and renamed into place when everything is written. What
is not a result of this program is never removed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ..errors import InputError
from ..io.atomic_file import TEMPORARY_SUFFIX
from ..io.atomic_folder import Move
from ..io.atomic_folder import atomic_folder
from ..io.atomic_folder import swap

SUMMARY = "result.json"
"""The file that identifies a folder as a former result."""
FILES = (
    "short_axis.nrrd",
    "segmentation.seg.nrrd",
    "labels.nrrd",
    "pose.tfm",
    "polar_map.csv",
    "polar_map.npz",
    "function.csv",
    "cine.gif",
    SUMMARY,
    "thumbnail.png",
    "overview.png",
    "report.html",
    "scene.mrb",
)
"""All files of a result; a folder with anything else is not replaced."""


@dataclass(frozen=True)
class Contents:
    """What a folder of this program holds.

    Attributes:
        name: in messages.
        summary: the file that identifies it.
        files: all of its files.
        folders: its subfolders, each of which holds a result.
    """

    name: str
    summary: str
    files: tuple[str, ...]
    folders: tuple[str, ...] = ()

    def foreign(self, out: Path, names: set[str]) -> list[str]:
        """Those of the names in a folder that do not belong there."""
        other = sorted(names - set(self.files) - set(self.folders))
        other += sorted(n for n in names & set(self.files) if not (out / n).is_file())
        for folder in sorted(names & set(self.folders)):
            inside = _names(out / folder) if (out / folder).is_dir() else None
            found = [folder] if inside is None else RESULT.foreign(out / folder, inside)
            other += [name if name == folder else f"{folder}/{name}" for name in found]
        return other


RESULT = Contents("result", SUMMARY, FILES)
PAIR = Contents("pair", "pair.json", ("pair.json", "report.html"), ("stress", "rest"))
HIDDEN_PREFIX = ".reorient."
"""What the names of hidden folders begin with, in which results are made."""
DESKTOP_FILES = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that file browsers create in a folder; they may be removed."""


def check_destination(out: Path, overwrite: bool, contents: Contents = RESULT) -> None:
    """Refuse a destination that cannot be written or must not be replaced; call it before any work.

    Raises:
        InputError: ``out`` is a file, contains a result and ``overwrite`` is not given, contains foreign files, is a
            mount point, or its parent folder cannot be written.
    """
    out = _absolute(out)
    with writing_errors(out):
        if os.path.lexists(out) and not out.is_dir():
            _refuse(out, "the output must be a folder, but this is a file; choose another")
        if out.is_dir():
            _check_replaceable(out, overwrite, contents)
        _probe(out)


@contextmanager
def replacing(out: Path, overwrite: bool, contents: Contents = RESULT) -> Iterator[Path]:
    """A new folder to write into; it becomes ``out`` if the block succeeds, and is removed if not.

    An older result stays in place until then. Only if ``out`` exists but cannot be renamed (its parent is
    read-only, or it is a mount point) its files are moved into it one by one, the summary last.

    Raises:
        InputError: as :func:`check_destination`, and when the disk is full.
    """
    out = _absolute(out)
    check_destination(out, overwrite, contents)
    created: list[Path] = []
    with writing_errors(out):
        try:
            _make_parents(out.parent, created)
            fixed = _cannot_be_renamed(out)
            place = out if fixed else out.resolve()
            temporary = _hidden_folder(out if fixed else place.parent)
            with atomic_folder(place, temporary, _filler(contents) if fixed else swap) as fresh:
                yield fresh
                check_destination(out, overwrite, contents)
        except BaseException:
            for folder in reversed(created):
                with suppress(OSError):
                    folder.rmdir()
            raise


@contextmanager
def writing_errors(out: Path) -> Iterator[None]:
    """Report a failure of the disk (full, read-only, removed) in one line."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not from the system: a missing template, for one
            raise
        msg = f"{out}: cannot write here: {error.strerror or error}"
        raise InputError(msg) from error


def _check_replaceable(out: Path, overwrite: bool, contents: Contents) -> None:
    names = _names(out)
    foreign = contents.foreign(out, names)
    if foreign:
        shown = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        found = f"the folder contains files that do not belong to a {contents.name} ({shown})"
        _refuse(out, f"{found}; choose a new or empty folder")
    if names and not _is_our_summary(out / contents.summary):
        _refuse(
            out, f"the folder contains files but no {contents.summary} of this program; choose a new or empty folder"
        )
    if names and not overwrite:
        _refuse(out, f"the folder already contains a {contents.name}; add --overwrite to replace it")


def _names(folder: Path) -> set[str]:
    """What a folder holds, without a run's own hidden folder and the files of file browsers."""
    entries = {entry.name for entry in folder.iterdir()} - set(DESKTOP_FILES)
    return {name for name in entries if not name.endswith(TEMPORARY_SUFFIX)}


def _is_our_summary(path: Path) -> bool:
    try:
        return "msstunet-reorient" in json.loads(path.read_text(encoding="utf-8"))["software"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _nearest_folder(path: Path) -> Path:
    """The path itself, or the first of its parents that exists."""
    while not path.exists():
        path = path.parent
    if not path.is_dir():
        _refuse(path, "an output folder cannot be made inside a file; choose another")
    return path


def _make_parents(folder: Path, created: list[Path]) -> None:
    """Create a folder with its parents, noting each new one."""
    if not folder.exists():
        _make_parents(folder.parent, created)
        folder.mkdir()
        created.append(folder)


def _hidden_folder(place: Path) -> Path:
    """A new folder in another one, which is on the file system of the destination."""
    return Path(tempfile.mkdtemp(prefix=HIDDEN_PREFIX, suffix=TEMPORARY_SUFFIX, dir=place))


def _filler(contents: Contents) -> Move:
    """Moves what is new into a folder that must stay, the summary last; puts the old back if that fails."""

    def fill(fresh: Path, out: Path, former: Path) -> None:
        former.mkdir()
        moved: list[Path] = []
        try:
            for old in [entry for entry in out.iterdir() if entry.name in (*contents.files, *contents.folders)]:
                old.rename(former / old.name)
            for new in sorted(fresh.iterdir(), key=lambda path: path.name == contents.summary):
                moved.append(new.rename(out / new.name))
        except BaseException:
            for path in moved:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            for old in former.iterdir():
                old.rename(out / old.name)
            raise

    return fill


def _absolute(out: Path) -> Path:
    with writing_errors(out):
        return out.expanduser().absolute()


def _cannot_be_renamed(out: Path) -> bool:
    """Whether an existing folder must be filled, because it cannot be replaced."""
    return out.is_dir() and (os.path.ismount(out) or not os.access(out.resolve().parent, os.W_OK | os.X_OK))


def _probe(out: Path) -> None:
    """Make and remove what a run makes: every folder that is missing, under its own name.

    Raises:
        OSError: one cannot be made.
    """
    place = out if _cannot_be_renamed(out) else _nearest_folder(out.parent)
    made = [_hidden_folder(place)]
    try:
        for name in out.relative_to(place).parts:
            (made[-1] / name).mkdir()
            made.append(made[-1] / name)
    finally:
        for folder in reversed(made):
            folder.rmdir()


def _refuse(path: Path, rule: str) -> NoReturn:
    msg = f"{path}: {rule}"
    raise InputError(msg)
