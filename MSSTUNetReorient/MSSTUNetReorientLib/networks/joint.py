"""The joint model: one forward pass from the transaxial cube to pose and labels (Ni 2023, Fig. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor
from torch import nn

from .msstn import MEAN_POSE
from .msstn import MSSTN
from .msstn import MSSTNOutput
from .msunet import CLASSES
from .msunet import WIDTHS
from .msunet import MSUNet
from .resnet import RESNET50
from .scale import NESTED
from .scale import Scale
from .scale_transformer import Alignment
from .unet import WIDTHS as SINGLE_WIDTHS
from .unet import UNet


class JointOutput(NamedTuple):
    """Outputs of the joint model.

    Attributes:
        located: poses and short-axis images per scale.
        logits: ``(B, classes, size, size, size)`` per scale, in the **predicted** short-axis frame; the first is
            the answer.
    """

    located: MSSTNOutput
    logits: tuple[Tensor, ...]


class MSSTUNet(nn.Module):
    """MSSTN and MSUNet, trained together.

    The labels are compared with the truth in the **true** short-axis frame; the samplers let the gradient of that
    comparison through, so segmentation corrects the pose.

    Args:
        scales: grids of the samplers and levels of the U-Net, finest first.
        backbone_width, backbone_blocks, pooled: of the localiser.
        widths: channels per level of the U-Net.
        classes: of the output.
        mean: pose at which training begins.
        alignment: of features between scales.
    """

    def __init__(
        self,
        scales: Sequence[Scale] = NESTED,
        backbone_width: int = 64,
        backbone_blocks: Sequence[int] = RESNET50,
        widths: Sequence[int] = WIDTHS,
        classes: int = CLASSES,
        mean: Sequence[float] = MEAN_POSE,
        alignment: Alignment = "paper",
        pooled: bool = True,
    ) -> None:
        super().__init__()
        self.scales = self.label_scales = tuple(scales)
        self.msstn = MSSTN(scales, backbone_width, backbone_blocks, mean, pooled)
        self.msunet = MSUNet(scales, widths, classes, alignment)

    def forward(self, image: Tensor) -> JointOutput:
        """Locate, turn upright and segment.

        Args:
            image: ``(B, 1, N, N, N)`` with cubic voxels.

        Raises:
            ValueError: the volume is no cube.
        """
        located = self.msstn(image)
        return JointOutput(located, self.msunet(located))


class SingleScaleSTUNet(nn.Module):
    """One sampler and an attention U-Net, trained together: "Rot Op1-Seg Op1" of Ni 2023, Table 3.

    Args:
        scale: grid of the sampler.
        backbone_width, backbone_blocks, mean, pooled: see :class:`MSSTUNet`.
        widths: channels per level of the U-Net.
    """

    def __init__(
        self,
        scale: Scale = NESTED[0],
        backbone_width: int = 64,
        backbone_blocks: Sequence[int] = RESNET50,
        widths: Sequence[int] = SINGLE_WIDTHS,
        mean: Sequence[float] = MEAN_POSE,
        pooled: bool = True,
    ) -> None:
        super().__init__()
        self.scales = (scale,)
        self.msstn = MSSTN(self.scales, backbone_width, backbone_blocks, mean, pooled)
        self.unet = UNet(scale, widths)
        self.label_scales = self.unet.label_scales

    def forward(self, image: Tensor) -> JointOutput:
        """Locate, turn upright and segment; as :meth:`MSSTUNet.forward`."""
        located = self.msstn(image)
        return JointOutput(located, self.unet(located.images[0]))
