"""VGG in three dimensions: the benchmark "3DVGG" of Zhu 2022, Table 1.

Thirteen convolutions with batch normalisation (VGG16) and fully connected layers of 64, 64 and the outputs: on the
published input of 2 x 32 x 64 x 64 these have the published 44,278,022 parameters, and two of them, with three
outputs each, the 88,555,654 of the three-stage form.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from .cascade import CHANNELS
from .cascade import SHAPE
from .msstn import PoseHead

WIDTHS = (64, 128, 256, 512, 512)
REPEATS = (2, 2, 3, 3, 3)
"""Convolutions per level of VGG16; each level ends with a pooling by two."""
HIDDEN = 64


class VGG(nn.Sequential):
    """Convolutions, pooling, fully connected layers.

    Args:
        mean: the answer at which training begins; as many outputs as it has numbers.
        shape: (D, H, W) of the input.
        widths: channels per level.
        hidden: units of both fully connected layers.
        repeats: convolutions per level.
    """

    def __init__(
        self,
        mean: Sequence[float],
        shape: Sequence[int] = SHAPE,
        widths: Sequence[int] = WIDTHS,
        hidden: int = HIDDEN,
        repeats: Sequence[int] = REPEATS,
    ) -> None:
        layers: list[nn.Module] = []
        channels = CHANNELS
        for width, repeat in zip(widths, repeats, strict=True):
            for _ in range(repeat):
                layers += [nn.Conv3d(channels, width, 3, padding=1), nn.BatchNorm3d(width), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool3d(2))
        depth, height, breadth = (n // 2 ** len(widths) for n in shape)
        flat = channels * depth * height * breadth
        layers += [nn.Flatten(), nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()]
        super().__init__(*layers, PoseHead(hidden, mean))
