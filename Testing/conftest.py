"""What every test may use: the real development data, where it is there. Every result is held to its schema."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from MSSTUNetReorientLib.output import result_files
from places import REPOSITORY
from result_schema import faults


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real studies beside the checkout. It is not part of the product."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real development data is not beside this checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def every_result_fits_its_schema() -> Iterator[None]:
    """Whatever test writes or prints a ``result.json``, its content must be as ``result.schema.json`` describes it."""
    if find_spec("jsonschema") is None:  # of the extra "test", as test_result_schema.py says
        yield
        return
    content_of = result_files.summary

    def checked(result: Any) -> dict[str, Any]:
        content = content_of(result)
        assert faults(content) == []
        return content

    result_files.summary = checked  # not by monkeypatch, which belongs to one test
    yield
    result_files.summary = content_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use real studies: ``pytest -m real_data``."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_data)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not run for want of real studies."""
    reports = terminalreporter.stats.get("skipped", [])  # a skipped file has no keywords
    skipped = [report.nodeid for report in reports if "real_data" in getattr(report, "keywords", ())]
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests with real studies did not run")
        for name in skipped:
            terminalreporter.write_line(name)
