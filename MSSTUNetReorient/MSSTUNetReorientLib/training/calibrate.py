"""Calibration of a trained model on studies that it was not trained on: wall thickness and error bound.

The loss weighs the wall three times (Ni 2023, eq. 11), which makes walls too thick; their logit is lowered until they
are right in the median. Then the coefficients of :mod:`..prediction.axis_bound` are fitted.
"""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linprog

from ..errors import InputError
from ..geometry.labels import MYOCARDIUM
from ..io.atomic_file import atomic_file
from ..networks.compact import CompactMSSTUNet
from ..prediction.axis_bound import FEATURES
from ..prediction.axis_bound import SHARE
from ..prediction.axis_bound import features
from ..prediction.labelling import label_shares
from ..prediction.models import load_compact
from ..prediction.models import save_weights
from ..prediction.predictor import predict
from ..prediction.search import antialiased
from ..prediction.search import cube_round
from ..prediction.search import look_at
from ..prediction.search import read_cube
from .pool import read_sample
from .validate import pose_and_volume

Array = NDArray[np.float64]

SIGNS = ((None, None), (0, None), (0, None), (0, None), (None, 0), (0, None), (None, 0))
"""Limits of the coefficients: spread, disagreement, residual and doubt only widen a bound, contrast and openness only
narrow it."""
OFFSETS = np.linspace(0.0, 1.2, 13)
"""Tried ones of the wall's logit; ln 3 is what a cross-entropy that weighs it three times adds."""
WALL = torch.tensor([0.0, 1.0, 0.0]).reshape(3, 1, 1, 1)
LEAST_DEG = 0.2
"""Errors below this are taken for this."""
MIN_STUDIES, MIN_OF_A_KIND = 40, 20


def fit_bound(x: Array, error_deg: Array) -> Array:
    """Quantile regression of ``log(error)`` with coefficients of known sign, as a linear programme.

    Args:
        x: ``(N, 7)`` features; error_deg: ``(N,)`` long-axis errors.

    Returns:
        ``(7,)`` coefficients.
    """
    n, m = x.shape
    y = np.log(np.maximum(error_deg, LEAST_DEG))
    cost = np.concatenate([np.zeros(m), np.full(n, SHARE), np.full(n, 1 - SHARE)])
    equal = np.hstack([x, np.eye(n), -np.eye(n)])
    solved = linprog(cost, A_eq=equal, b_eq=y, bounds=[*SIGNS, *[(0, None)] * (2 * n)])
    return np.asarray(solved.x[:m])


def widened(coefficients: Array, x: Array, error_deg: Array, hearts: NDArray[np.str_]) -> Array:
    """The coefficients with a constant so large that the bound holds nine in ten of every kind of heart.

    Real counts err by what their reader drew, and there are fewer of them: a fit over all leaves too many out.

    Args:
        coefficients: ``(7,)``; x, error_deg: as for :func:`fit_bound`; hearts: ``(N,)`` kind of each study's heart.
    """
    beyond = np.log(np.maximum(error_deg, LEAST_DEG)) - x @ coefficients
    kinds, counts = np.unique(hearts, return_counts=True)
    told = [kind for kind, count in zip(kinds, counts, strict=True) if count >= MIN_OF_A_KIND]
    wide = coefficients.copy()
    wide[0] += max([0.0, *(float(np.quantile(beyond[hearts == kind], SHARE)) for kind in told)])
    return wide


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
    msg = f"a calibration needs {MIN_STUDIES} studies with an LV found, but there are {found}; add studies"
    raise InputError(msg)


def measured(pools: list[Path], model: str | Path) -> tuple[Array, Array, NDArray[np.str_]]:
    """Features ``(N, 7)``, long-axis errors and kinds of heart ``(N,)``; studies without a bound are left out."""
    rows, errors, hearts = [], [], []
    for file in files_of(pools):
        sample = read_sample(file)
        true, study = pose_and_volume(sample)
        result = predict(study, model=model)
        x = features(result.quality.measures)
        if x is not None:
            rows.append(x)
            errors.append(result.pose.long_axis_error(true))
            hearts.append(sample.kind.rpartition("-")[2])
    return np.array(rows).reshape(-1, len(FEATURES)), np.array(errors), np.array(hearts, dtype=str)


def wall_offset(network: CompactMSSTUNet, pools: list[Path]) -> float:
    """By how much the wall's logit is to be lowered so that the median study has as much wall as its truth."""
    ratios = []
    with torch.inference_mode():
        for file in files_of(pools):
            sample = read_sample(file)
            true, study = pose_and_volume(sample)
            frame = cube_round(study, true.centre)
            cube = read_cube(antialiased(study), frame)
            located = look_at(network, cube, frame, true, 0.0)
            shares = label_shares(network, cube, located)
            logits = torch.cat([1 - shares.sum(0, keepdim=True), shares]).clamp_min(1e-9).log()
            told = [int(((logits - offset * WALL).argmax(0) == MYOCARDIUM).sum()) for offset in OFFSETS]
            ratios.append(np.array(told) / max(int((sample.labels == MYOCARDIUM).sum()), 1))
    return float(OFFSETS[int(np.abs(np.median(ratios, axis=0) - 1).argmin())])


def calibrate(weights: Path, pools: list[Path], out: Path) -> float:
    """Write a weight file again with right walls and its calibration; returns the share of studies within their bound.

    Raises:
        InputError: too few studies, another architecture, or a full disk.
    """
    network = copy.deepcopy(load_compact(weights, "the calibration")[0])
    network.unet.make_wall_less_likely(wall_offset(network, pools))
    with TemporaryDirectory() as folder:
        balanced = Path(folder) / "balanced.npz"
        save_weights(network, "compact", balanced)
        x, errors, hearts = measured(pools, balanced)
    if len(x) < MIN_STUDIES:
        _too_few(len(x))
    coefficients = widened(fit_bound(x, errors), x, errors, hearts)
    within = float((errors <= np.exp(x @ coefficients) + 1e-9).mean())
    network.calibration.copy_(network.calibration.new_tensor(coefficients))
    with atomic_file(out) as temporary:
        save_weights(network, "compact", temporary)
    return within
