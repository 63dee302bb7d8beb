"""Studies on disk: complete or not there, the same bytes, and the same geometry as DICOM."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Cube
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.atomic_file import TEMPORARY_SUFFIX
from MSSTUNetReorientLib.simulation import disk
from MSSTUNetReorientLib.simulation.batch import BatchRequest
from MSSTUNetReorientLib.simulation.batch import make_studies
from MSSTUNetReorientLib.simulation.dicom import write_pet
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.parameters import StudyParameters
from MSSTUNetReorientLib.simulation.render import render


@pytest.mark.parametrize(("kind", "gates"), [("spect", 0), ("spect", 8), ("pet", 0)])
def test_dicom_is_read_back(tmp_path: Path, kind: str, gates: int) -> None:
    study = render(draw_parameters(kind, 3, fast=True, gates=gates))  # type: ignore[arg-type]
    disk.write_study(study, tmp_path / "s", dicom=True)
    image, dicom = read_study(tmp_path / "s" / disk.IMAGE), read_study(tmp_path / "s" / disk.DICOM)
    np.testing.assert_allclose(dicom.grid.matrix, image.grid.matrix, atol=1e-4)
    assert dicom.info["modality"] == ("PT" if kind == "pet" else "NM")
    assert np.abs(dicom.array - image.array).max() <= (gates or 0.5)
    if gates:
        one = read_study(tmp_path / "s" / disk.DICOM, gate=3)
        np.testing.assert_array_equal(one.array, read_study(tmp_path / "s" / "gate_03.nrrd").array)


def test_gated_pet_is_read_back(tmp_path: Path) -> None:
    gates = np.random.default_rng(0).integers(0, 900, (8, 18, 17, 16)).astype(np.uint16)
    grid = Grid((16, 17, 18), np.array([8.0, 8.0, 6.0]), np.array([-60.0, -70.0, 900.0]))
    files = write_pet(gates.sum(axis=0).astype(np.uint16), gates, grid, tmp_path, seed=3)
    assert len(files) == 8 * 18
    whole, third = read_study(tmp_path), read_study(files[0], gate=3)
    np.testing.assert_array_equal(whole.array, gates.sum(axis=0))
    np.testing.assert_array_equal(third.array, gates[2])
    np.testing.assert_allclose(whole.grid.matrix, grid.matrix, atol=1e-6)
    assert whole.info["gates"] == 8


def test_truth_tells_everything(tmp_path: Path) -> None:
    study = render(draw_parameters("czt", 4, fast=True))
    disk.write_study(study, tmp_path / "s")
    told = json.loads((tmp_path / "s" / disk.TRUTH).read_text(encoding="utf-8"))
    pose = Pose.from_matrix(told["pose"]["matrix_sa_to_lps"])
    cube = Cube(tuple(told["pose"]["cube"]["centre_lps_mm"]), told["pose"]["cube"]["half_mm"])
    six = told["pose"]["euler_yxz_rad"] + told["pose"]["translation_normalized"]
    assert Pose.from_parameters(six, cube).rotation_error(pose) < 1e-6
    assert Pose.from_parameters(six, cube).centre_error(pose) < 1e-6
    assert len(told["segments"]["mean"]) == len(told["segments"]["score"]) == 17
    assert told["volumes_ml"]["apparent"]["myocardium"] > told["volumes_ml"]["anatomical"]["myocardium"]
    again = render(StudyParameters.from_json(told["parameters"]))
    assert again.image.tobytes() == study.image.tobytes()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_stopped_and_continued(tmp_path: Path) -> None:
    """A run that was stopped goes on where it was and gives what an undisturbed one gives."""
    whole, parts = (BatchRequest("czt", 5, tmp_path / name, fast=True, dicom=True) for name in ("whole", "parts"))
    list(make_studies(whole, 2))
    first = next(make_studies(parts, 2))
    (tmp_path / "parts" / ("left" + TEMPORARY_SUFFIX)).mkdir()
    stamp = (first / disk.TRUTH).stat().st_mtime_ns
    assert len(list(make_studies(parts, 2))) == 2
    assert (first / disk.TRUTH).stat().st_mtime_ns == stamp
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write_volume", full)
    with pytest.raises(InputError, match="No space left"):
        list(make_studies(BatchRequest("czt", 5, tmp_path / "out", fast=True), 1))
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["czt_5.json"]


@pytest.mark.parametrize("other", [{"fast": False}, {"gates": 8}, {"dicom": True}])
def test_other_options_are_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    request = BatchRequest("spect", 5, tmp_path, fast=True)
    list(make_studies(request, 1))
    with pytest.raises(InputError, match=f"must have the same options.*{next(iter(other))}"):
        list(make_studies(replace(request, **other), 2))
    assert len(list(make_studies(request, 1))) == 1
    (tmp_path / "spect_5.json").unlink()
    with pytest.raises(InputError, match="but those here differ"):
        list(make_studies(request, 2))
