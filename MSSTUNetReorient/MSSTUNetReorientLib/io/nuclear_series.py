"""The reconstructed SPECT studies among DICOM files, as a DICOM browser asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from .dicom_file import read_header
from .dicom_folder import TAGS
from .dicom_folder import series_among
from .dicom_values import text
from .dicom_values import texts
from .messages import quiet
from .nuclear import GATED
from .nuclear import UNGATED
from .study import read_files


@dataclass(frozen=True)
class NuclearSeries:
    """A reconstructed SPECT study.

    Attributes:
        paths: its files.
        kind: ``RECON TOMO`` or ``RECON GATED TOMO``.
        gates: how many; 1 of an ungated study.
        size: voxels along i, j and k; none where it cannot be read.
        warnings: what must be checked.
        fault: why it cannot be read, in one line without a path; empty where it can.
    """

    paths: tuple[Path, ...]
    kind: str
    gates: int = 1
    size: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    fault: str = ""


def nuclear_series(files: Iterable[Path]) -> list[NuclearSeries]:
    """The reconstructed SPECT studies among DICOM files; each multi-frame object is one.

    Each is read once, as :func:`.study.read_files` reads it: what is said here holds when it is loaded.
    """
    with quiet():
        found = [(series.paths, _kind(read_header(series.paths[0], TAGS), series.paths[0]))
                 for series in series_among(files)]  # fmt: skip
        return [_tried(paths, kind) for paths, kind in found if kind]


def _kind(header: Any, name: object) -> str:
    """Value 3 of ImageType of an emission study that is reconstructed; empty for anything else."""
    values = texts(header, "ImageType", name)
    reconstructed = text(header, "Modality", name) == "NM" and values[2:3] in ([UNGATED], [GATED])
    return values[2] if reconstructed and "TRANSMISSION" not in values[3:] else ""


def _tried(paths: tuple[Path, ...], kind: str) -> NuclearSeries:
    try:
        study = read_files(paths)
    except InputError as error:
        return NuclearSeries(paths, kind, fault=without_path(error, paths))
    total = study.total
    return NuclearSeries(paths, kind, len(study.gates) or 1, total.grid.size, tuple(total.info.get("warnings", ())))


def without_path(error: InputError, paths: Iterable[Path]) -> str:
    """The message of an error without the paths that it names, which may hold a patient's name."""
    message = str(error)
    for path in paths:
        message = message.replace(f"{path}: ", "").replace(str(path), "the file")
    return message
