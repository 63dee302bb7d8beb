"""A pool that all tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import pytest
from MSSTUNetReorientLib.simulation.sources import Sources
from MSSTUNetReorientLib.training.pool import fill_pool


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three studies."""
    folder = tmp_path_factory.mktemp("pool")
    fill_pool(folder, Sources(), slots=3, first_seed=7, count=3)
    return folder
