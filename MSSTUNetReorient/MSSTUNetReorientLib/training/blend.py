"""Two weight files of the compact model mixed into one: often better than either, where one grew from the other.

Wortsman et al. 2022, arXiv:2109.01903 (weight-space ensembles of a model and its fine-tuned form).
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..models import load_model
from ..models import read_weight_file
from ..models import read_weights
from ..models import save_weights
from .files import replaced


def blend(first: Path, second: Path, share: float, out: Path) -> None:
    """Write ``(1 - share)`` of the first weight file and ``share`` of the second; a calibration must be learned anew.

    Raises:
        InputError: a file cannot be read, they are of different networks, or the disk is full.
    """
    (kind, one), (other_kind, other) = (read_weights(read_weight_file(p), str(p)) for p in (first, second))
    if kind.startswith("{"):
        msg = f"{first}: only weights of a compact MS-ST-UNet can be mixed, but these are of a comparison; name another"
        raise InputError(msg)
    shapes, other_shapes = ({name: value.shape for name, value in state.items()} for state in (one, other))
    if (kind, shapes) != (other_kind, other_shapes):
        msg = f"{second}: the weights must be of the network of {first}, but are of another; name two of one network"
        raise InputError(msg)
    network = copy.deepcopy(load_model(first)[0])
    mixed = {name: _mixed(name, value, other[name], share) for name, value in one.items()}
    network.load_state_dict(mixed)
    with replaced(out) as temporary:
        save_weights(network, kind, temporary)


def _mixed(name: str, one: Tensor, other: Tensor, share: float) -> Tensor:
    return torch.full_like(one, torch.nan) if name == "calibration" else torch.lerp(one, other, share)
