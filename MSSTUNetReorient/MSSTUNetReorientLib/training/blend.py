"""Two weight files of the compact model mixed into one: often better than either, where one grew from the other.

Wortsman et al. 2022, arXiv:2109.01903 (weight-space ensembles of a model and its fine-tuned form).
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch

from ..io.atomic_file import atomic_file
from ..prediction.models import load_compact
from ..prediction.models import save_weights


def blend(first: Path, second: Path, share: float, out: Path) -> None:
    """Write ``(1 - share)`` of the first weight file and ``share`` of the second; the result needs its own calibration.

    Raises:
        InputError: a file cannot be read or is of no compact MS-ST-UNet, or the disk is full.
    """
    network, other = (load_compact(path, "a blend")[0] for path in (first, second))
    mixed, others = copy.deepcopy(network), other.state_dict()
    mixed.load_state_dict({name: torch.lerp(own, others[name], share) for name, own in network.state_dict().items()})
    with atomic_file(out) as temporary:
        save_weights(mixed, "compact", temporary)
