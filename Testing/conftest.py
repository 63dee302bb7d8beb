"""What every test may use: the real development data, where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real studies beside the checkout. It is not part of the product."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real development data is not beside this checkout (../shared/data)")
    return folder
