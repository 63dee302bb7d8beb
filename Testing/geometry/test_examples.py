"""The numeric examples in the docstrings of the geometry."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from MSSTUNetReorientLib.geometry import labels
from MSSTUNetReorientLib.geometry import pose
from MSSTUNetReorientLib.geometry import views
from MSSTUNetReorientLib.geometry import volume


@pytest.mark.parametrize("module", [labels, pose, views, volume], ids=lambda m: m.__name__.rpartition(".")[2])
def test_the_example_gives_its_numbers(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
