"""Search for the left ventricle: cubes of the study, candidates from the heat map, refinement from several starts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import ArrayLike
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..geometry.labels import box_round
from ..geometry.pose import Pose
from ..geometry.pose import angle_between
from ..geometry.pose import nearest_rotation
from ..geometry.refine import refined
from ..geometry.septum import septum_angle
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..networks.compact import CompactMSSTUNet
from ..networks.compact import ScaleEstimate
from ..networks.geometry import CUBE_SIZE
from ..networks.geometry import CUBE_SPACING
from ..networks.geometry import HALF_MM
from ..networks.geometry import WIDE_SCALE
from ..networks.rotation import rotation_from_euler
from ..networks.rotation import rotation_from_nine

Array = NDArray[np.float64]

CANDIDATES = 3
"""Peaks of the heat map that are looked at more closely, at most."""
RIVAL = 8.0
"""A peak whose logit lies further below the highest is none of them: on 302 studies the second lay 10 to 14 below, and
the highest was always right."""
START_DEG = 12.0
"""Turn of the extra starts from which the pose is found again."""
CUBE_EDGE_MM = CUBE_SIZE * CUBE_SPACING
CUBE_OVERLAP_MM = 120.0
"""Counts longer than the cube are searched by cubes that overlap by this: an LV lies whole in one of them."""
UNSEEN_MM = 24.0
"""How far counts may reach beyond both ends of a cube before there are more of them."""
LOOK_MM = WIDE_SCALE * HALF_MM
"""How far from the LV centre the network looks (scale 2)."""
LEAST_COUNT, BRIGHT_PERCENT = 0.01, 99.0
"""A voxel holds counts above this share of that centile of all positive ones."""
SAMPLED_VOXELS = 1_000_000
"""Of a larger study every second, third ... voxel along each axis is enough for that centile."""
HINT_RADIUS_MM = 40.0
"""How far from a reader's click the LV centre may lie."""
ABSENT = -10.0
"""Logit of presence of what a reader's click rules out."""
FINE_SPACING_MM = 3.0
"""Voxels finer than this are smoothed before they are read at the cube's 4 mm."""


@dataclass
class Located:
    """The network's pose in one cube, and its confidence.

    Attributes:
        rotation: ``(1, 3, 3)``; translation: ``(1, 3)``, in the cube's frame.
        wide: the scale-2 look that led there, and the pose it looked from.
        presence: probability that an LV is in view.
        septum_deg: the septum angle that the network sees; see :mod:`..geometry.septum`.
        spread_deg: largest angle between long axes reached from different starts and their mean.
    """

    rotation: Tensor
    translation: Tensor
    wide: ScaleEstimate
    wide_pose: tuple[Tensor, Tensor]
    presence: float
    septum_deg: float
    spread_deg: float


def cubes_for(study: Volume, hint: ArrayLike | None = None) -> list[Grid]:
    """The network's input cubes: one round the middle, more where counts reach further than a cube, one at a hint.

    Zeros round the counts move no cube as long as the counts fit into one. No LV whole in the study lies with its
    centre nearer than 20 mm to the edge of the cubes, so one of them shows it; :func:`cube_round` then holds it whole.
    """
    if hint is not None:
        return [_cube_at(np.asarray(hint, dtype=float))]
    return _cubes_over(*_counted_limits(study), study.grid.centre)


def cube_round(study: Volume, centre: ArrayLike) -> Grid:
    """The input cube for an LV centre that is known, LPS mm: the nearest one, moved where it would cut the LV."""
    point = np.asarray(centre, dtype=float)
    low, high = _counted_limits(study)
    cubes = _cubes_over(low, high, study.grid.centre)
    middle = min((cube.centre for cube in cubes), key=lambda c: float(np.linalg.norm(c - point)))
    # The cube need not reach beyond the counts, nor further than a look at the LV does.
    least = np.minimum(high, point + LOOK_MM) - CUBE_EDGE_MM / 2
    most = np.maximum(low, point - LOOK_MM) + CUBE_EDGE_MM / 2
    return _cube_at(np.clip(middle, np.minimum(least, most), np.maximum(least, most)))


def _cubes_over(low: Array, high: Array, middle: Array) -> list[Grid]:
    """Cubes that cover a box of LPS mm; where one is enough it stays as near to ``middle`` as the box allows."""
    lines = []
    for a in range(3):
        free = high[a] - low[a] - CUBE_EDGE_MM
        first, last = sorted((low[a] + CUBE_EDGE_MM / 2, high[a] - CUBE_EDGE_MM / 2))
        count = int(np.ceil(free / (CUBE_EDGE_MM - CUBE_OVERLAP_MM))) + 1
        one = free <= 2 * UNSEEN_MM
        lines.append(np.clip(middle[a : a + 1], first, last) if one else np.linspace(first, last, count))
    return [_cube_at(np.array(centre)) for centre in product(*lines)]


def _counted_limits(study: Volume) -> tuple[Array, Array]:
    """Least and greatest LPS mm ``(3,)`` of the box that holds a study's counts; zeros round the body are left out."""
    stride = max(round((study.array.size / SAMPLED_VOXELS) ** (1 / 3)), 1)
    sampled = study.array[::stride, ::stride, ::stride]
    positive = sampled[sampled > 0]
    bright = np.percentile(positive, BRIGHT_PERCENT) if positive.size else study.array.max()
    box = box_round(study.array > LEAST_COUNT * bright, 0)[::-1]
    first, last = np.array([side.start for side in box]), np.array([side.stop - 1 for side in box])
    corners = study.part(first, last).grid.corners()
    return corners.min(axis=0), corners.max(axis=0)


@dataclass
class Found:
    """The LV in the cube that holds it whole.

    Attributes:
        frame: the cube's grid, LPS mm.
        cube: its counts ``(1, 1, 96, 96, 96)``.
        located: the network's pose in it.
    """

    frame: Grid
    cube: Tensor
    located: Located

    @property
    def pose(self) -> Pose:
        """The network's pose, SA frame to LPS."""
        rotation, translation = (x[0].double().cpu().numpy() for x in (self.located.rotation, self.located.translation))
        return Pose(nearest_rotation(rotation), self.frame.centre + translation * HALF_MM)


def search(model: CompactMSSTUNet, study: Volume, device: torch.device, hint: ArrayLike | None = None) -> Found:
    """The LV of a study: in every cube, then once more in the cube round it where that is another one.

    Args:
        hint: ``(3,)`` LPS mm, a reader's click near the LV centre, which limits the search.
    """
    smooth = antialiased(study)

    def look_in(frame: Grid) -> Found:
        cube = read_cube(smooth, frame).to(device)
        return Found(frame, cube, locate(model, cube, hint is not None))

    best = max(map(look_in, cubes_for(study, hint)), key=lambda found: found.located.presence)
    whole = cube_round(study, best.pose.centre)
    if hint is not None or np.allclose(whole.centre, best.frame.centre):
        return best
    again = look_in(whole)
    return again if again.pose.centre_error(best.pose) < HINT_RADIUS_MM else best


def _cube_at(centre: Array) -> Grid:
    return Grid.centred(CUBE_SIZE, CUBE_SPACING, Pose(np.eye(3), centre))


def antialiased(study: Volume) -> Volume:
    """The study smoothed along axes of fine voxels, so that reading it at the cube's 4 mm loses nothing by chance."""
    fine = study.grid.spacing < FINE_SPACING_MM
    if not fine.any():
        return study
    sigma = np.where(fine, 0.4 * CUBE_SPACING, 1e-3)
    image = sitk.SmoothingRecursiveGaussian(study.to_sitk(), sigma.tolist())
    return Volume(sitk.GetArrayFromImage(image), study.grid)


def read_cube(study: Volume, grid: Grid) -> Tensor:
    """A study that is :func:`antialiased` on a cube's grid, ``(1, 1, 96, 96, 96)``; no blur but the study's own."""
    return torch.from_numpy(resample(refined(study, FINE_SPACING_MM), grid, order=1).array)[None, None]


def peaks(heat: Tensor, count: int, hint: bool) -> Tensor:
    """The highest separate peaks of a heat map ``(1, n, n, n)``, at most ``count``, as translations ``(N, 3)``."""
    n = heat.shape[-1]
    pitch = CUBE_SIZE * CUBE_SPACING / n / HALF_MM
    line = (torch.arange(n, device=heat.device) - (n - 1) / 2) * pitch
    where = torch.stack(torch.meshgrid(line, line, line, indexing="ij"), -1).flip(-1)
    if hint:
        heat = heat.masked_fill(where.norm(dim=-1)[None] * HALF_MM > HINT_RADIUS_MM, -1e4)
    local = heat == F.max_pool3d(heat[None], 5, 1, 2)[0]
    order = heat.masked_fill(~local, -1e4).flatten().topk(count)
    out = []
    for index in order.indices[order.values > order.values[0] - RIVAL].tolist():
        near = (where - where.reshape(-1, 3)[index]).norm(dim=-1) < 2.1 * pitch
        weight = heat[0].masked_fill(~near, -1e4).flatten().softmax(0)
        out.append((weight[:, None] * where.reshape(-1, 3)).sum(0))
    return torch.stack(out)


def locate(model: CompactMSSTUNet, cube: Tensor, hint: bool = False) -> Located:
    """The pose of the LV in a cube ``(1, 1, 96, 96, 96)``.

    Candidates from the heat map are refined and the one that looks most like an LV wins; its pose is then found
    again from turned starts, and the mean of these is the answer. With a ``hint``, which is the cube's middle, an LV
    further than :data:`HINT_RADIUS_MM` from it counts as absent.
    """
    first, heat = model.locate(cube)
    translation = peaks(heat, CANDIDATES, hint)
    rotation = first.rotation.expand(len(translation), -1, -1)
    cubes = cube.expand(len(translation), -1, -1, -1, -1)
    wide = model.wide(cubes, rotation, translation)
    close = model.close(cubes, wide.rotation, wide.translation)
    sure = torch.minimum(wide.presence, close.presence)
    if hint:
        sure = sure.masked_fill(close.translation.norm(dim=1) * HALF_MM > HINT_RADIUS_MM, ABSENT)
    n = int(sure.argmax())
    one = slice(n, n + 1)
    seen = ScaleEstimate(wide.rotation[one], wide.translation[one], wide.presence[one], wide.features[one])
    mean_rotation, mean_translation, spread = _from_turned_starts(
        model, cube, close.rotation[one], close.translation[one]
    )
    start = (rotation[one], translation[one])
    septum = _septum_of(mean_rotation)
    return Located(mean_rotation, mean_translation, seen, start, float(sure[n].sigmoid()), septum, spread)


def _septum_of(rotation: Tensor) -> float:
    """The networks' ``i`` points away from the right ventricle: ``(1, 3, 3)`` to a septum angle."""
    i, _, k = rotation[0].double().cpu().numpy().T
    return septum_angle(k, -i)


def _from_turned_starts(
    model: CompactMSSTUNet, cube: Tensor, rotation: Tensor, translation: Tensor
) -> tuple[Tensor, Tensor, float]:
    """Mean pose found from the pose swung one way and tilted one way, and the spread of the long axes in degrees.

    It is asked for the sake of the spread: more starts measured no better (docs/training.md).
    """
    turn = np.deg2rad(START_DEG)
    angles = cube.new_tensor([[turn, 0, 0], [0, -turn, 0]])
    starts = len(angles)
    cubes = cube.expand(starts, -1, -1, -1, -1)
    look = model.close(cubes, rotation @ rotation_from_euler(angles), translation.expand(starts, -1))
    look = model.close(cubes, look.rotation, look.translation)
    mean = rotation_from_nine(look.rotation.mean(0, keepdim=True).flatten(1))
    axes = look.rotation[:, :, 2].double().cpu().numpy()
    spread = max(angle_between(axis, mean[0, :, 2].double().cpu().numpy()) for axis in axes)
    return mean, look.translation.mean(0, keepdim=True), spread


def look_at(model: CompactMSSTUNet, cube: Tensor, frame: Grid, pose: Pose, spread_deg: float) -> Located:
    """The network's view at a given pose, as if it had found it, but in one pass because a reader is waiting."""
    rotation = torch.as_tensor(pose.rotation.copy())[None].to(cube)
    translation = torch.as_tensor((pose.centre - frame.centre) / HALF_MM)[None].to(cube)
    wide = model.wide(cube, rotation, translation)
    presence = float(wide.presence.sigmoid())
    septum = _septum_of(wide.rotation)
    return Located(rotation, translation, wide, (rotation, translation), presence, septum, spread_deg)
