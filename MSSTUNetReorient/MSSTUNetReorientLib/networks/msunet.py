"""The multi-scale U-Net: myocardium and blood pool in the short-axis frame (Ni 2023, section 3.1.2).

A 3D attention U-Net (Oktay 2018) with scale transformer blocks for pooling and up-sampling, an image of its own at
every level, and an auxiliary output at every level.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch import nn

from .attention_gate import AttentionGate
from .msstn import MSSTNOutput
from .scale import NESTED
from .scale import Scale
from .scale_transformer import Alignment
from .scale_transformer import ScalePose
from .scale_transformer import inverse_scale_transform
from .scale_transformer import scale_transform

CLASSES = 3
"""Background, LV myocardium, LV blood pool."""

WIDTHS = (32, 64, 128)
"""Channels per level. The paper does not give them."""


class MSUNet(nn.Module):
    """Encoder and decoder over the scales of an MSSTN.

    Args:
        scales: the MSSTN's, finest grid first.
        widths: channels per level.
        classes: of the output.
        alignment: how features of two scales are brought together, see
            :func:`~.scale_transformer.scale_transform`.

    Raises:
        ValueError: scales and widths differ in number.
    """

    def __init__(
        self,
        scales: Sequence[Scale] = NESTED,
        widths: Sequence[int] = WIDTHS,
        classes: int = CLASSES,
        alignment: Alignment = "paper",
    ) -> None:
        super().__init__()
        if len(scales) != len(widths):
            msg = f"the MSUNet needs one width per scale, got {len(widths)} widths for {len(scales)} scales"
            raise ValueError(msg)
        self.scales, self.alignment = tuple(scales), alignment
        self.inlets = nn.ModuleList(_convolution(1, w) for w in widths)
        deeper = [w + v for v, w in pairwise(widths)]
        self.encoders = nn.ModuleList(
            double_convolution(i, w) for i, w in zip([widths[0], *deeper], widths, strict=True)
        )
        self.gates = nn.ModuleList(AttentionGate(w, v) for w, v in pairwise(widths))
        self.decoders = nn.ModuleList(double_convolution(w + v, w) for w, v in pairwise(widths))
        self.outlets = nn.ModuleList(nn.Conv3d(w, classes, 1) for w in widths)

    def forward(self, located: MSSTNOutput) -> tuple[Tensor, ...]:
        """Segment the short-axis images.

        Args:
            located: an image ``(B, 1, size, size, size)`` and a pose per scale.

        Returns:
            Logits ``(B, classes, size, size, size)`` per scale, finest first: the first is the answer, the
            others are for deep supervision.
        """
        skips = self._encode(located)
        x = skips[-1]
        logits = [self.outlets[-1](x)]
        for n in reversed(range(len(self.scales) - 1)):
            x = inverse_scale_transform(x, (self.scales[n], self.scales[n + 1]))
            x = self.decoders[n](torch.cat([self.gates[n](skips[n], x), x], dim=1))
            logits.append(self.outlets[n](x))
        return tuple(reversed(logits))

    def _encode(self, located: MSSTNOutput) -> list[Tensor]:
        """Features per level, ``(B, width, size, size, size)``."""
        poses = [ScalePose(a, t) for a, t in zip(located.angles, located.translations, strict=True)]
        features: list[Tensor] = []
        for n, image in enumerate(located.images):
            x = self.inlets[n](image)
            if n:
                scales, pair = (self.scales[n - 1], self.scales[n]), (poses[n - 1], poses[n])
                x = torch.cat([scale_transform(features[-1], scales, pair, self.alignment), x], dim=1)
            features.append(self.encoders[n](x))
        return features


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
    )


def double_convolution(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution, batch norm, ReLU, twice."""
    return nn.Sequential(_convolution(inputs, outputs), _convolution(outputs, outputs))
