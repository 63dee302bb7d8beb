"""Rotations that gradients pass through: from angles, from nine free numbers, and the angle between two.

The maths of :mod:`..geometry.pose` in torch, batched; a test compares the two. Radians throughout.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

SVD_GAP = 1e-6
"""Least sum of two singular values that the gradient of :func:`rotation_from_nine` divides by."""
SINE_FLOOR = 1e-8
"""Added in quadrature to the sine in :func:`geodesic_angle`: the norm has no gradient at zero."""


def rotation_from_euler(angles: Tensor) -> Tensor:
    """``Ry(alpha) @ Rx(beta) @ Rz(gamma)`` (Ni 2023, eq. 1).

    Args:
        angles: ``(B, 3)``, (alpha, beta, gamma) in radians.

    Returns:
        ``(B, 3, 3)``; columns are the output (SA) axes in the input's axes. At least float32: a half-precision
        matrix would misplace the far voxels of a grid.
    """
    a, b, g = full_precision(angles).unbind(-1)
    zero, one = torch.zeros_like(a), torch.ones_like(a)
    with no_autocast(angles):
        ry = _matrix(a.cos(), zero, a.sin(), zero, one, zero, -a.sin(), zero, a.cos())
        rx = _matrix(one, zero, zero, zero, b.cos(), -b.sin(), zero, b.sin(), b.cos())
        rz = _matrix(g.cos(), -g.sin(), zero, g.sin(), g.cos(), zero, zero, zero, one)
        return ry @ rx @ rz


def rotation_from_nine(x: Tensor) -> Tensor:
    """The rotation nearest to a matrix of nine free numbers, by SVD (Levinson 2020).

    Unlike Euler angles it has no singular pose and no jump, which is why a regressor learns it better. The
    gradient is the exact one of the projection: it divides by sums of singular values, never by their
    differences, so equal singular values (a perfect prediction has three) do it no harm.
    The second derivative is not defined.

    Args:
        x: ``(B, 9)``, the matrix row by row.

    Returns:
        ``(B, 3, 3)``, orthonormal with determinant +1; at least float32.
    """
    m = full_precision(x).reshape(-1, 3, 3)
    with no_autocast(x):
        u, s, vt = torch.linalg.svd(m.detach())
        sign = torch.det(u @ vt).round()
        flip = torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], dim=-1)
        u, s, v = u * flip.unsqueeze(-2), s * flip, vt.mT
        # Zero in value; its derivative is that of the projection at m.
        turn = u.mT @ (m - m.detach()) @ v
        gap = (s.unsqueeze(-1) + s.unsqueeze(-2)).clamp_min(SVD_GAP)
        return u @ vt + u @ ((turn - turn.mT) / gap) @ vt


def geodesic_angle(a: Tensor, b: Tensor) -> Tensor:
    """Angle of the rotation from one to the other; its gradient is finite at 0 and pi too.

    Args:
        a, b: ``(B, 3, 3)`` rotations.

    Returns:
        ``(B,)`` radians in [0, pi]. Zero reads as 1e-8.
    """
    a, b = full_precision(a), full_precision(b)
    with no_autocast(a):
        r = a.mT @ b
    twice = torch.stack([r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]], dim=-1)
    sine = ((twice / 2).square().sum(-1) + SINE_FLOOR**2).sqrt()
    cosine = (r.diagonal(dim1=-2, dim2=-1).sum(-1) - 1) / 2
    return torch.atan2(sine, cosine)


def wrap(angles: Tensor) -> Tensor:
    """Angles brought into [-pi, pi), any shape (Omega in Ni 2023, eq. 7); the gradient passes unchanged."""
    return torch.remainder(angles + math.pi, 2 * math.pi) - math.pi


def full_precision(x: Tensor) -> Tensor:
    """Half precision lifted to float32; float32 and float64 as they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def no_autocast(like: Tensor) -> torch.autocast:
    """A context in which matrix products keep their precision on the device of ``like``."""
    return torch.autocast(device_type=like.device.type, enabled=False)


def _matrix(*entries: Tensor) -> Tensor:
    """Nine ``(B,)`` entries, row by row, as ``(B, 3, 3)``."""
    return torch.stack(entries, dim=-1).reshape(-1, 3, 3)
