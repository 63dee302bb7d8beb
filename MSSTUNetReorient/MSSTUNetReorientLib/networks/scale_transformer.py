"""Scale transformer blocks: from one scale's grid to the next and back (Ni 2023, eq. 6).

What they do depends on the scales. With the published nested cubes (128 at s = 1, 64 at s = 0.5) the block reads the
**central half** of the features onto half as many voxels: it crops, at one voxel size, and nothing is averaged. Its
inverse (1/s = 2) reads beyond the small cube, where there is nothing: it puts the crop back into the middle of the
large grid, with zeros round it. So deeper levels look closer at the heart, and outside their cube the decoder has the
skip connection alone. With a pyramid (equal s) the block is a down-sampling and its inverse an up-sampling.
"""

from __future__ import annotations

from typing import Literal
from typing import NamedTuple

from torch import Tensor

from .rotation import full_precision
from .rotation import no_autocast
from .rotation import rotation_from_euler
from .sampler import sample
from .sampler import sample_upright
from .scale import Scale

Alignment = Literal["paper", "exact"]


class ScalePose(NamedTuple):
    """One regressor's answer: angles ``(B, 3)`` in radians and translation ``(B, 3)``, normalised."""

    angles: Tensor
    translation: Tensor


def scale_transform(
    features: Tensor,
    scales: tuple[Scale, Scale],
    poses: tuple[ScalePose, ScalePose],
    alignment: Alignment = "paper",
) -> Tensor:
    """Features of one scale on the grid of the next, deeper one.

    Args:
        features: ``(B, C, N, N, N)`` on the first scale's grid.
        scales: (from, to).
        poses: (from, to): the two regressors' answers, which differ.
        alignment: "paper" is eq. 6, rotation and shift from the differences of angles and translations; the paper
            does not state the order, so they are taken as (to - from), the sign that undoes the difference.
            "exact" composes the poses, ``g -> (s2 / s1) R1^T R2 g + R1^T (t2 - t1) / s1``, so that a feature
            meets the voxel it was computed from. Both are a plain crop where the regressors agree.

    Returns:
        ``(B, C, n, n, n)``, n the second scale's size.
    """
    (start, end), (a, b) = scales, poses
    ratio = end.scale / start.scale
    if alignment == "paper":
        rotation, shift = rotation_from_euler(b.angles - a.angles), b.translation - a.translation
    else:
        first, second = ((rotation_from_euler(p.angles), p.translation) for p in poses)
        rotation, shift = relative_pose(first, second, start.scale)
    return sample(features, rotation, shift, ratio, end.size)


def inverse_scale_transform(features: Tensor, scales: tuple[Scale, Scale]) -> Tensor:
    """Features of a deeper scale on the grid of the one above: 1/s, no rotation, no shift.

    Args:
        features: ``(B, C, n, n, n)`` on the second scale's grid.
        scales: (above, deeper), as given to :func:`scale_transform`.

    Returns:
        ``(B, C, N, N, N)``, N the first scale's size; zeros beyond the deeper cube.
    """
    above, deeper = scales
    return sample_upright(features, above.scale / deeper.scale, above.size)


def relative_pose(source: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor], scale: float) -> tuple[Tensor, Tensor]:
    """A pose in the frame of another: ``R1^T R2`` ``(B, 3, 3)`` and ``R1^T (t2 - t1) / scale`` ``(B, 3)``.

    Args:
        source, target: rotation ``(B, 3, 3)`` and translation ``(B, 3)``, both in one frame.
        scale: half extent of the source's cube in the unit of the translations.
    """
    back = source[0].mT
    with no_autocast(back):
        shift = back @ full_precision(target[1] - source[1]).unsqueeze(-1)
        return back @ target[0], shift.squeeze(-1) / scale
