"""The networks that a recipe may name, with their sizes: ours and those of MONAI."""

from __future__ import annotations

from typing import Any
from typing import Protocol

from torch import nn

from ..errors import InputError
from . import configurations as ours
from . import published
from .config_table import read_table


class Architecture(Protocol):
    """A configuration: a frozen dataclass whose fields are the sizes that a recipe may give."""

    family: ours.Family

    def build(self) -> nn.Module:
        """A new network with fresh weights."""


ARCHITECTURES: dict[str, type] = {
    "compact": ours.CompactConfiguration,
    "ms-st-unet": ours.MSSTUNetConfiguration,
    "single-scale-st-unet": ours.SingleScaleConfiguration,
    "msstn": ours.MSSTNConfiguration,
    "msunet": ours.MSUNetConfiguration,
    "attention-unet": ours.UNetConfiguration,
    "omega-net": ours.OmegaConfiguration,
    "cnn-stn": ours.CascadeConfiguration,
    "vgg": ours.VGGConfiguration,
    "resnet": published.ResNetConfiguration,
    "v-net": published.VNetConfiguration,
    "dense-unet": published.DenseUNetConfiguration,
    "nn-unet": published.NNUNetConfiguration,
}
"""Name to configuration."""


def architecture_of(name: object, sizes: dict[str, Any], where: str) -> Architecture:
    """The configuration of a named network.

    Raises:
        InputError: an unknown name or size.
    """
    if name not in ARCHITECTURES:
        msg = f"{where} architecture must be one of {', '.join(ARCHITECTURES)}, but found {name!r}"
        raise InputError(msg)
    configuration: Architecture = read_table(ARCHITECTURES[str(name)], sizes, where)
    grid = getattr(configuration, "shape", (getattr(configuration, "size", 32),))
    if any(n % 32 or n > 512 for n in grid):
        msg = f"{where} size and shape must be multiples of 32 up to 512, but found {', '.join(map(str, grid))}"
        raise InputError(msg)
    if len(getattr(configuration, "mean", (0.0,) * 6)) != 6:
        msg = f"{where} mean must be six numbers (alpha, beta, gamma, tx, ty, tz)"
        raise InputError(msg)
    return configuration
