"""The named networks and their configurations, to which a recipe or a weight file refers.

Each configuration is a plain value; its ``family`` determines how the network is run and trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar
from typing import Literal

from torch import nn

from .cascade import CNNSTN
from .cascade import HIDDEN
from .cascade import SHAPE
from .cascade import WIDTHS as CASCADE_WIDTHS
from .cascade import Cascade
from .joint import MSSTUNet
from .joint import SingleScaleSTUNet
from .msstn import MEAN_POSE
from .msstn import MSSTN
from .msunet import WIDTHS
from .omega import OmegaNet
from .resnet import RESNET50
from .scale import Scale
from .scale import halved
from .scale_transformer import Alignment
from .segmenter import MultiScaleSegmenter
from .unet import WIDTHS as UNET_WIDTHS
from .unet import UNet
from .vgg import HIDDEN as VGG_HIDDEN
from .vgg import REPEATS as VGG_REPEATS
from .vgg import VGG
from .vgg import WIDTHS as VGG_WIDTHS

Family = Literal["compact", "joint", "omega", "locate", "segment", "cascade"]
"""Outputs of a network: those of :mod:`.compact`; pose and labels; these and transaxial labels; pose by Ni
2023; labels; pose by Zhu 2022."""
Reading = Literal["nested", "pyramid"]
"""The two readings of the scales of Ni 2023: ever smaller cubes, or one field of view on ever coarser voxels."""


@dataclass(frozen=True)
class CompactConfiguration:
    """The default model; nothing of it is to be chosen."""

    family: ClassVar[Family] = "compact"

    def build(self) -> nn.Module:
        """A new model with fresh weights."""
        from .compact import compact  # imported only when used

        return compact()


@dataclass(frozen=True)
class MSSTUNetConfiguration:
    """Everything that decides an :class:`~.joint.MSSTUNet`: "Rot Op2-Seg Op2"."""

    family: ClassVar[Family] = "joint"
    size: int = 128
    reading: Reading = "nested"
    backbone_width: int = 64
    backbone_blocks: tuple[int, ...] = RESNET50
    pooled: bool = True
    widths: tuple[int, ...] = WIDTHS
    mean: tuple[float, ...] = MEAN_POSE
    alignment: Alignment = "paper"

    @property
    def scales(self) -> tuple[Scale, ...]:
        """One per level of the U-Net."""
        return halved(self.size, len(self.widths), self.reading == "nested")

    def build(self) -> MSSTUNet:
        """A new model with fresh weights."""
        return MSSTUNet(
            self.scales, self.backbone_width, self.backbone_blocks, self.widths, mean=self.mean,
            alignment=self.alignment, pooled=self.pooled,
        )  # fmt: skip


@dataclass(frozen=True)
class SingleScaleConfiguration:
    """Everything that decides a :class:`~.joint.SingleScaleSTUNet`: "Rot Op1-Seg Op1"."""

    family: ClassVar[Family] = "joint"
    size: int = 128
    backbone_width: int = 64
    backbone_blocks: tuple[int, ...] = RESNET50
    pooled: bool = True
    widths: tuple[int, ...] = UNET_WIDTHS
    mean: tuple[float, ...] = MEAN_POSE

    def build(self) -> SingleScaleSTUNet:
        """A new model with fresh weights."""
        scale = Scale(self.size, 1.0)
        return SingleScaleSTUNet(scale, self.backbone_width, self.backbone_blocks, self.widths, self.mean, self.pooled)


@dataclass(frozen=True)
class MSSTNConfiguration:
    """The localiser alone: "Rot Op1" (one level) and "Rot Op2" (three)."""

    family: ClassVar[Family] = "locate"
    size: int = 128
    levels: int = 3
    reading: Reading = "nested"
    backbone_width: int = 64
    backbone_blocks: tuple[int, ...] = RESNET50
    pooled: bool = True
    mean: tuple[float, ...] = MEAN_POSE

    def build(self) -> MSSTN:
        """A new model with fresh weights."""
        scales = halved(self.size, self.levels, self.reading == "nested")
        return MSSTN(scales, self.backbone_width, self.backbone_blocks, self.mean, self.pooled)


@dataclass(frozen=True)
class MSUNetConfiguration:
    """The multi-scale U-Net alone: "Seg Op2", or upright "MSUNet"."""

    family: ClassVar[Family] = "segment"
    size: int = 128
    reading: Reading = "nested"
    widths: tuple[int, ...] = WIDTHS

    def build(self) -> MultiScaleSegmenter:
        """A new model with fresh weights."""
        return MultiScaleSegmenter(halved(self.size, len(self.widths), self.reading == "nested"), self.widths)


@dataclass(frozen=True)
class UNetConfiguration:
    """A U-Net with attention gates: "Seg Op1"."""

    family: ClassVar[Family] = "segment"
    size: int = 128
    widths: tuple[int, ...] = UNET_WIDTHS

    def build(self) -> UNet:
        """A new model with fresh weights."""
        return UNet(Scale(self.size, 1.0), self.widths)


@dataclass(frozen=True)
class OmegaConfiguration:
    """Omega-Net in 3D."""

    family: ClassVar[Family] = "omega"
    size: int = 128
    widths: tuple[int, ...] = UNET_WIDTHS
    mean: tuple[float, ...] = MEAN_POSE

    def build(self) -> OmegaNet:
        """A new model with fresh weights."""
        return OmegaNet(Scale(self.size, 1.0), self.widths, mean=self.mean)


@dataclass(frozen=True)
class CascadeConfiguration:
    """Everything that decides a network of Zhu 2022; ``stages`` is 3 for the cascade and 1 for the plain form."""

    family: ClassVar[Family] = "cascade"
    stages: Literal[1, 3] = 3
    mean: tuple[float, ...] = (0.0,) * 6
    shape: tuple[int, ...] = SHAPE
    widths: tuple[int, ...] = CASCADE_WIDTHS
    hidden: tuple[int, ...] = HIDDEN

    def build(self) -> Cascade | CNNSTN:
        """A new model with fresh weights."""
        return (Cascade if self.stages == 3 else CNNSTN)(self.mean, self.shape, self.widths, self.hidden)


@dataclass(frozen=True)
class VGGConfiguration:
    """The benchmark 3DVGG of Zhu 2022, plain or in three stages."""

    family: ClassVar[Family] = "cascade"
    stages: Literal[1, 3] = 1
    mean: tuple[float, ...] = (0.0,) * 6
    shape: tuple[int, ...] = SHAPE
    widths: tuple[int, ...] = VGG_WIDTHS
    hidden: int = VGG_HIDDEN
    repeats: tuple[int, ...] = VGG_REPEATS

    def build(self) -> Cascade | CNNSTN:
        """A new model with fresh weights."""
        block = partial(VGG, shape=self.shape, widths=self.widths, hidden=self.hidden, repeats=self.repeats)
        return (Cascade if self.stages == 3 else CNNSTN)(self.mean, block=block)


CONFIGURATIONS: dict[str, Callable[[], nn.Module]] = {
    "compact": CompactConfiguration().build,
    "paper-msstunet": MSSTUNetConfiguration().build,
    "paper-msstunet-pyramid": MSSTUNetConfiguration(reading="pyramid").build,
    "paper-cascade": CascadeConfiguration().build,
    "paper-cnn-stn": CascadeConfiguration(stages=1).build,
}
"""Name to builder: the names that a weight file may use."""


def build(name: str) -> nn.Module:
    """A new network with fresh weights.

    Raises:
        ValueError: no network has this name; the message lists those there are.
    """
    if name not in CONFIGURATIONS:
        msg = f"no network is called {name!r}; choose one of {', '.join(sorted(CONFIGURATIONS))}"
        raise ValueError(msg)
    return CONFIGURATIONS[name]()
