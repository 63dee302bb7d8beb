"""How an answer is put together from what a network says: with a stub whose heart is known, without any weights.

The stub labels a shell that lies in the patient, wherever it is asked to look from, and says a pose that is off by a
known amount. Every expected number is computed here from the shell itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_ellipsoid
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.long_axis import axis_across
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.geometry.septum import septal_frame
from MSSTUNetReorientLib.geometry.septum import septum_angle
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.networks.compact import ScaleEstimate
from MSSTUNetReorientLib.networks.geometry import CLOSE_SIZE
from MSSTUNetReorientLib.networks.geometry import HALF_MM
from MSSTUNetReorientLib.networks.geometry import LABEL_SPACING
from MSSTUNetReorientLib.prediction import predictor
from MSSTUNetReorientLib.prediction.result import ModelIdentity
from MSSTUNetReorientLib.prediction.search import cubes_for
from MSSTUNetReorientLib.prediction.search import look_at
from numpy.typing import NDArray
from results import counts
from results import shell
from torch import Tensor

TRUE = Pose(MEAN_ROTATION, (22.0, -31.0, 14.0))
"""Where the shell lies."""
OFF = Correction(swing=5.0, tilt=-3.0, roll=4.0, lateral=6.0, inferior=-4.0, basal=5.0)
SAID = TRUE.corrected(OFF)
"""What the network says."""
HEAT = 24
FAR = 90.0


@dataclass
class Stub:
    """A network that knows where the shell is.

    Attributes:
        frame: the cube that it is asked in.
        said: the pose that it answers, LPS.
        presence: logit by how near a look is to the shell.
        cubes: what it was given.
    """

    frame: Grid
    said: Pose = SAID
    cubes: list[Tensor] = field(default_factory=list)

    def _look(self, rotation: Tensor, translation: Tensor) -> ScaleEstimate:
        """A look from near the heart finds it; one from elsewhere stays there and doubts."""
        number = len(translation)
        here = translation.new_tensor((self.said.centre - self.frame.centre) / HALF_MM)
        near = (translation - here).norm(dim=1) * HALF_MM < FAR / 2
        turned = rotation.new_tensor(self.said.rotation.copy()).expand(number, -1, -1)
        return ScaleEstimate(
            torch.where(near[:, None, None], turned, rotation),
            torch.where(near[:, None], here.expand(number, -1), translation),
            torch.where(near, 4.0, -4.0),
            torch.zeros(number, 1),
        )

    def locate(self, cube: Tensor) -> tuple[ScaleEstimate, Tensor]:
        """Two peaks: the higher one is somewhere else, as a hot gut would have it."""
        self.cubes.append(cube)
        pitch = 96 * 4.0 / HEAT
        line = (np.arange(HEAT) - (HEAT - 1) / 2) * pitch
        z, y, x = np.meshgrid(line, line, line, indexing="ij")
        points = np.stack([x, y, z], axis=-1) + self.frame.centre
        heat = np.full(points.shape[:3], -8.0)
        for centre, height in ((self.said.centre, 3.0), (self.said.centre - FAR, 3.5)):
            heat = np.maximum(heat, height - np.linalg.norm(points - centre, axis=-1) / 10.0)
        start = torch.tensor(MEAN_ROTATION.copy(), dtype=torch.float32)[None]
        return ScaleEstimate(start, torch.zeros(1, 3), torch.zeros(1), torch.zeros(1, 1)), torch.tensor(
            heat[None]
        ).float()

    def wide(self, cube: Tensor, rotation: Tensor, translation: Tensor) -> ScaleEstimate:
        return self._look(rotation, translation)

    close = wide

    def segment(
        self, cube: Tensor, wide: ScaleEstimate, seen_at: Any, at: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, None]:
        """Logits of background, wall and pool of the shell, on the grid at the pose that is asked for."""
        self.cubes.append(cube)
        rotation, translation = (x[0].double().numpy() for x in at)
        pose = Pose(rotation, self.frame.centre + translation * HALF_MM)
        labels = shell(TRUE.apply_inverse(label_grid(pose).points()))
        logits = np.stack([8.0 * (labels == value) for value in (0, MYOCARDIUM, BLOOD_POOL)])
        return torch.tensor(logits[None]), None


def label_grid(pose: Pose) -> Grid:
    return Grid.centred(CLOSE_SIZE, LABEL_SPACING, pose)


def a_study() -> Volume:
    grid = Grid.centred(48, 6.4, Pose(np.eye(3), np.zeros(3)))
    return Volume(counts(TRUE.apply_inverse(grid.points())), grid, {"kind": "shell", "modality": "NM"})


@pytest.fixture
def study() -> Volume:
    return a_study()


@pytest.fixture
def stub(study: Volume, monkeypatch: pytest.MonkeyPatch) -> Stub:
    (frame,) = cubes_for(study)
    made = Stub(frame)
    identity = ModelIdentity("stub", "0", "0" * 64)
    monkeypatch.setattr(predictor, "load_compact", lambda *_: (made, identity))
    return made


def labelled_centroid(pose: Pose) -> NDArray[np.float64]:
    """LPS mm of the mean of the shell's points on the network's label grid at a pose."""
    points = label_grid(pose).points()
    return np.asarray(points[shell(TRUE.apply_inverse(points)) > 0].mean(axis=0))


def overlap(labels: Volume) -> float:
    """Dice coefficient of the wall with the shell itself."""
    true = shell(TRUE.apply_inverse(labels.grid.points())) == MYOCARDIUM
    found = labels.array == MYOCARDIUM
    return float(2 * (true & found).sum() / (true.sum() + found.sum()))


def test_the_centre_is_that_of_the_labels(stub: Stub, study: Volume) -> None:
    result = predictor.predict(study)
    np.testing.assert_allclose(result.pose.centre, labelled_centroid(SAID), atol=1e-3)
    points = result.labels.grid.points()[result.labels.array > 0]
    assert np.linalg.norm(points.mean(axis=0) - result.pose.centre) < 0.3


def test_the_axis_is_the_technologists_and_the_roll_the_clinics(stub: Stub, study: Volume) -> None:
    """The axis of the labels, sliced across the mean of the network's axis and twice the ellipsoid's (less the further
    that lies off, docs/training.md)."""
    result = predictor.predict(study)
    labels = shell(TRUE.apply_inverse(label_grid(SAID).points()))
    fitted = fit_ellipsoid(labels, LABEL_SPACING)
    assert fitted is not None
    along = np.array([0.0, 0.0, 1.0])
    apart = angle_between(fitted.axis, along)
    assert 3.0 < apart < 8.0
    across = along + fitted.axis * 2.0 / (1.0 + (apart / 12.0) ** 2)
    axis = SAID.rotation @ axis_across(labels, LABEL_SPACING, across / np.linalg.norm(across))
    assert result.quality.measures["axis_disagreement_deg"] == pytest.approx(apart, abs=1e-3)
    assert angle_between(result.pose.long_axis, axis) < 0.1
    assert result.pose.long_axis_error(TRUE) < SAID.long_axis_error(TRUE) - 2.0
    np.testing.assert_allclose(result.pose.rotation, rotation_from_long_axis(result.pose.long_axis), atol=1e-9)


def test_the_septum_is_where_the_networks_roll_says(stub: Stub, study: Volume) -> None:
    """No bounds here, so the estimate is the prior; what is seen is the network's own roll."""
    result = predictor.predict(study)
    assert result.septum is not None
    assert result.septum.seen_deg == pytest.approx(septum_angle(SAID.long_axis, -SAID.rotation[:, 0]), abs=0.01)
    assert result.septum.angle_deg == 171.0


def test_labels_lie_where_the_shell_lies(stub: Stub, study: Volume) -> None:
    """Drawn with the offset and the turn of the answer; without either they would lie beside the wall."""
    result = predictor.predict(study)
    assert overlap(result.labels) > 0.93
    assert result.labels.grid.direction == pytest.approx(result.pose.rotation)
    shifted = Volume(result.labels.array, Grid.centred(result.labels.grid.size[0], 2.0, SAID))
    assert overlap(shifted) < 0.8  # the test can tell


def test_labels_are_drawn_with_the_turn(stub: Stub, study: Volume) -> None:
    """Here it is 6 degrees: without it the wall's overlap is 0.944."""
    stub.said = TRUE.corrected(Correction(swing=18.0))
    result = predictor.predict(study)
    assert result.pose.long_axis_error(stub.said) > 5.0
    assert overlap(result.labels) > 0.952


@pytest.mark.parametrize("correction", [Correction(), Correction(swing=-9.0, tilt=6.0, basal=7.0, lateral=-5.0)])
def test_segmenting_at_a_readers_pose_keeps_the_pose_and_the_place(
    stub: Stub, study: Volume, correction: Correction
) -> None:
    pose = TRUE.corrected(correction)
    result = predictor.segment_at(study, pose, axis_spread_deg=1.5)
    np.testing.assert_array_equal(result.pose.matrix, pose.matrix)
    assert overlap(result.labels) > 0.93
    assert result.quality.measures["axis_spread_deg"] == 1.5
    points = result.labels.grid.points()[result.labels.array > 0]
    np.testing.assert_allclose(points.mean(axis=0), labelled_centroid(pose), atol=0.3)


def test_a_readers_roll_does_not_change_what_the_network_sees(
    stub: Stub, study: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network looks with the septum at the left, where it learned it, whatever roll the reader chose."""
    looked: list[Pose] = []

    def look(network: Any, cube: Tensor, frame: Grid, pose: Pose, spread: float) -> Any:
        looked.append(pose)
        return look_at(network, cube, frame, pose, spread)

    monkeypatch.setattr(predictor, "look_at", look)
    for roll in (0.0, 25.0):
        predictor.segment_at(study, TRUE.corrected(Correction(roll=roll)))
    for pose in looked:
        np.testing.assert_allclose(pose.rotation, septal_frame(TRUE.long_axis), atol=1e-9)


def test_the_likeliest_candidate_wins_and_not_the_hottest(stub: Stub, study: Volume) -> None:
    result = predictor.predict(study)
    np.testing.assert_allclose(result.pose.centre, labelled_centroid(SAID), atol=1e-3)
    assert result.quality.measures["presence"] == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-6)


def test_a_hint_limits_the_search(stub: Stub, study: Volume) -> None:
    (stub.frame,) = cubes_for(study, SAID.centre)
    result = predictor.predict(study, centre_hint=SAID.centre)
    np.testing.assert_allclose(result.pose.centre, labelled_centroid(SAID), atol=1e-3)
    (stub.frame,) = cubes_for(study, SAID.centre + 70.0)
    elsewhere = predictor.predict(study, centre_hint=SAID.centre + 70.0)
    assert elsewhere.quality.measures["presence"] < 0.05


def test_the_best_of_several_cubes_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts beyond one cube: the LV is in the upper one only."""
    grid = Grid((48, 48, 140), np.full(3, 6.4), np.array([-150.0, -150.0, -300.0]))
    high = Pose(MEAN_ROTATION, (0.0, 0.0, 470.0))
    tall = Volume(counts(high.apply_inverse(grid.points())) + 1.0, grid, {"kind": "tall", "modality": "NM"})
    frames = cubes_for(tall)
    assert len(frames) > 1
    seen: list[float] = []

    def look_in(network: Any, cube: Tensor, hint: bool = False) -> Any:
        top = float(cube.max())
        seen.append(top)
        middle = torch.zeros(1, 3)
        return predictor.search.__globals__["Located"](
            torch.tensor(MEAN_ROTATION.copy())[None], middle, None, (None, None), top / 200.0, 180.0, 0.0
        )

    monkeypatch.setitem(predictor.search.__globals__, "locate", look_in)
    found = predictor.search(Stub(frames[0]), tall, torch.device("cpu"), None)  # type: ignore[arg-type]
    assert found.located.presence == max(seen) / 200.0
    assert len(set(seen)) > 1
    assert found.frame.centre[2] > 250.0


def test_fine_voxels_are_smoothed_before_they_are_read_at_4_mm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkerboard of 2 mm has no content at 4 mm; read without care it would alias into stripes."""
    grid = Grid.centred(96, 2.0, Pose(np.eye(3), np.zeros(3)))
    k, j, i = np.indices((96, 96, 96))
    board = Volume((100.0 + 50.0 * ((i + j + k) % 2)).astype(np.float32), grid, {"kind": "board", "modality": "NM"})
    smooth = predictor.antialiased(board)
    cube = predictor.read_cube(smooth, Grid.centred(20, 4.0, Pose(np.eye(3), np.array([1.0, 1.0, 1.0]))))
    assert float(cube.std()) < 0.5
    assert float(cube.mean()) == pytest.approx(125.0, abs=0.5)
    rough = predictor.read_cube(board, Grid.centred(20, 4.0, Pose(np.eye(3), np.array([1.0, 1.0, 1.0]))))
    assert abs(float(rough.mean()) - 125.0) > 10.0 or float(rough.std()) > 5.0  # the board does alias


def test_the_job_reads_the_smoothed_study(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid.centred(150, 2.0, Pose(np.eye(3), np.zeros(3)))
    k, j, i = np.indices((150, 150, 150))
    fine = counts(TRUE.apply_inverse(grid.points())) * (1.0 + 0.8 * (-1.0) ** (i + j + k))
    study = Volume(fine.astype(np.float32), grid, {"kind": "fine", "modality": "NM"})
    (stub.frame,) = cubes_for(study)
    predictor.predict(study)
    predictor.segment_at(study, TRUE)
    plain = Volume(counts(TRUE.apply_inverse(grid.points())), grid)
    expected = predictor.read_cube(predictor.antialiased(plain), stub.frame)
    assert len(stub.cubes) == 3
    assert all(float((cube - expected).abs().max()) < 10.0 for cube in stub.cubes)  # of 80
    assert float(expected.max()) > 60.0
