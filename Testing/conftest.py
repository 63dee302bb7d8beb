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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use real studies: ``pytest -m real_data``."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_data)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not run for want of real studies."""
    skipped = [report.nodeid for report in terminalreporter.stats.get("skipped", []) if "real_data" in report.keywords]
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests with real studies did not run")
        for name in skipped:
            terminalreporter.write_line(name)
