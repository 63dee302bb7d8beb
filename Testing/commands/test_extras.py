"""A command whose packages are not installed ends before any work, with the line that installs them."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from MSSTUNetReorientLib.commands import extras
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from places import REPOSITORY


@pytest.mark.parametrize(
    ("command", "extra", "package"),
    [
        (["train", "compact", "--out", "out"], "train", "monai"),
        (["evaluate", "studies", "--out", "out"], "evaluate", "PIL"),
        (["stability", "study.nrrd"], "evaluate", "monai"),
    ],
)
def test_a_command_without_its_packages(
    command: list[str],
    extra: str,
    package: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == package else object())
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"not installed: {package}; run pip install 'msstunet-reorient[{extra}]'" in error
    assert list(tmp_path.iterdir()) == []


def declared(extra: str, table: dict[str, list[str]]) -> set[str]:
    """The distributions of an extra, and of the extras it includes."""
    names = set[str]()
    for need in table[extra]:
        more = re.fullmatch(r"msstunet-reorient\[(.+)\]", need)
        names |= (
            set().union(*(declared(e, table) for e in more[1].split(","))) if more else {re.split("[><=]", need)[0]}
        )
    return names


@pytest.mark.parametrize("extra", extras.PACKAGES)
def test_what_a_command_asks_for_is_in_its_extra(extra: str) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    distributions = packages_distributions()
    for package in extras.PACKAGES[extra]:
        assert {d.lower() for d in distributions[package]} & declared(extra, project["optional-dependencies"])


def test_all_packages_there() -> None:
    for extra in extras.PACKAGES:
        extras.require(extra)


def test_all_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="lightning_fabric, monai"):
        extras.require("train")
