"""The coefficients of :mod:`..certainty`, learned from studies that the model was not trained on."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ..certainty import FEATURES
from ..certainty import SHARE
from ..certainty import features
from ..errors import InputError
from ..models import load_model
from ..models import save_weights
from ..networks.compact import CompactMSSTUNet
from ..predictor import predict
from .files import replaced
from .pool import read_sample
from .validate import pose_and_volume

Array = NDArray[np.float64]

SIGNS = ((None, None), (0, None), (0, None), (0, None), (None, 0), (0, None), (None, 0))
"""Limits of the coefficients: spread, disagreement, residual and doubt only widen a bound, contrast and openness only
narrow it."""
LEAST_DEG = 0.2
"""Errors below this are taken for this."""
MIN_STUDIES = 40


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


def measured(pools: list[Path], model: str | Path) -> tuple[Array, Array]:
    """Features ``(N, 7)`` and long-axis errors ``(N,)`` of the studies of pools; those without a bound are left out."""
    rows, errors = [], []
    for file in sorted(f for pool in pools for f in pool.glob("*.npz")):
        true, study = pose_and_volume(read_sample(file))
        result = predict(study, model=model)
        x = features(result.quality.measures)
        if x is not None:
            rows.append(x)
            errors.append(result.pose.long_axis_error(true))
    return np.array(rows).reshape(-1, len(FEATURES)), np.array(errors)


def calibrate(weights: Path, pools: list[Path], out: Path) -> float:
    """Write a weight file again with its calibration; returns the share of studies within their bound.

    Raises:
        InputError: too few studies, another architecture, or a full disk.
    """
    network, identity = load_model(weights)
    network = copy.deepcopy(network)
    if not isinstance(network, CompactMSSTUNet):
        msg = f"{identity.name}: only a compact MS-ST-UNet can be calibrated, but this is a {type(network).__name__}"
        raise InputError(msg)
    x, errors = measured(pools, weights)
    if len(x) < MIN_STUDIES:
        msg = f"a calibration needs {MIN_STUDIES} studies with an LV found, but there are {len(x)}; add studies"
        raise InputError(msg)
    coefficients = fit_bound(x, errors)
    within = float((errors <= np.exp(x @ coefficients) + 1e-9).mean())
    network.calibration.copy_(network.calibration.new_tensor(coefficients))
    with replaced(out) as temporary:
        save_weights(network, "compact", temporary)
    return within
