"""Two fast simulated studies on disk, and a real data set made of shells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.simulation.disk import write_study
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render
from results import make_result
from results import shell


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three fast SPECT studies of different hearts."""
    folder = tmp_path_factory.mktemp("simulated") / "spect"
    for seed in (3, 4, 5):
        study = render(draw_parameters("spect", seed, fast=True), anatomy=False)
        write_study(study, folder / f"spect_{seed}")
    return folder


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A study with a reference axis and a drawn wall, as real ones come."""
    folder = tmp_path / "real"
    folder.mkdir()
    result = make_result()
    wall = (shell(result.pose.apply_inverse(result.study.grid.points())) == 1).astype(np.uint8)
    mask = sitk.GetImageFromArray(wall)
    image = result.study.to_sitk()
    mask.CopyInformation(image)
    sitk.WriteImage(image, str(folder / "a.nrrd"))
    sitk.WriteImage(mask, str(folder / "a_lv_wall.nrrd"))
    pose = result.pose
    told = {"k_lps": pose.long_axis.tolist(), "centre_lps_mm": pose.centre.tolist(), "uncertainty_deg": 5}
    (folder / "reference_poses.json").write_text(json.dumps({"a": told}))
    return folder
