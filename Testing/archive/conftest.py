"""Exports that many tests look at, made once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exports import gates_of
from exports import nuclear_study
from exports import pet_study
from exports import result_of_study
from exports import save
from exports import save_series
from exports import write_result
from MSSTUNetReorientLib.archive.exporting import ExportOptions
from MSSTUNetReorientLib.archive.exporting import export_result


def exported(folder: Path, modality: str = "NM", gated: bool = False, **options: Any) -> SimpleNamespace:
    """A result with its source and its export: ``result``, ``source``, ``folder`` and ``out``."""
    info = {"gates": 4, "gate": "sum"} if gated else {}
    result = result_of_study(modality, **info)
    gates = gates_of(result.study) if gated else None
    if modality == "PT":
        source = save_series(pet_study(result.study, gates), folder / "source")
    else:
        source = save(nuclear_study(result.study, gates), folder / "source.dcm")
    kept = write_result(result, folder / "result")
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
