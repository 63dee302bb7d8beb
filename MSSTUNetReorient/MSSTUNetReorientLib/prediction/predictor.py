"""The entry point to the models: a volume in; pose, labels, SA volume and verdict out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from ..geometry.pose import Cube
from ..geometry.pose import Pose
from ..geometry.pose import rotation_from_long_axis
from ..geometry.septum import septal_pose
from ..geometry.volume import Volume
from ..geometry.volume import check_volume
from ..geometry.volume import resample
from ..geometry.volume import short_axis_grid
from ..networks.compact import CompactMSSTUNet
from ..networks.geometry import HALF_MM
from . import qc
from .anatomy import short_axis_rotation
from .bounds import Bounds
from .bounds import read_bounds
from .labelling import LabelPose
from .labelling import label_shares
from .labelling import labels_on
from .labelling import pose_from_labels
from .mirror import is_suspicious
from .mirror import looks_mirrored
from .mirror import mirrored
from .mirror import told_as_mirrored
from .models import find_weights
from .models import load_compact
from .result import ModelIdentity
from .result import Result
from .search import Found
from .search import antialiased
from .search import cube_round
from .search import look_at
from .search import read_cube
from .search import search

Array = NDArray[np.float64]
Say = Callable[[str], None]

POSE_AND_LABELS = ("load_model", "locate", "segment")
"""Of a result's timed steps those that lead to pose and labels; SA volume and verdict come after,
and a look at the mirrored study where the verdict gives reason for it."""


def choose_device(device: str) -> torch.device:
    """ "auto" uses a CUDA device if there is one, else the CPU.

    Raises:
        InputError: the device is not available.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, False):
        names = ", ".join(name for name, ok in there.items() if ok)
        msg = f"--device {device}: the device must be auto or available on this machine ({names}), but is neither"
        raise InputError(msg)
    return torch.device(device)


def predict(
    study: Volume,
    *,
    model: str | Path | None = None,
    device: str = "auto",
    centre_hint: ArrayLike | None = None,
    keep_axes: bool = False,
    progress: Say | None = None,
) -> Result:
    """Find, reorient and segment the left ventricle of a study.

    Args:
        study: transaxial counts, LPS mm.
        model: name of a shipped model or path of a weight file; None for the default.
        device: "auto", "cpu", "cuda" or "mps".
        centre_hint: ``(3,)`` LPS mm, a reader's click near the LV centre, which limits the search.
        keep_axes: the study is already short axis: its own axes are kept, only the centre is searched.
        progress: called with each step.

    Raises:
        InputError: the study, the model or the device breaks a rule; axes to keep that the study does not have.
    """
    say = progress or (lambda _: None)
    clock = _Clock()
    study = check_volume(study, str(study.info.get("kind", "study")))
    own_axes = short_axis_rotation(study) if keep_axes else None
    loaded = _loaded(model, device)
    clock.lap("load_model")
    result = _found(loaded, study, centre_hint, own_axes, clock, say)
    if centre_hint is None and own_axes is None and is_suspicious(result.quality):
        other = _found(loaded, mirrored(study), None, None, _Clock(), lambda _: None)
        clock.lap("mirror")
        if looks_mirrored(result.quality, other.quality):
            return replace(result, quality=told_as_mirrored(result.quality))
    return result


def _found(
    loaded: Loaded, study: Volume, centre_hint: ArrayLike | None, own_axes: Array | None, clock: _Clock, say: Say
) -> Result:
    """The LV searched and segmented.

    Args:
        own_axes: ``(3, 3)`` SA axes to keep; None where they are searched.
    """
    network = loaded.network
    say("locating the left ventricle")
    with torch.inference_mode():
        found = search(network, study, loaded.device, centre_hint)
        if own_axes is not None:
            found = _looked_at(network, found, Pose(own_axes, found.pose.centre))
        clock.lap("locate")
        say("segmenting")
        shares = label_shares(network, found.cube, found.located)
        seen = pose_from_labels(shares)
        rotation = rotation_from_long_axis(found.pose.rotation @ seen.axis) if own_axes is None else own_axes
        pose = Pose(rotation, found.pose.apply(seen.offset))
        labels = _labels_at(shares, found.pose, pose)
    clock.lap("segment")
    say("resampling the short axis")
    return _completed(loaded, study, pose, labels, found, clock, seen)


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
        axis_spread_deg: of the model's own result for this study, for the verdict.

    Raises:
        InputError: the study, the model or the device breaks a rule.
    """
    say = progress or (lambda _: None)
    clock = _Clock()
    study = check_volume(study, str(study.info.get("kind", "study")))
    loaded = _loaded(model, device)
    network = loaded.network
    clock.lap("load_model")
    say("segmenting")
    with torch.inference_mode():
        frame = cube_round(study, pose.centre)
        cube = read_cube(antialiased(study), frame).to(loaded.device)
        looked_from = septal_pose(pose)
        found = Found(frame, cube, look_at(network, cube, frame, looked_from, axis_spread_deg))
        shares = label_shares(network, cube, found.located)
        seen = pose_from_labels(shares)
        labels = _labels_at(shares, looked_from, pose)
    clock.lap("segment")
    say("resampling the short axis")
    return _completed(loaded, study, pose, labels, found, clock, seen)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in use."""

    network: CompactMSSTUNet
    identity: ModelIdentity
    bounds: Bounds
    device: torch.device


def _loaded(model: str | Path | None, device: str) -> Loaded:
    target = choose_device(device)
    network, identity = load_compact(model, "the prediction", target)
    return Loaded(network, identity, read_bounds(find_weights(model).path, identity.sha256), target)


def _completed(
    loaded: Loaded,
    study: Volume,
    pose: Pose,
    labels: Volume,
    found: Found,
    clock: _Clock,
    seen: LabelPose,
) -> Result:
    """The short axis resampled once from the study, and the verdict."""
    short_axis = resample(study, labels.grid)
    clock.lap("resample")
    quality = qc.assess(
        study,
        short_axis,
        labels,
        pose,
        presence=found.located.presence,
        axis_spread_deg=found.located.spread_deg,
        axis_disagreement_deg=seen.disagreement_deg,
        cup_residual_mm=seen.residual_mm,
        label_softness=seen.softness,
        septum_seen_deg=found.located.septum_deg,
        bounds=loaded.bounds,
    )
    clock.lap("quality")
    cube = Cube(tuple(found.frame.centre.tolist()), HALF_MM)
    return Result(study, pose, cube, short_axis, labels, quality, loaded.identity, clock.laps)


def _labels_at(shares: Tensor, looked_from: Pose, pose: Pose) -> Volume:
    """The labels in the SA cube of a pose, from the shares that the network gave where it looked from."""
    grid, there = short_axis_grid(pose), looked_from.inverse() @ pose
    return Volume(labels_on(shares, grid, there.centre, there.rotation), grid)


def _looked_at(network: CompactMSSTUNet, found: Found, pose: Pose) -> Found:
    """The same LV at another pose, in the networks' own roll."""
    looked_from = septal_pose(pose)
    located = look_at(network, found.cube, found.frame, looked_from, found.located.spread_deg)
    return Found(found.frame, found.cube, located)


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now
