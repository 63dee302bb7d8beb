"""The pose against scipy, and its identities at every rotation, the Euler singularity included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry import pose as p
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Cube
from MSSTUNetReorientLib.geometry.pose import Pose
from scipy.spatial.transform import Rotation

angle = st.floats(-np.pi, np.pi, allow_nan=False)
millimetres = st.floats(-300, 300, allow_nan=False)
degrees = st.floats(-40, 40, allow_nan=False)
centres = st.tuples(millimetres, millimetres, millimetres)
corrections = st.builds(Correction, degrees, degrees, degrees, *([st.floats(-50, 50)] * 3))
quaternions = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1)


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    return Pose(Rotation.from_quat(draw(quaternions)).as_matrix(), np.array(draw(centres)))


class TestEuler:
    @given(angle, angle, angle)
    def test_order_is_scipys_intrinsic_yxz(self, a: float, b: float, g: float) -> None:
        np.testing.assert_allclose(
            p.rotation_from_euler(a, b, g), Rotation.from_euler("YXZ", [a, b, g]).as_matrix(), atol=1e-12
        )

    @given(poses())
    def test_angles_give_the_rotation_back(self, pose: Pose) -> None:
        np.testing.assert_allclose(p.rotation_from_euler(*pose.euler()), pose.rotation, atol=2e-6)

    @pytest.mark.parametrize("beta", [np.pi / 2, -np.pi / 2])
    @given(alpha=angle, gamma=angle)
    @settings(max_examples=30)
    def test_the_singularity_gives_the_rotation_back(self, beta: float, alpha: float, gamma: float) -> None:
        rotation = p.rotation_from_euler(alpha, beta, gamma)
        np.testing.assert_allclose(p.rotation_from_euler(*p.euler_from_rotation(rotation)), rotation, atol=1e-6)

    def test_angles_run_on_through_the_singularity_in_the_clinical_range(self) -> None:
        told = [
            p.euler_from_rotation(p.rotation_from_euler(-0.83, beta, 1.22)) for beta in np.linspace(-1.0, -1.69, 70)
        ]
        assert np.abs(np.diff(np.array(told), axis=0)).max() < 0.05
        np.testing.assert_allclose(told[-1], (-0.83, -1.69, 1.22), atol=1e-6)

    def test_mean_pose_is_that_of_the_conventions(self) -> None:
        np.testing.assert_allclose(p.MEAN_ROTATION[:, 2], [-0.43, 0.86, 0.26], atol=0.01)
        assert Pose.from_euler(*p.MEAN_EULER, np.zeros(3)).rotation_error(Pose(p.MEAN_ROTATION, np.zeros(3))) < 4


class TestParameters:
    @given(poses())
    def test_six_parameters_give_the_pose_back(self, pose: Pose) -> None:
        cube = Cube((3.0, -20.0, 410.0), 190.0)
        again = Pose.from_parameters(pose.parameters(cube), cube)
        np.testing.assert_allclose(again.matrix, pose.matrix, atol=1e-4)

    def test_translation_counts_between_voxel_centres(self) -> None:
        # 128 voxels of 6.8 mm: the corner voxel's centre, 63.5 voxels from the middle, is t = 1.
        cube = Cube((0.0, 0.0, 0.0), 127 * 6.8 / 2)
        pose = Pose(np.eye(3), np.array([63.5 * 6.8, 0.0, -31.75 * 6.8]))
        np.testing.assert_allclose(pose.translation(cube), [1.0, 0.0, -0.5])


class TestTransform:
    @given(poses(), centres)
    def test_inverse_undoes(self, pose: Pose, point: tuple[float, ...]) -> None:
        np.testing.assert_allclose(pose.inverse().apply(pose.apply(point)), point, atol=1e-9)
        np.testing.assert_allclose(pose.apply_inverse(pose.apply(point)), point, atol=1e-9)

    @given(poses(), poses(), centres)
    def test_composition_is_that_of_matrices(self, a: Pose, b: Pose, point: tuple[float, ...]) -> None:
        np.testing.assert_allclose((a @ b).matrix, a.matrix @ b.matrix, atol=1e-9)
        np.testing.assert_allclose((a @ b).apply(point), a.apply(b.apply(point)), atol=1e-9)

    @given(poses())
    def test_ras_matrix_moves_the_flipped_points(self, pose: Pose) -> None:
        sa = np.array([10.0, -4.0, 33.0])
        moved = pose.ras_matrix @ np.append(p.lps_from_ras(sa), 1.0)
        np.testing.assert_allclose(p.lps_from_ras(moved[:3]), pose.apply(sa), atol=1e-9)
        np.testing.assert_allclose(Pose.from_ras_matrix(pose.ras_matrix).matrix, pose.matrix, atol=1e-12)

    def test_a_mirror_is_refused(self) -> None:
        with pytest.raises(ValueError, match="right-handed"):
            Pose(np.diag([1.0, 1.0, -1.0]), np.zeros(3))

    def test_volumes_go_to_mrml_by_the_same_flip(self) -> None:
        matrix = np.array([[2.0, 0, 0.1, -40], [0, 3, 0, 50], [0.2, 0, 4, 60], [0, 0, 0, 1]])
        flipped = p.ras_matrix_from_lps(matrix) @ [5, 6, 7, 1]
        np.testing.assert_allclose(flipped, (matrix @ [5, 6, 7, 1]) * [-1, -1, 1, 1])

    def test_rounding_is_mended_and_more_is_refused(self) -> None:
        rounded = Pose(np.round(p.MEAN_ROTATION, 5), np.zeros(3)).rotation
        np.testing.assert_allclose(rounded.T @ rounded, np.eye(3), atol=1e-12)
        Pose(np.eye(3) * (1 + 0.49e-4), np.zeros(3))
        with pytest.raises(ValueError, match="orthonormal"):
            Pose(np.eye(3) * (1 + 0.51e-4), np.zeros(3))

    @pytest.mark.parametrize(
        ("rotation", "centre"),
        [
            (np.eye(4), np.zeros(3)),
            (np.eye(3), np.zeros(4)),
            (np.eye(3) * np.nan, np.zeros(3)),
            (np.eye(3), [0, np.inf, 0]),
        ],
    )
    def test_what_is_no_finite_pose_is_refused(self, rotation: np.ndarray, centre: np.ndarray) -> None:
        with pytest.raises(ValueError, match="finite"):
            Pose(rotation, centre)

    def test_a_pose_cannot_be_changed(self) -> None:
        pose = Pose(p.MEAN_ROTATION, np.zeros(3))
        for array in (pose.rotation, pose.centre, p.MEAN_ROTATION):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1.0

    def test_a_shear_is_refused(self) -> None:
        with pytest.raises(ValueError, match="orthonormal"):
            Pose(np.array([[1, 0.2, 0], [0, 1, 0], [0, 0, 1.0]]), np.zeros(3))


class TestCorrection:
    @given(poses(), corrections)
    def test_correction_to_is_the_inverse_of_corrected(self, pose: Pose, correction: Correction) -> None:
        found = pose.correction_to(pose.corrected(correction))
        np.testing.assert_allclose(found.as_tuple(), correction.as_tuple(), atol=1e-6)

    @given(poses(), corrections)
    def test_formula_of_the_conventions(self, pose: Pose, c: Correction) -> None:
        turned = Rotation.from_euler("YXZ", [c.swing, c.tilt, c.roll], degrees=True).as_matrix()
        moved = pose.corrected(c)
        np.testing.assert_allclose(moved.rotation, pose.rotation @ turned, atol=1e-9)
        np.testing.assert_allclose(moved.centre, pose.centre + pose.rotation @ [c.lateral, c.inferior, c.basal])

    def test_none_is_the_models_own_answer(self) -> None:
        assert Correction().as_tuple() == (0.0,) * 6
        pose = Pose(p.MEAN_ROTATION, np.array([1.0, 2.0, 3.0]))
        np.testing.assert_allclose(pose.corrected(Correction()).matrix, pose.matrix, atol=1e-12)

    def test_roll_leaves_the_long_axis(self) -> None:
        pose = Pose(p.MEAN_ROTATION, np.zeros(3))
        assert pose.long_axis_error(pose.corrected(Correction(roll=20))) == pytest.approx(0, abs=1e-6)
        assert pose.roll_error(pose.corrected(Correction(roll=20))) == pytest.approx(20, abs=1e-6)

    def test_swing_turns_the_long_axis_in_the_horizontal_plane(self) -> None:
        pose = Pose(p.MEAN_ROTATION, np.zeros(3))
        swung = pose.corrected(Correction(swing=10))
        assert pose.long_axis_error(swung) == pytest.approx(10)
        assert swung.long_axis @ pose.rotation[:, 1] == pytest.approx(0, abs=1e-9)


class TestDifferences:
    @given(poses(), quaternions)
    def test_rotation_error_is_scipys_magnitude(self, pose: Pose, q: tuple[float, ...]) -> None:
        turn = Rotation.from_quat(q)
        other = Pose(pose.rotation @ turn.as_matrix(), pose.centre)
        assert pose.rotation_error(other) == pytest.approx(np.rad2deg(turn.magnitude()), abs=1e-4)

    def test_roll_error_ignores_the_long_axis(self) -> None:
        pose = Pose(p.MEAN_ROTATION, np.zeros(3))
        tipped = Rotation.from_rotvec(np.deg2rad(14) * pose.rotation[:, 0]).as_matrix() @ pose.rotation
        assert pose.roll_error(Pose(tipped, np.zeros(3))) == pytest.approx(0, abs=1e-6)

    def test_long_axis_by_the_clinical_habit(self) -> None:
        rotation = p.rotation_from_long_axis([-0.4, 0.85, 0.3])
        assert np.linalg.det(rotation) == pytest.approx(1)
        assert rotation[2, 1] < -0.8, "anterior is up: j points down"
        assert rotation[0, 0] > 0.5, "lateral is to the patient's left"

    def test_anterior_may_be_another_than_superior(self) -> None:
        rotation = p.rotation_from_long_axis([0.0, 3.0, 4.0], anterior=[-2.0, 0.0, 0.0])
        np.testing.assert_allclose(rotation, [[0, 1, 0], [-0.8, 0, 0.6], [0.6, 0, 0.8]], atol=1e-12)

    def test_centre_error_is_the_distance(self) -> None:
        a, b = (Pose(np.eye(3), np.array(c)) for c in ([1.0, 2.0, 3.0], [4.0, -2.0, 15.0]))
        assert a.centre_error(b) == pytest.approx(13.0)

    @pytest.mark.parametrize("degrees", [0.0, 1e-7, 30.0, 90.0, 150.0, 180.0])
    def test_angle_between_vectors_of_any_length(self, degrees: float) -> None:
        turned = Rotation.from_euler("Z", degrees, degrees=True).apply([2.0, 0.0, 0.0])
        assert p.angle_between([7.0, 0.0, 0.0], turned) == pytest.approx(degrees, rel=1e-6)

    @given(poses(), poses())
    def test_the_shortest_rotation_is_scipys(self, one: Pose, other: Pose) -> None:
        start, end = one.long_axis, other.long_axis
        turn = p.shortest_rotation(start, end)
        np.testing.assert_allclose(turn @ start, end, atol=1e-6)
        assert np.rad2deg(Rotation.from_matrix(turn).magnitude()) == pytest.approx(
            p.angle_between(start, end), abs=1e-3
        )

    @pytest.mark.parametrize("start", [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.6, -0.8, 0.0], [-0.48, 0.6, 0.64]])
    def test_the_shortest_rotation_to_the_opposite_is_a_half_turn(self, start: list[float]) -> None:
        turn = p.shortest_rotation(np.array(start), -np.array(start))
        np.testing.assert_allclose(turn @ start, np.negative(start), atol=1e-12)
        np.testing.assert_allclose(turn @ turn, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1.0)


@pytest.mark.parametrize(("angle", "wrapped"), [(0.5, 0.5), (np.pi, -np.pi), (-np.pi, -np.pi), (4.0, 4.0 - 2 * np.pi)])
def test_angles_are_wrapped_to_half_a_turn(angle: float, wrapped: float) -> None:
    assert p.wrap(angle) == pytest.approx(wrapped)


@given(quaternions, st.lists(st.floats(-0.1, 0.1), min_size=9, max_size=9))
def test_the_nearest_rotation_is_scipys(q: tuple[float, ...], noise: list[float]) -> None:
    matrix = Rotation.from_quat(q).as_matrix() + np.reshape(noise, (3, 3))
    nearest, _ = Rotation.align_vectors(matrix.T, np.eye(3))
    np.testing.assert_allclose(p.nearest_rotation(matrix), nearest.as_matrix(), atol=1e-6)
