"""Scenes in plain Python: real MRML through slicer-core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import new_scene
from results import make_result


@pytest.fixture(scope="session")
def result() -> Result:
    """A synthetic answer with an oblique pose."""
    return make_result()


@pytest.fixture
def scene() -> Iterator[Any]:
    """An empty scene of the test's own."""
    pytest.importorskip("slicer")
    with new_scene() as empty:
        yield empty
