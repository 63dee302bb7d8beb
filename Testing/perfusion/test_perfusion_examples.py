"""The numeric examples in the docstrings of perfusion."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from MSSTUNetReorientLib.perfusion import aha_segments
from MSSTUNetReorientLib.perfusion import lookup
from MSSTUNetReorientLib.perfusion import scores


@pytest.mark.parametrize("module", [aha_segments, lookup, scores], ids=lambda m: m.__name__.rpartition(".")[2])
def test_the_example_gives_its_numbers(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
