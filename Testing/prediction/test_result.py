"""What is written of an answer, against the made-up answer's own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import rotation_from_euler
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from results import POSE
from results import make_result


def test_volumes_are_voxels_times_their_size() -> None:
    labels = np.zeros((10, 10, 10), np.uint8)
    labels[2:6, 3:5, 1:8] = 1
    labels[7, 7, 2:5] = 2
    grid = Grid((10, 10, 10), [2.0, 5.0, 10.0], [0, 0, 0])
    result = replace(make_result(), labels=Volume(labels, grid))
    assert result.volumes_ml == pytest.approx({"myocardium": 5.6, "blood_pool": 0.3})


def test_the_pose_is_written_in_three_ways_that_agree() -> None:
    result = make_result()
    told = result.as_dict()["pose"]
    for n, name in enumerate("ijk"):
        np.testing.assert_allclose(told["axes_lps"][name], POSE.rotation[:, n])
    np.testing.assert_allclose(rotation_from_euler(*told["euler_yxz_rad"]), POSE.rotation, atol=1e-6)
    cube = told["cube"]
    centre = np.add(cube["centre_lps_mm"], np.multiply(told["translation_normalized"], cube["half_mm"]))
    np.testing.assert_allclose(centre, POSE.centre)
    np.testing.assert_allclose(told["centre_lps_mm"], POSE.centre)


def test_size_and_spacing_of_the_input_are_told_along_i_j_k() -> None:
    told = make_result(size=(48, 44, 40), spacing=(5.0, 5.5, 6.0)).as_dict()["input"]
    assert (told["shape"], told["spacing_mm"]) == ([48, 44, 40], [5.0, 5.5, 6.0])
    assert (told["kind"], told["modality"]) == ("synthetic shell", "NM")


def test_what_the_study_does_not_say_is_unknown() -> None:
    result = make_result()
    told = replace(result, study=replace(result.study, info={"gates": 8, "secret": "Sophie"})).as_dict()
    assert told["input"]["kind"] == told["input"]["modality"] == "unknown"
    assert told["input"]["gates"] == 8
    assert "secret" not in told["input"]
    assert told["left_out"] == {}
    assert told["software"]["torch"]
