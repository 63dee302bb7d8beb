"""Networks taken from MONAI: V-Net, nnU-Net's plain U-Net, a U-Net of dense blocks, and ResNet18 for Zhu 2022."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar
from typing import Literal

import torch
from monai.networks.nets import vnet
from monai.networks.nets.densenet import DenseNet
from monai.networks.nets.dynunet import DynUNet
from monai.networks.nets.resnet import ResNet
from torch import Tensor
from torch import nn
from torch.nn import functional as F

from .cascade import CHANNELS
from .cascade import CNNSTN
from .cascade import Cascade
from .configurations import Family
from .msstn import PoseHead
from .msunet import CLASSES
from .msunet import double_convolution
from .scale import Scale


class Segmenter(nn.Module):
    """A network with one output, or with several on the input's grid in training, with the interface of our segmenters.

    Attributes:
        label_scales: grids of the answers, the best first.
    """

    def __init__(self, network: nn.Module, size: int, answers: int = 1) -> None:
        super().__init__()
        self.network = network
        self.label_scales = (Scale(size, 1.0),) * answers

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """``(B, 1, n, n, n)`` to logits ``(B, 3, n, n, n)``, one or more."""
        logits: Tensor = self.network(image)
        return logits.unbind(1) if logits.dim() == 6 else (logits,)


class VNet(vnet.VNet):
    """MONAI's V-Net, whose widths are fixed, with other widths.

    Args:
        width: channels of the first level, 16 as published; each of the four below has twice as many.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__(3, 1, CLASSES)
        if width != 16:
            act, w = ("elu", {"inplace": True}), width
            self.in_tr = vnet.InputTransition(3, 1, w, act)
            self.down_tr32 = vnet.DownTransition(3, w, 1, act)
            self.down_tr64 = vnet.DownTransition(3, 2 * w, 2, act)
            self.down_tr128 = vnet.DownTransition(3, 4 * w, 3, act, dropout_prob=0.5)
            self.down_tr256 = vnet.DownTransition(3, 8 * w, 2, act, dropout_prob=0.5)
            self.up_tr256 = vnet.UpTransition(3, 16 * w, 16 * w, 2, act, dropout_prob=(0.5, 0.5))
            self.up_tr128 = vnet.UpTransition(3, 16 * w, 8 * w, 2, act, dropout_prob=(0.5, 0.5))
            self.up_tr64 = vnet.UpTransition(3, 8 * w, 4 * w, 1, act)
            self.up_tr32 = vnet.UpTransition(3, 4 * w, 2 * w, 1, act)
            self.out_tr = vnet.OutputTransition(3, 2 * w, CLASSES, act)


class DenseUNet(nn.Module):
    """The features of MONAI's DenseNet as an encoder, and a plain decoder with skip connections.

    Args:
        width: channels of the first convolution.
        growth: channels that each dense layer adds.
        blocks: dense layers per block.
    """

    def __init__(self, width: int = 64, growth: int = 32, blocks: Sequence[int] = (6, 12, 24, 16)) -> None:
        super().__init__()
        self.features = DenseNet(3, 1, 1, width, growth, tuple(blocks)).features
        channels, skips = width, [1, width]
        for n, count in enumerate(blocks):
            channels = channels // (2 if n else 1) + count * growth
            skips.append(channels)
        outs = [min(max(skip, width), 4 * width) for skip in skips[:-1]]
        ins = [*outs[1:], skips[-1]]
        self.decoders = nn.ModuleList(
            double_convolution(deep + skip, out) for skip, deep, out in zip(skips[:-1], ins, outs, strict=True)
        )
        self.outlet = nn.Conv3d(outs[0], CLASSES, 1)

    def forward(self, image: Tensor) -> Tensor:
        """``(B, 1, n, n, n)`` to logits ``(B, 3, n, n, n)``."""
        skips, x = [image], image
        for name, layer in self.features.named_children():
            x = layer(x)
            if name == "relu0" or name.startswith("denseblock"):
                skips.append(x)
        deep = skips.pop()
        for decoder, skip in zip(reversed(self.decoders), reversed(skips), strict=True):
            deep = F.interpolate(deep, size=skip.shape[2:], mode="trilinear", align_corners=False)
            deep = decoder(torch.cat([deep, skip], 1))
        logits: Tensor = self.outlet(deep)
        return logits


def resnet18(mean: Sequence[float], width: int = 64, pooled: bool = True) -> nn.Module:
    """MONAI's ResNet18: on 2 channels and with six outputs, the published 33,185,030 parameters of "3DResNet".

    Args:
        mean: the answer at which training begins.
        width: channels of the stem.
        pooled: max pooling in the stem, as published; see :class:`~.resnet.ResNet`.
    """
    network = ResNet(
        "basic", [2, 2, 2, 2], [width * 2**n for n in range(4)], n_input_channels=CHANNELS, conv1_t_stride=2,
        num_classes=len(mean), bias_downsample=False, no_max_pool=not pooled,
    )  # fmt: skip
    network.fc = PoseHead(8 * width, mean)
    return network


@dataclass(frozen=True)
class VNetConfiguration:
    """V-Net."""

    family: ClassVar[Family] = "segment"
    size: int = 128
    width: int = 16

    def build(self) -> nn.Module:
        """A new model with fresh weights."""
        return Segmenter(VNet(self.width), self.size)


@dataclass(frozen=True)
class NNUNetConfiguration:
    """The plain 3D U-Net of nnU-Net, with deep supervision; one width per level."""

    family: ClassVar[Family] = "segment"
    size: int = 128
    widths: tuple[int, ...] = (32, 64, 128, 256, 320, 320)
    supervised: int = 3

    def build(self) -> nn.Module:
        """A new model with fresh weights."""
        strides = [1] + [2] * (len(self.widths) - 1)
        network = DynUNet(
            3, 1, CLASSES, [3] * len(strides), strides, strides[1:], list(self.widths), deep_supervision=True,
            deep_supr_num=self.supervised - 1,
        )  # fmt: skip
        return Segmenter(network, self.size, self.supervised)


@dataclass(frozen=True)
class DenseUNetConfiguration:
    """A U-Net of dense blocks."""

    family: ClassVar[Family] = "segment"
    size: int = 128
    width: int = 64
    growth: int = 32
    blocks: tuple[int, ...] = (6, 12, 24, 16)

    def build(self) -> nn.Module:
        """A new model with fresh weights."""
        return Segmenter(DenseUNet(self.width, self.growth, self.blocks), self.size)


@dataclass(frozen=True)
class ResNetConfiguration:
    """The benchmark 3DResNet of Zhu 2022, plain or in three stages."""

    family: ClassVar[Family] = "cascade"
    stages: Literal[1, 3] = 1
    mean: tuple[float, ...] = (0.0,) * 6
    shape: tuple[int, ...] = (32, 64, 64)
    width: int = 64
    pooled: bool = True

    def build(self) -> nn.Module:
        """A new model with fresh weights."""
        block = partial(resnet18, width=self.width, pooled=self.pooled)
        return (Cascade if self.stages == 3 else CNNSTN)(self.mean, block=block)
