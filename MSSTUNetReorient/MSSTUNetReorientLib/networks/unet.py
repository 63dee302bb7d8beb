"""A 3D attention U-Net on one grid (Oktay 2018): "Seg Op1" of Ni 2023, and the segmenter of its single-scale forms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch import nn
from torch.nn import functional as F

from .msunet import CLASSES
from .msunet import AttentionGate
from .msunet import double_convolution
from .scale import Scale
from .scale import pooled

WIDTHS = (32, 64, 128, 256)
"""Channels per level. Ni 2023 does not give them."""


class UNet(nn.Module):
    """Encoder, pooling, decoder; an answer at every level but the deepest.

    Args:
        scale: grid of the input.
        widths: channels per level.
        classes: of the output.
        attention: gates on the skip connections.

    Attributes:
        label_scales: grids of the answers, finest first.
        features: channels of the deepest level.
    """

    def __init__(
        self, scale: Scale, widths: Sequence[int] = WIDTHS, classes: int = CLASSES, attention: bool = True
    ) -> None:
        super().__init__()
        self.label_scales = pooled(scale, len(widths) - 1)
        self.features = widths[-1]
        self.encoders = nn.ModuleList(double_convolution(i, o) for i, o in pairwise([1, *widths]))
        self.gates = nn.ModuleList(AttentionGate(w, v) if attention else _Open() for w, v in pairwise(widths))
        self.decoders = nn.ModuleList(double_convolution(w + v, w) for w, v in pairwise(widths))
        self.outlets = nn.ModuleList(nn.Conv3d(w, classes, 1) for w in widths[:-1])

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """``(B, 1, n, n, n)`` to logits ``(B, classes, ...)``, finest first; the others are for deep supervision."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> list[Tensor]:
        """Features per level, finest first."""
        features = [self.encoders[0](image)]
        for encoder in self.encoders[1:]:
            features.append(encoder(F.max_pool3d(features[-1], 2)))
        return features

    def decode(self, features: list[Tensor]) -> tuple[Tensor, ...]:
        """Logits from what :meth:`encode` gave."""
        x, logits = features[-1], []
        for n in reversed(range(len(self.gates))):
            x = F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)
            x = self.decoders[n](torch.cat([self.gates[n](features[n], x), x], 1))
            logits.append(self.outlets[n](x))
        return tuple(reversed(logits))


class _Open(nn.Module):
    """No gate."""

    def forward(self, skip: Tensor, _: Tensor) -> Tensor:
        return skip
