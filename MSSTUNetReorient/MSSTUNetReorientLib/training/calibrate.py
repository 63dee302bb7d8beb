"""Calibration of the wall thickness of a trained model, on whole studies that it was not trained on.

The loss weighs the wall three times (Ni 2023, eq. 11), which makes walls too thick; their logit is lowered until they
are right. Pools of samples would not do: their cubes are already read at 4 mm and hold more blur than a study.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from ..evaluation.true_study import DataSet
from ..evaluation.true_study import TrueStudy
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.septum import septal_pose
from ..geometry.volume import Grid
from ..io.atomic_file import atomic_file
from ..networks.compact import CompactMSSTUNet
from ..prediction.labelling import label_shares
from ..prediction.labelling import labels_on
from ..prediction.models import load_compact
from ..prediction.models import save_weights
from ..prediction.search import antialiased
from ..prediction.search import cube_round
from ..prediction.search import look_at
from ..prediction.search import read_cube

OFFSETS = np.linspace(0.0, 1.2, 25)
"""Tried ones of the wall's logit; ln 3 is what a cross-entropy that weighs it three times adds."""
FINE = Grid.centred(77, 2.0, Pose(np.eye(3), np.zeros(3)))
"""Where walls are measured: about as fine as a short axis."""
MIN_STUDIES = 40


def wall_offset(network: CompactMSSTUNet, sets: Sequence[DataSet]) -> float:
    """By how much the wall's logit is to be lowered so that walls have the volume of their truth.

    That is where the distances of the data sets' median ratios from one have the least sum.
    """
    medians = [np.median([_ratios(network, study) for study in s.studies], axis=0) for s in sets]
    return float(OFFSETS[int(np.abs(np.array(medians) - 1).sum(axis=0).argmin())])


def _ratios(network: CompactMSSTUNet, true: TrueStudy) -> NDArray[np.float64]:
    """LV-MY as labelled at the true pose over its true volume, with each of :data:`OFFSETS`."""
    labels = true.read_labels()
    assert labels is not None
    true_ml = (labels.array == MYOCARDIUM).sum() * labels.grid.voxel_ml
    shares = _shares_at_the_true_pose(network, true)
    walls = [labels_on(lowered(shares, offset), FINE, np.zeros(3)) == MYOCARDIUM for offset in OFFSETS]
    return np.array([wall.sum() * FINE.voxel_ml / true_ml for wall in walls])


def _shares_at_the_true_pose(network: CompactMSSTUNet, true: TrueStudy) -> Tensor:
    study = true.read()
    frame = cube_round(study, true.pose.centre)
    with torch.inference_mode():
        cube = read_cube(antialiased(study), frame)
        return label_shares(network, cube, look_at(network, cube, frame, septal_pose(true.pose), 0.0))


def lowered(shares: Tensor, offset: float) -> Tensor:
    """Shares of LV-MY and LV-BP ``(2, ...)`` with the wall's logit lowered."""
    weighed = torch.cat([1 - shares.sum(0, keepdim=True), shares])
    weighed[1] *= float(np.exp(-offset))
    return (weighed / weighed.sum(0))[1:]


def calibrate(weights: Path, sets: Sequence[DataSet], out: Path) -> float:
    """Write a weight file again with right walls; returns by how much their logit was lowered.

    Args:
        sets: whole studies with labels.

    Raises:
        InputError: too few studies, or some without labels; another architecture; a full disk.
    """
    studies = [study for s in sets for study in s.studies]
    if len(studies) < MIN_STUDIES:
        msg = f"a calibration needs {MIN_STUDIES} studies, but there are {len(studies)}; add studies"
        raise InputError(msg)
    bare = [study for study in studies if study.labels is None]
    if bare:
        msg = f"{bare[0].image}: a calibration needs true labels, but this study has none; leave its set out"
        raise InputError(msg)
    network = copy.deepcopy(load_compact(weights, "the calibration")[0])
    offset = wall_offset(network, sets)
    network.unet.make_wall_less_likely(offset)
    with atomic_file(out) as temporary:
        save_weights(network, "compact", temporary)
    return offset
