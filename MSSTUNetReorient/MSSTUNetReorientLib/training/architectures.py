"""The networks that a recipe may name, with their sizes: ours and those of MONAI."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from ..networks import configurations as ours
from . import published


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
