"""Conventional SPECT: smooth, filtered by a median, stored in bytes."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.simulation.camera import draw_camera
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.scanner import draw_scanner
from MSSTUNetReorientLib.simulation.scanner import stored


def test_a_median_in_the_planes_and_steps_of_the_hottest_voxel() -> None:
    image = np.zeros((3, 7, 7), np.float32)
    image[1, 3, 3] = 50.0  # alone in its plane: it vanishes
    image[2, :, 3:] = 7.5
    image[2, :, :3] = 1.01
    found = stored(image, 3, 10)
    assert found.max() == 7.5
    assert not found[1].any()
    assert np.unique(found[2]).tolist() == pytest.approx([0.75, 7.5])
    assert stored(image, 0, 0) is image


def test_conventional_studies_are_blurred_and_have_few_values() -> None:
    for seed in range(6):
        drawn = draw_parameters("conventional", seed, fast=True)
        assert 12.0 <= drawn.scanner.fwhm <= 18.0
        camera = draw_camera(np.random.default_rng(seed), "conventional")
        assert not camera.recovery
        assert not camera.corrected
        assert camera.fwhm > 15.0
    study = render(draw_parameters("conventional", 1, fast=True), anatomy=False)
    assert len(np.unique(study.image)) <= 256
    assert draw_scanner(np.random.default_rng(1), "conventional").levels == 255
