"""The gates of a study, segmented at the pose of their sum: one pose for the whole cycle.

A gate has an eighth of the counts of its study. So the counts are smoothed over the cycle before the network sees them;
this makes the heart beat appear smaller by a known factor for each harmonic, which is given back to the shares of wall
and blood pool. Only the first harmonics are kept: a wall moves smoothly and noise does not.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from ..geometry.labels import dilated
from ..geometry.labels import likeliest
from ..geometry.septum import septal_pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..geometry.volume import short_axis_grid
from ..networks.compact import CompactMSSTUNet
from ..networks.geometry import HALF_MM
from ..networks.geometry import LABEL_SPACING
from .labelling import labels_on
from .labelling import largest_ventricle
from .models import load_compact
from .predictor import choose_device
from .result import Gates
from .result import Result
from .search import antialiased
from .search import cube_round
from .search import read_cube

KEPT_HARMONICS = 2
"""Harmonics of the heart beat that smoothed shares keep: two follow an ejection shorter than the filling (ours, as
often in gated studies; of 8 gates the fastest two are dropped)."""
NEAR_VOXELS = 3
"""Label voxels of 3.2 mm round the mean LV: a wall moves inward by about 10 mm, half of it to each side of the mean."""
AT_ONCE = 8
"""Gates that go through the network together; more would only need more memory."""


def with_gates(
    result: Result,
    gates: Sequence[Volume],
    *,
    model: str | Path | None = None,
    device: str = "auto",
    progress: Callable[[str], None] | None = None,
) -> Result:
    """A result with its gates segmented at its pose.

    Args:
        result: of the sum of the gates.
        gates: counts of each gate on the study's own grid, from the R wave on.
        model, device, progress: as for :func:`.predictor.predict`.

    Raises:
        InputError: the model or the device breaks a rule; gates that do not lie on one grid.
    """
    (progress or (lambda _: None))(f"segmenting {len(gates)} gates")
    _check_grids(result, gates)
    target = choose_device(device)
    network, _ = load_compact(model, "the prediction", target)
    with torch.inference_mode():
        shares = near_the_ventricle(restored(gate_shares(network, result, smoothed(gates), target)))
        grid, looked_from = short_axis_grid(result.pose), septal_pose(result.pose)
        there = looked_from.inverse() @ result.pose
        labels = tuple(Volume(labels_on(s, grid, there.centre, there.rotation), grid) for s in shares)
    return replace(
        result,
        gates=Gates(
            short_axis=tuple(replace(resample(gate, grid, order=1), info={}) for gate in gates),
            labels=labels,
            shares=shares.cpu().numpy(),
            shares_grid=Grid.centred(shares.shape[-1], LABEL_SPACING, looked_from),
            total_counts=tuple(float(gate.array.sum()) for gate in gates),
            interval_ms=result.study.info.get("interval_ms"),
        ),
    )


def gate_shares(network: CompactMSSTUNet, result: Result, gates: Sequence[Volume], device: torch.device) -> Tensor:
    """Probabilities of LV-MY and LV-BP of each gate, ``(G, 2, 48, 48, 48)``, in the networks' roll at the pose."""
    frame, pose = cube_round(result.study, result.pose.centre), septal_pose(result.pose)
    rotation = torch.as_tensor(pose.rotation.copy(), dtype=torch.float32, device=device)[None]
    translation = torch.as_tensor((pose.centre - frame.centre) / HALF_MM, dtype=torch.float32, device=device)[None]
    found = []
    for first in range(0, len(gates), AT_ONCE):
        cubes = torch.cat([read_cube(antialiased(gate), frame) for gate in gates[first : first + AT_ONCE]]).to(device)
        at = (rotation.expand(len(cubes), -1, -1), translation.expand(len(cubes), -1))
        logits, _ = network.segment(cubes, network.wide(cubes, *at), at, at)
        found.append(logits.float().softmax(1)[:, 1:])
    return torch.cat(found)


def passes(gates: int) -> int:
    """How often gates are smoothed by (1, 2, 1) / 4: always over the same part of the cycle, once for 8 gates.

    >>> passes(8), passes(16)
    (1, 4)
    """
    return round((gates / 8) ** 2)


def smoothed(gates: Sequence[Volume]) -> list[Volume]:
    """The counts of gates smoothed over the cycle."""
    counts = np.stack([gate.array for gate in gates])
    for _ in range(passes(len(gates))):
        counts = counts / 2 + (np.roll(counts, 1, axis=0) + np.roll(counts, -1, axis=0)) / 4
    return [replace(gate, array=array) for gate, array in zip(gates, counts, strict=True)]


def kept(gates: int) -> NDArray[np.float64]:
    """What :func:`smoothed` leaves of the mean and of each harmonic.

    >>> kept(8).round(2).tolist()
    [1.0, 0.85, 0.5, 0.15, 0.0]
    """
    order = np.arange(gates // 2 + 1)
    return np.asarray(np.cos(np.pi * order / gates) ** (2 * passes(gates)))


def restored(shares: Tensor) -> Tensor:
    """Shares ``(G, ...)`` of smoothed gates with their first harmonics as large as before, without the others."""
    spectrum = torch.fft.rfft(shares, dim=0)
    gain = np.where(np.arange(len(spectrum)) <= KEPT_HARMONICS, 1 / np.maximum(kept(len(shares)), 1e-9), 0.0)
    spectrum *= torch.as_tensor(gain, dtype=torch.float32, device=shares.device).reshape(-1, *[1] * (shares.ndim - 1))
    return torch.fft.irfft(spectrum, n=len(shares), dim=0).clamp(0, 1)


def near_the_ventricle(shares: Tensor) -> Tensor:
    """Shares ``(G, 2, ...)`` of the largest LV of their mean, zero further from it than a wall moves."""
    wall, pool = shares.mean(0).cpu().numpy()
    near = dilated(largest_ventricle(likeliest(wall, pool)) > 0, NEAR_VOXELS)
    return shares * torch.as_tensor(near, device=shares.device)


def _check_grids(result: Result, gates: Sequence[Volume]) -> None:
    own = result.study.grid
    for number, gate in enumerate(gates, 1):
        if gate.grid.size != own.size or not np.allclose(gate.grid.matrix, own.matrix):
            msg = (
                f"gate {number}: all gates must lie on the grid of their sum, but this one does not; export them again"
            )
            raise InputError(msg)
