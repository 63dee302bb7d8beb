"""The one door to the models: a volume in; pose, labels, SA volume and verdict out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import ArrayLike
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from . import qc
from .errors import InputError
from .labels import BACKGROUND
from .labels import BLOOD_POOL
from .labels import MYOCARDIUM
from .models import load_model
from .networks.compact import CLOSE_SCALE
from .networks.compact import CUBE_SIZE
from .networks.compact import CUBE_SPACING
from .networks.compact import HALF_MM
from .networks.compact import LABEL_SPACING
from .networks.compact import CompactMSSTUNet
from .networks.compact import Look
from .networks.rotation import rotation_from_euler
from .networks.rotation import rotation_from_nine
from .networks.sampler import sample
from .pose import Correction
from .pose import Cube
from .pose import Pose
from .pose import angle_between
from .pose import nearest_rotation
from .result import ModelIdentity
from .result import Result
from .volume import Grid
from .volume import Volume
from .volume import check_volume
from .volume import resample
from .volume import short_axis_grid

Array = NDArray[np.float64]
Say = Callable[[str], None]

CANDIDATES = 3
"""Peaks of the heat map that are looked at more closely."""
START_DEG = 12.0
"""Turn of the extra starts from which the pose is found again."""
CUBE_OVERLAP_MM = 120.0
"""A study longer than the cube is searched by cubes that overlap by this: an LV lies whole in one of them."""
HINT_RADIUS_MM = 40.0
"""How far from a reader's click the LV centre may lie."""
FINE_SPACING_MM = 3.0
"""Voxels finer than this are smoothed before they are read at the cube's 4 mm."""


@dataclass
class Located:
    """The network's pose in one cube, and how sure it is.

    Attributes:
        rotation: ``(1, 3, 3)``; translation: ``(1, 3)``, in the cube's frame.
        wide: the scale-2 look that led there, and the pose it looked from.
        presence: probability that an LV is in view.
        spread_deg: largest angle between long axes reached from different starts and their mean.
    """

    rotation: Tensor
    translation: Tensor
    wide: Look
    wide_pose: tuple[Tensor, Tensor]
    presence: float
    spread_deg: float


def choose_device(device: str) -> torch.device:
    """ "auto" takes a CUDA device where there is one, else the CPU.

    Raises:
        InputError: the device named is not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, False):
        names = ", ".join(name for name, ok in there.items() if ok)
        msg = f"--device {device}: the device must be auto or one that this machine has ({names})"
        raise InputError(msg)
    return torch.device(device)


def cubes_for(grid: Grid, hint: ArrayLike | None = None) -> list[Grid]:
    """The network's input cubes: one round the middle, more where a study is longer than a cube, one at a hint."""
    if hint is not None:
        return [_cube_at(np.asarray(hint, dtype=float))]
    corners = grid.corners()
    low, high = corners.min(axis=0), corners.max(axis=0)
    edge = CUBE_SIZE * CUBE_SPACING
    lines = []
    for a in range(3):
        free = max(high[a] - low[a] - edge, 0.0)
        count = 1 if free < CUBE_OVERLAP_MM else int(np.ceil(free / (edge - CUBE_OVERLAP_MM))) + 1
        lines.append((low[a] + high[a]) / 2 + np.linspace(-free / 2, free / 2, count) * (count > 1))
    return [_cube_at(np.array(centre)) for centre in product(*lines)]


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
    """A study that is :func:`antialiased` on a cube's grid, ``(1, 1, 96, 96, 96)``."""
    return torch.from_numpy(resample(study, grid, order=1).array)[None, None]


def peaks(heat: Tensor, count: int, hint: bool) -> Tensor:
    """The ``count`` highest separate peaks of a heat map ``(1, n, n, n)`` as translations ``(count, 3)``."""
    n = heat.shape[-1]
    pitch = CUBE_SIZE * CUBE_SPACING / n / HALF_MM
    line = (torch.arange(n, device=heat.device) - (n - 1) / 2) * pitch
    where = torch.stack(torch.meshgrid(line, line, line, indexing="ij"), -1).flip(-1)
    if hint:
        heat = heat.masked_fill(where.norm(dim=-1)[None] * HALF_MM > HINT_RADIUS_MM, -1e4)
    local = heat == F.max_pool3d(heat[None], 5, 1, 2)[0]
    order = heat.masked_fill(~local, -1e4).flatten().topk(count).indices
    out = []
    for index in order.tolist():
        near = (where - where.reshape(-1, 3)[index]).norm(dim=-1) < 2.1 * pitch
        weight = heat[0].masked_fill(~near, -1e4).flatten().softmax(0)
        out.append((weight[:, None] * where.reshape(-1, 3)).sum(0))
    return torch.stack(out)


def locate(model: CompactMSSTUNet, cube: Tensor, hint: bool = False) -> Located:
    """The pose of the LV in a cube ``(1, 1, 96, 96, 96)``.

    Candidates from the heat map are refined and the one that looks most like an LV wins; its pose is then found
    again from turned starts, and the mean of these is the answer.
    """
    first, heat = model.locate(cube)
    translation = peaks(heat, CANDIDATES, hint)
    rotation = first.rotation.expand(CANDIDATES, -1, -1)
    cubes = cube.expand(CANDIDATES, -1, -1, -1, -1)
    wide = model.wide(cubes, rotation, translation)
    close = model.close(cubes, wide.rotation, wide.translation)
    sure = torch.minimum(wide.presence, close.presence)
    n = int(sure.argmax())
    one = slice(n, n + 1)
    seen = Look(wide.rotation[one], wide.translation[one], wide.presence[one], wide.features[one])
    mean_rotation, mean_translation, spread = _from_turned_starts(
        model, cube, close.rotation[one], close.translation[one]
    )
    return Located(
        mean_rotation, mean_translation, seen, (rotation[one], translation[one]), float(sure[n].sigmoid()), spread
    )


def _from_turned_starts(
    model: CompactMSSTUNet, cube: Tensor, rotation: Tensor, translation: Tensor
) -> tuple[Tensor, Tensor, float]:
    """Mean pose found from the pose swung and tilted both ways, and the spread of the long axes in degrees."""
    turn = np.deg2rad(START_DEG)
    angles = cube.new_tensor([[turn, 0, 0], [-turn, 0, 0], [0, turn, 0], [0, -turn, 0]])
    starts = len(angles)
    cubes = cube.expand(starts, -1, -1, -1, -1)
    look = model.close(cubes, rotation @ rotation_from_euler(angles), translation.expand(starts, -1))
    look = model.close(cubes, look.rotation, look.translation)
    mean = rotation_from_nine(look.rotation.mean(0, keepdim=True).flatten(1))
    axes = look.rotation[:, :, 2].double().cpu().numpy()
    spread = max(angle_between(axis, mean[0, :, 2].double().cpu().numpy()) for axis in axes)
    return mean, look.translation.mean(0, keepdim=True), spread


def label_shares(model: CompactMSSTUNet, cube: Tensor, located: Located) -> Tensor:
    """Probabilities of LV-MY and LV-BP ``(2, 48, 48, 48)`` on the network's own label grid at the located pose."""
    at = (located.rotation, located.translation)
    logits = model.segment(cube, located.wide, located.wide_pose, at)[0]
    return logits.float().softmax(1)[0, 1:]


def labels_on(shares: Tensor, grid: Grid, offset: Array) -> NDArray[np.uint8]:
    """Labels ``(K, J, I)`` on an SA grid whose middle lies ``offset`` (mm along i, j, k) from that of the shares."""
    half = CLOSE_SCALE * HALF_MM
    scale = (grid.size[0] - 1) * float(grid.spacing[0]) / 2 / half
    shift = torch.as_tensor(offset / half, dtype=shares.dtype, device=shares.device)[None]
    eye = torch.eye(3, device=shares.device, dtype=shares.dtype)[None]
    inside = sample(shares[None], eye, shift, scale, grid.size[0])[0]
    wall, pool = inside.cpu().numpy()
    ground = 1 - wall - pool
    labels = np.where(pool > np.maximum(wall, ground), BLOOD_POOL, np.where(wall > ground, MYOCARDIUM, BACKGROUND))
    return largest_ventricle(labels.astype(np.uint8))


def ventricle_centre(shares: Tensor) -> Array:
    """Centroid of the labelled LV, mm along i, j, k from the middle of the label grid; zero where there is none.

    It is the LV centre by definition, and on held-out studies nearer to the truth than the regressed one.
    """
    size = shares.shape[-1]
    grid = Grid((size,) * 3, np.full(3, LABEL_SPACING), np.full(3, -(size - 1) / 2 * LABEL_SPACING))
    inside = np.argwhere(labels_on(shares, grid, np.zeros(3)) > 0)[:, ::-1]
    return grid.at(inside.mean(axis=0)) if len(inside) else np.zeros(3)


def largest_ventricle(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The labels with everything but the largest connected LV (wall and pool together) removed."""
    parts = sitk.ConnectedComponent(sitk.GetImageFromArray((labels > 0).astype(np.uint8)))
    ordered = sitk.GetArrayFromImage(sitk.RelabelComponent(parts))
    return np.where(ordered == 1, labels, 0).astype(np.uint8)


def predict(
    study: Volume,
    *,
    model: str | Path | None = None,
    device: str = "auto",
    centre_hint: ArrayLike | None = None,
    progress: Say | None = None,
) -> Result:
    """Find, reorient and segment the left ventricle of a study.

    Args:
        study: transaxial counts, LPS mm.
        model: name of a shipped model or path of a weight file; None for the default.
        device: "auto", "cpu", "cuda" or "mps".
        centre_hint: ``(3,)`` LPS mm, a reader's click near the LV centre, which limits the search.
        progress: told each step.

    Raises:
        InputError: the study, the model or the device breaks a rule.
    """
    say = progress or (lambda _: None)
    clock = _Clock()
    study = check_volume(study, str(study.info.get("kind", "study")))
    network, identity, target = _compact_network(model, device)
    clock.lap("load_model")
    say("locating the left ventricle")
    with torch.inference_mode():
        cubes = cubes_for(study.grid, centre_hint)
        smooth = antialiased(study)
        inputs = [read_cube(smooth, grid).to(target) for grid in cubes]
        found = [locate(network, cube, centre_hint is not None) for cube in inputs]
        best = max(range(len(found)), key=lambda n: found[n].presence)
        clock.lap("locate")
        say("segmenting")
        shares = label_shares(network, inputs[best], found[best])
        offset = ventricle_centre(shares)
        pose = _pose_of(found[best], cubes[best]).corrected(Correction(0, 0, 0, *offset.tolist()))
        grid = short_axis_grid(pose, study.grid)
        labels = Volume(labels_on(shares, grid, offset), grid)
    clock.lap("segment")
    say("resampling the short axis")
    return _completed(study, pose, labels, cubes[best], found[best], identity, clock)


def segment_at(
    study: Volume,
    pose: Pose,
    *,
    model: str | Path | None = None,
    device: str = "auto",
    axis_spread_deg: float = 0.0,
    progress: Say | None = None,
) -> Result:
    """Segment the left ventricle at a pose that a reader has chosen; nothing is searched and the pose is kept.

    Args:
        study: transaxial counts, LPS mm.
        pose: SA frame to LPS.
        model, device, progress: as for :func:`predict`.
        axis_spread_deg: what the model's own answer for this study said, for the verdict.

    Raises:
        InputError: the study, the model or the device breaks a rule.
    """
    say = progress or (lambda _: None)
    clock = _Clock()
    study = check_volume(study, str(study.info.get("kind", "study")))
    network, identity, target = _compact_network(model, device)
    clock.lap("load_model")
    say("segmenting")
    with torch.inference_mode():
        frame = min(cubes_for(study.grid), key=lambda cube: float(np.linalg.norm(cube.centre - pose.centre)))
        cube = read_cube(antialiased(study), frame).to(target)
        located = _seen_at(network, cube, frame, pose, axis_spread_deg)
        grid = short_axis_grid(pose, study.grid)
        labels = Volume(labels_on(label_shares(network, cube, located), grid, np.zeros(3)), grid)
    clock.lap("segment")
    say("resampling the short axis")
    return _completed(study, pose, labels, frame, located, identity, clock)


def _compact_network(model: str | Path | None, device: str) -> tuple[CompactMSSTUNet, ModelIdentity, torch.device]:
    target = choose_device(device)
    network, identity = load_model(model)
    if not isinstance(network, CompactMSSTUNet):
        msg = f"{identity.name}: the job needs a compact MS-ST-UNet, but this is a {type(network).__name__}"
        raise InputError(msg)
    return network.to(target), identity, target


def _seen_at(model: CompactMSSTUNet, cube: Tensor, frame: Grid, pose: Pose, spread_deg: float) -> Located:
    """What the network sees at a pose that is given: as if it had found it, but by one look, for a reader waits."""
    rotation = torch.as_tensor(pose.rotation.copy())[None].to(cube)
    translation = torch.as_tensor((pose.centre - frame.centre) / HALF_MM)[None].to(cube)
    wide = model.wide(cube, rotation, translation)
    presence = float(wide.presence.sigmoid())
    return Located(rotation, translation, wide, (rotation, translation), presence, spread_deg)


def _completed(
    study: Volume, pose: Pose, labels: Volume, frame: Grid, located: Located, identity: ModelIdentity, clock: _Clock
) -> Result:
    """The short axis resampled once from the study, and the verdict."""
    short_axis = resample(study, labels.grid)
    clock.lap("resample")
    quality = qc.assess(study, short_axis, labels, pose, presence=located.presence, axis_spread_deg=located.spread_deg)
    clock.lap("quality")
    cube = Cube(tuple(frame.centre.tolist()), HALF_MM)
    return Result(study, pose, cube, short_axis, labels, quality, identity, clock.laps)


def _pose_of(located: Located, cube: Grid) -> Pose:
    rotation = nearest_rotation(located.rotation[0].double().cpu().numpy())
    return Pose(rotation, cube.centre + located.translation[0].double().cpu().numpy() * HALF_MM)


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now
