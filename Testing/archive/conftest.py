"""Exports that many tests look at, made once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from MSSTUNetReorientLib.archive.exporting import ExportOptions
from MSSTUNetReorientLib.archive.exporting import export_result

from archive.exports import gates_of
from archive.exports import nuclear_study
from archive.exports import pet_study
from archive.exports import result_of_study
from archive.exports import save
from archive.exports import save_series
from archive.exports import write_result


def exported(
    folder: Path, modality: str = "NM", gated: bool = False, report: bool = False, **options: Any
) -> SimpleNamespace:
    """A result with its source and its export: ``result``, ``source``, ``folder`` and ``out``."""
    info = {"gates": 4, "gate": "sum"} if gated else {}
    result = result_of_study(modality, **info)
    gates = gates_of(result.study) if gated else None
    if modality == "PT":
        source = save_series(pet_study(result.study, gates), folder / "source")
    else:
        source = save(nuclear_study(result.study, gates), folder / "source.dcm")
    kept = write_result(result, folder / "result", report=report)
    written = export_result(kept, source, folder / "dicom", ExportOptions(**options))
    return SimpleNamespace(result=result, source=source, folder=kept, out=folder / "dicom", export=written)


@pytest.fixture(scope="session")
def nuclear(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return exported(tmp_path_factory.mktemp("nuclear"), long_axes=True)


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return exported(tmp_path_factory.mktemp("gated"), gated=True)


@pytest.fixture(scope="session")
def pet(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return exported(tmp_path_factory.mktemp("pet"), "PT")


@pytest.fixture(scope="session")
def gated_pet(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return exported(tmp_path_factory.mktemp("gated_pet"), "PT", gated=True)


@pytest.fixture(scope="session")
def anonymous(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return exported(tmp_path_factory.mktemp("anonymous"), anonymous=True, long_axes=True)
