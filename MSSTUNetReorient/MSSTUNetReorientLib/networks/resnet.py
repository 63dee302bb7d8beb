"""The residual network of He 2016 in three dimensions: the localiser's backbone (Ni 2023, section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch import nn

EXPANSION = 4
"""A bottleneck's output channels over its inner ones."""

RESNET50 = (3, 4, 6, 3)
"""Bottlenecks per stage."""


class Bottleneck(nn.Module):
    """1-3-1 convolutions with a shortcut; the stride is on the middle one.

    Args:
        inputs: channels in.
        width: inner channels; ``EXPANSION * width`` come out.
        stride: of the block.
    """

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.body = nn.Sequential(
            *_convolution(inputs, width, 1),
            nn.ReLU(inplace=True),
            *_convolution(width, width, 3, stride),
            nn.ReLU(inplace=True),
            *_convolution(width, outputs, 1),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*_convolution(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, D, H, W)`` to ``(B, 4 * width, D / stride, ...)``."""
        return torch.relu(self.body(x) + self.shortcut(x))


class ResNet(nn.Module):
    """Stem, four stages of bottlenecks, global average.

    Args:
        inputs: channels in.
        pooled: max pooling in the stem, as published. A small input needs the voxels: of 32 only one is left at the
            end otherwise, too few for the statistics of batch normalisation.
        width: channels of the stem; stage n has ``4 * width * 2**n`` out.
        blocks: bottlenecks per stage; (3, 4, 6, 3) is ResNet50.

    Attributes:
        features: length of the output vector.
    """

    def __init__(self, inputs: int = 1, width: int = 64, blocks: Sequence[int] = RESNET50, pooled: bool = True) -> None:
        super().__init__()
        pool = nn.MaxPool3d(3, 2, 1) if pooled else nn.Identity()
        self.stem = nn.Sequential(*_convolution(inputs, width, 7, 2), nn.ReLU(inplace=True), pool)
        stages: list[nn.Module] = []
        channels = width
        for n, count in enumerate(blocks):
            for m in range(count):
                stages.append(Bottleneck(channels, width * 2**n, stride=2 if n and not m else 1))
                channels = EXPANSION * width * 2**n
        self.stages = nn.Sequential(*stages)
        self.features = channels
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, D, H, W)`` to ``(B, features)``."""
        pooled: Tensor = self.stages(self.stem(x)).mean(dim=(2, 3, 4))
        return pooled


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return (
        nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm3d(outputs),
    )
