"""Scene files: .mrb (one file) and .mrml (one file, its data in a folder beside it)."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from ..errors import InputError
from ..io.sitk_files import plain_folder
from ..io.sitk_files import readable
from ..prediction.result import Result
from .figure_tables import Figures
from .gate_sequence import add_gate_sequence
from .host import mrml
from .host import new_scene
from .host import quiet
from .nodes import add_result

SUFFIXES = (".mrb", ".mrml")
NO_REASON = "no reason given"


def write_scene(result: Result, path: str | Path, name: str = "Study", *, figures: Figures | None = None) -> Path:
    """A scene file for one result.

    Args:
        result: of the predictor.
        path: ends in .mrb or .mrml; an existing file is replaced once the new one is complete.
        name: begins the node names; anonymous, for it is written.
        figures: what its tables hold; None for no tables.

    Returns:
        The absolute path.

    Raises:
        InputError: no MRML here, a wrong suffix, or a place that cannot be written.
    """
    with quiet(), new_scene() as scene:
        add_result(scene, result, name, figures=figures)
        add_gate_sequence(scene, result, name)
        return save_scene(scene, path)


def save_scene(scene: Any, path: str | Path) -> Path:
    """Write a scene as .mrb or .mrml; an incomplete file never gets that name.

    Returns:
        The absolute path.

    Raises:
        InputError: a wrong suffix, or a place that cannot be written.
    """
    target = Path(path).absolute()
    _check_target(target)
    write = _write_mrb if target.suffix == ".mrb" else _write_mrml
    try:
        with _draft_folder(target) as draft, quiet():
            write(scene, target, draft)
    except OSError as error:
        msg = f"{target}: the scene could not be written ({error.strerror or error}); choose another folder"
        raise InputError(msg) from error
    return target


def load_scene(scene: Any, path: str | Path) -> None:
    """Read an .mrb or .mrml into a scene; the scene is cleared first.

    Raises:
        InputError: no such file, a wrong suffix, or no scene that can be read.
    """
    source = Path(path).absolute()
    if source.suffix not in SUFFIXES or not source.is_file():
        msg = f"{source}: a scene must be an existing .mrb or .mrml file; check the path"
        raise InputError(msg)
    messages = mrml().vtkMRMLMessageCollection()
    folders = (_data_folder(source), _private_folder(source)) if source.suffix == ".mrml" else ()
    others = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    # Unzipping a damaged .mrb leaves the process in a folder that is then deleted.
    with quiet(), contextlib.chdir(Path.cwd()), readable(source, others) as plain:
        if source.suffix == ".mrb":
            read = scene.ReadFromMRB(plain, True, messages)
        else:
            scene.SetURL(plain)
            read = scene.Connect(messages)
    if not read or _first_error(messages) != NO_REASON:
        msg = f"{source}: the scene could not be read ({_first_error(messages)}); save it again"
        raise InputError(msg)


def _check_target(target: Path) -> None:
    if target.suffix not in SUFFIXES:
        msg = f"{target}: a scene file must end in .mrb or .mrml, but found {target.suffix or 'no suffix'}; rename it"
        raise InputError(msg)
    if not target.parent.is_dir():
        msg = f"{target}: the folder of a scene must exist, but {target.parent} does not; make it first"
        raise InputError(msg)


@contextlib.contextmanager
def _draft_folder(target: Path) -> Iterator[Path]:
    """Where a scene is written first: beside its place, or in a plain folder where MRML would fail on the letters."""
    if str(target).isascii():
        with tempfile.TemporaryDirectory(prefix=".scene-", dir=target.parent) as beside:
            yield Path(beside)
    else:
        with plain_folder() as plain:
            yield plain


def _draft_name(target: Path) -> str:
    return target.name if target.name.isascii() else f"scene{target.suffix}"


def _data_folder(target: Path) -> Path:
    return target.with_name(f"{target.stem}_data")


def _private_folder(target: Path) -> Path:
    """Where a bundle keeps the data of nodes that are hidden in editors."""
    return target.with_name(f"{target.stem}_Private")


def _write_mrb(scene: Any, target: Path, draft: Path) -> None:
    """Into the draft folder under its own name, for the archive's inner folder is called after the file."""
    messages = mrml().vtkMRMLMessageCollection()
    written = draft / _draft_name(target)
    if not scene.WriteToMRB(str(written), None, messages):
        raise OSError(_first_error(messages))
    shutil.move(written, target)


def _write_mrml(scene: Any, target: Path, draft: Path) -> None:
    """As a bundle, whose writer leaves the scene's own file names alone; then its data folder gets a name of its own.

    A bundle always calls that folder "Data", and two scenes in one place would overwrite each other's.
    """
    messages = mrml().vtkMRMLMessageCollection()
    scene_name, data = _draft_name(target), _data_folder(target)
    bundle = draft / Path(scene_name).stem
    bundle.mkdir()
    if not scene.SaveSceneToSlicerDataBundleDirectory(str(bundle), None, messages):
        raise OSError(_first_error(messages))
    text = (bundle / scene_name).read_text(encoding="utf-8")
    for written, kept in ((bundle / "Data", data), (_private_folder(bundle / scene_name), _private_folder(target))):
        if written.is_dir():
            text = text.replace(f'="{_encoded(written.name)}/', f'="{_encoded(kept.name)}/')
            if kept.exists():
                shutil.move(kept, draft / f"replaced {written.name}")
            shutil.move(written, kept)
    (bundle / scene_name).write_text(text, encoding="utf-8")
    shutil.move(bundle / scene_name, target)


def _encoded(name: str) -> str:
    """A file name as MRML writes it: it decodes these characters alone, and the file is XML."""
    return escape("".join(quote(c) if c in "% '\"<>" else c for c in name))


def _first_error(messages: Any) -> str:
    """MRML's own messages, on one line."""
    from vtkmodules.vtkCommonCore import vtkCommand

    errors = (
        n for n in range(messages.GetNumberOfMessages()) if messages.GetNthMessageType(n) == vtkCommand.ErrorEvent
    )
    return next((" ".join(messages.GetNthMessageText(n).split()) for n in errors), NO_REASON)
