"""Rotations in torch against pose.py and scipy, and their gradients where they could break."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry import pose
from MSSTUNetReorientLib.networks.rotation import geodesic_angle
from MSSTUNetReorientLib.networks.rotation import rotation_from_euler
from MSSTUNetReorientLib.networks.rotation import rotation_from_nine
from MSSTUNetReorientLib.networks.rotation import wrap
from scipy.spatial.transform import Rotation

angle = st.floats(-math.pi, math.pi)


@settings(max_examples=50, deadline=None)
@given(angle, angle, angle)
def test_euler_agrees_with_scipy_and_pose(a, b, g):
    ours = rotation_from_euler(torch.tensor([[a, b, g]], dtype=torch.float64))[0].numpy()
    np.testing.assert_allclose(ours, Rotation.from_euler("YXZ", [a, b, g]).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(ours, pose.rotation_from_euler(a, b, g), atol=1e-12)


def test_nine_numbers_give_the_nearest_rotation():
    x = np.random.default_rng(0).normal(size=(50, 9))
    ours = rotation_from_nine(torch.from_numpy(x)).numpy()
    assert (np.linalg.det(x.reshape(-1, 3, 3)) < 0).any(), "reflections must be among the cases"
    for row, r in zip(x, ours, strict=True):
        np.testing.assert_allclose(r, pose.nearest_rotation(row.reshape(3, 3)), atol=1e-10)


def test_gradient_of_nine_numbers_is_exact():
    torch.manual_seed(0)
    x = torch.randn(4, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rotation_from_nine, (x,))


def test_gradient_of_nine_numbers_survives_equal_singular_values():
    r = torch.from_numpy(Rotation.random(3, random_state=0).as_matrix()).reshape(3, 9)
    assert torch.autograd.gradcheck(rotation_from_nine, (r.clone().requires_grad_(),))
    degenerate = torch.zeros(1, 9, requires_grad=True)
    rotation_from_nine(degenerate).sum().backward()
    assert degenerate.grad is not None
    assert degenerate.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_matrices_keep_full_precision_under_autocast(dtype):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        from_angles = rotation_from_euler(torch.tensor([[-1.0, -1.0, 1.2]], dtype=dtype))
        from_nine = rotation_from_nine(torch.randn(1, 9, dtype=dtype))
    for r in (from_angles, from_nine):
        assert r.dtype == torch.float32
        torch.testing.assert_close(r @ r.mT, torch.eye(3)[None], atol=1e-5, rtol=0)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, math.pi), st.integers(0, 100))
def test_geodesic_angle_is_the_angle(theta, seed):
    axis = np.random.default_rng(seed).normal(size=3)
    step = Rotation.from_rotvec(theta * axis / np.linalg.norm(axis)).as_matrix()
    start = Rotation.random(random_state=seed).as_matrix()
    a, b = torch.from_numpy(start)[None], torch.from_numpy(start @ step)[None]
    assert float(geodesic_angle(a, b)) == pytest.approx(theta, abs=2e-7)


@pytest.mark.parametrize("theta", [0.0, 1e-4, math.pi - 1e-4, math.pi])
def test_geodesic_angle_has_a_finite_gradient(theta):
    x = torch.tensor([[0.0, theta, 0.0]], requires_grad=True)
    geodesic_angle(rotation_from_euler(x), torch.eye(3)[None]).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert x.grad.abs().max() < 1.5


def test_wrap_is_that_of_pose_and_passes_the_gradient():
    x = torch.linspace(-20, 20, 101, dtype=torch.float64, requires_grad=True)
    np.testing.assert_allclose(wrap(x).detach().numpy(), pose.wrap(x.detach().numpy()), atol=1e-12)
    wrap(x).sum().backward()
    assert x.grad is not None
    assert (x.grad == 1).all()
