"""The only access to files through SimpleITK.

ITK takes paths as bytes in UTF-8: other paths end the process, and on Windows some of its readers fail
on any letter beyond ASCII. Such files are read and written by way of a plain path.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import SimpleITK as sitk

PLAIN_NAME = "file"
TEMPORARY_FOLDERS = ("/tmp", "/var/tmp", os.path.expandvars(r"%SystemRoot%\Temp"))
"""Tried where the user's own folder for temporary files has letters beyond ASCII."""


def read_image(path: Path, others: Iterable[Path] = ()) -> sitk.Image:
    """An image as ITK reads it; ``others`` are the data files that its header names, beside it or below.

    Raises:
        RuntimeError: in ITK's words.
    """
    with readable(path, others) as plain, silent():
        return sitk.ReadImage(plain)


def image_size(path: Path, others: Iterable[Path] = ()) -> tuple[tuple[int, ...], int]:
    """Voxels along each axis and numbers per voxel, from the header alone.

    Raises:
        RuntimeError: in ITK's words.
    """
    with readable(path, others) as plain, silent():
        reader = sitk.ImageFileReader()
        reader.SetFileName(plain)
        reader.ReadImageInformation()
        return reader.GetSize(), reader.GetNumberOfComponents()


def image_format(path: Path) -> str:
    """The format that ITK detects, such as "NRRD", "GDCM", "PNG"; empty if it cannot read the file."""
    with readable(path) as plain, silent():
        return sitk.ImageFileReader.GetImageIOFromFileName(plain).removesuffix("ImageIO")


def write_image(image: sitk.Image, path: Path, *, compressed: bool = True) -> None:
    """Write an image.

    Raises:
        RuntimeError: in ITK's words; OSError: the disk's.
    """
    with writable(path) as plain:
        sitk.WriteImage(image, plain, useCompression=compressed)


def read_transform(path: Path) -> sitk.Transform:
    """A transform file.

    Raises:
        RuntimeError: in ITK's words.
    """
    with readable(path) as plain, silent():
        return sitk.ReadTransform(plain)


def write_transform(transform: sitk.Transform, path: Path) -> None:
    """Write a transform file; errors as :func:`write_image`."""
    with writable(path) as plain:
        sitk.WriteTransform(transform, plain)


@contextmanager
def readable(path: Path, others: Iterable[Path] = ()) -> Iterator[str]:
    """A plain path to a file that is there, with its data files at the same places beside it."""
    others = list(others)
    if all(str(p).isascii() for p in (path, *others)):
        yield str(path)
        return
    with plain_folder() as folder:
        for other in others:
            _put(other, folder / other.relative_to(path.parent))
        plain = folder / (path.name if path.name.isascii() else PLAIN_NAME + _suffixes(path))
        _put(path, plain)
        yield str(plain)


@contextmanager
def writable(path: Path) -> Iterator[str]:
    """A plain path to write to; what is there at the end is moved to ``path``."""
    if str(path).isascii():
        yield str(path)
        return
    with plain_folder() as folder:
        plain = folder / (PLAIN_NAME + _suffixes(path))
        yield str(plain)
        shutil.move(plain, path)


@contextmanager
def silent() -> Iterator[None]:
    """Discard what the libraries below ITK print about a file: it would appear beside our one-line error."""
    try:
        saved = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


@contextmanager
def plain_folder() -> Iterator[Path]:
    """A temporary folder whose path is plain, where the machine has one."""
    choices = [p for p in (tempfile.gettempdir(), *TEMPORARY_FOLDERS) if p.isascii() and Path(p).is_dir()]
    with tempfile.TemporaryDirectory(prefix="reorient-", dir=next(iter(choices), None)) as folder:
        yield Path(folder)


def _put(source: Path, target: Path) -> None:
    """Link a file, or copy it where links are not allowed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source.absolute())
    except (OSError, NotImplementedError):
        shutil.copyfile(source, target)


def _suffixes(path: Path) -> str:
    """The endings that state the format, such as .nii.gz."""
    return "".join(s for s in path.suffixes[-2:] if s.isascii())
