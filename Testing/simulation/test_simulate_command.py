"""The command ``simulate``: exit codes and single lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.cli import main
from MSSTUNetReorientLib.simulation.disk import is_finished


@pytest.fixture
def maps(tmp_path: Path) -> dict[str, str]:
    """Folders: empty, and with a label map that has no LV."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "no_lv").mkdir()
    sitk.WriteImage(sitk.GetImageFromArray(np.full((20, 20, 20), 2, np.uint8)), str(tmp_path / "no_lv" / "a.nrrd"))
    return {name: str(tmp_path / name) for name in ("empty", "no_lv")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kind", "mri"], "one of spect, czt, pet, composite"),
        (["--kind", "spect", "--anatomy", "{empty}"], "must hold label maps"),
        (["--kind", "spect", "--anatomy", "{no_lv}"], "must have an LV"),
        (["--kind", "composite"], "--hearts"),
        (["--kind", "composite", "--hearts", "{empty}"], "volumes.csv"),
        (["--kind", "pet", "--gates", "8", "--dicom"], "gated PET"),
        (["--kind", "spect", "--count", "0"], "count"),
    ],
)
def test_impossible_requests(
    options: list[str], message: str, maps: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [option.format(**maps) for option in options]
    assert main(["simulate", "--out", str(tmp_path / "out"), *told]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_studies_are_made(tmp_path: Path) -> None:
    arguments = ["simulate", "--kind", "spect", "--fast", "--seed", "4", "--out", str(tmp_path), "--quiet"]
    assert main(arguments) == 0
    assert is_finished(tmp_path / "spect_4_00000")


@pytest.mark.slow
def test_processes_give_the_same(tmp_path: Path) -> None:
    common = ["simulate", "--kind", "czt", "--fast", "--count", "2", "--quiet"]
    assert main([*common, "--out", str(tmp_path / "one")]) == 0
    assert main([*common, "--out", str(tmp_path / "two"), "--jobs", "2"]) == 0
    for file in (tmp_path / "one").rglob("*.*"):
        assert file.read_bytes() == (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes()
