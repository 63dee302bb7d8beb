"""Calibration of the wall thickness of a trained model, on studies that it was not trained on.

The loss weighs the wall three times (Ni 2023, eq. 11), which makes walls too thick; their logit is lowered until they
are right in the median.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch

from ..errors import InputError
from ..geometry.labels import MYOCARDIUM
from ..geometry.septum import septal_pose
from ..io.atomic_file import atomic_file
from ..networks.compact import CompactMSSTUNet
from ..prediction.labelling import label_shares
from ..prediction.models import load_compact
from ..prediction.models import save_weights
from ..prediction.search import antialiased
from ..prediction.search import cube_round
from ..prediction.search import look_at
from ..prediction.search import read_cube
from .pool import read_sample
from .validate import pose_and_volume

OFFSETS = np.linspace(0.0, 1.2, 13)
"""Tried ones of the wall's logit; ln 3 is what a cross-entropy that weighs it three times adds."""
WALL = torch.tensor([0.0, 1.0, 0.0]).reshape(3, 1, 1, 1)
MIN_STUDIES = 40


def files_of(pools: list[Path]) -> list[Path]:
    """The studies of pools.

    Raises:
        InputError: too few to learn from.
    """
    files = sorted(f for pool in pools for f in pool.glob("*.npz"))
    if len(files) < MIN_STUDIES:
        _too_few(len(files))
    return files


def _too_few(found: int) -> NoReturn:
    msg = f"a calibration needs {MIN_STUDIES} studies, but there are {found}; add studies"
    raise InputError(msg)


def wall_offset(network: CompactMSSTUNet, pools: list[Path]) -> float:
    """By how much the wall's logit is to be lowered so that the median study has as much wall as its truth."""
    ratios = []
    with torch.inference_mode():
        for file in files_of(pools):
            sample = read_sample(file)
            true, study = pose_and_volume(sample)
            frame = cube_round(study, true.centre)
            cube = read_cube(antialiased(study), frame)
            located = look_at(network, cube, frame, septal_pose(true), 0.0)
            shares = label_shares(network, cube, located)
            logits = torch.cat([1 - shares.sum(0, keepdim=True), shares]).clamp_min(1e-9).log()
            told = [int(((logits - offset * WALL).argmax(0) == MYOCARDIUM).sum()) for offset in OFFSETS]
            ratios.append(np.array(told) / max(int((sample.labels == MYOCARDIUM).sum()), 1))
    return float(OFFSETS[int(np.abs(np.median(ratios, axis=0) - 1).argmin())])


def calibrate(weights: Path, pools: list[Path], out: Path) -> float:
    """Write a weight file again with right walls; returns by how much their logit was lowered.

    Raises:
        InputError: too few studies, another architecture, or a full disk.
    """
    network = copy.deepcopy(load_compact(weights, "the calibration")[0])
    offset = wall_offset(network, pools)
    network.unet.make_wall_less_likely(offset)
    with atomic_file(out) as temporary:
        save_weights(network, "compact", temporary)
    return offset
