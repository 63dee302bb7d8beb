"""The multi-scale U-Net without a reorientation in front: "Seg Op2", and "MSUNet" alone, of Ni 2023."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch import nn

from .msstn import MSSTNOutput
from .msunet import WIDTHS
from .msunet import MSUNet
from .sampler import sample_upright
from .scale import NESTED
from .scale import Scale


class MultiScaleSegmenter(nn.Module):
    """A U-Net that gets the image at several scales, each read from the transaxial image.

    Args:
        scales: grids of the images and levels of the U-Net, finest first.
        widths: channels per level.

    Attributes:
        label_scales: grids of the answers, finest first.
    """

    def __init__(self, scales: Sequence[Scale] = NESTED, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.label_scales = tuple(scales)
        self.msunet = MSUNet(scales, widths)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """``(B, 1, n, n, n)`` to logits ``(B, classes, size, size, size)`` per scale."""
        still = image.new_zeros(len(image), 3, dtype=torch.float32)
        images = tuple(sample_upright(image, s.scale, s.size) for s in self.label_scales)
        count = len(images)
        logits: tuple[Tensor, ...] = self.msunet(MSSTNOutput((still,) * count, (still,) * count, images))
        return logits
