"""Omega-Net in three dimensions: a U-Net, a transformer, a second U-Net (Vigneault 2018).

The first U-Net segments the transaxial image; the pose is estimated from its deepest features; the image is reoriented
and the second U-Net segments it there. The original is two-dimensional and stacks several hourglasses after the
transformer; here there is one, as one fits the memory of three dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor
from torch import nn

from .msstn import MEAN_POSE
from .msstn import MSSTNOutput
from .msstn import PoseHead
from .rotation import rotation_from_euler
from .sampler import sample
from .scale import NESTED
from .scale import Scale
from .unet import WIDTHS
from .unet import UNet


class OmegaOutput(NamedTuple):
    """Outputs of Omega-Net.

    Attributes:
        located: pose and upright image, of one scale.
        logits: in the **predicted** short-axis frame, finest first.
        first: in the frame of the input, finest first.
    """

    located: MSSTNOutput
    logits: tuple[Tensor, ...]
    first: tuple[Tensor, ...]


class OmegaNet(nn.Module):
    """See the module's docstring.

    Args:
        scale: grid of the input and of the upright image.
        widths: channels per level of both U-Nets.
        mean: pose at which training begins.
    """

    def __init__(
        self, scale: Scale = NESTED[0], widths: Sequence[int] = WIDTHS, mean: Sequence[float] = MEAN_POSE
    ) -> None:
        super().__init__()
        self.scales = (scale,)
        self.first = UNet(scale, widths, attention=False)
        self.second = UNet(scale, widths, attention=False)
        self.label_scales = self.second.label_scales
        edge = 4
        self.locate = nn.Sequential(
            nn.AdaptiveAvgPool3d(edge),
            nn.Flatten(),
            nn.Linear(widths[-1] * edge**3, 128),
            nn.ReLU(),
            PoseHead(128, mean),
        )

    def forward(self, image: Tensor) -> OmegaOutput:
        """``(B, 1, n, n, n)``."""
        features = self.first.encode(image)
        six = self.locate(features[-1])
        angles, translation = six[:, :3], six[:, 3:]
        upright = sample(image, rotation_from_euler(angles), translation, self.scales[0].scale, self.scales[0].size)
        located = MSSTNOutput((angles,), (translation,), (upright,))
        return OmegaOutput(located, self.second(upright), self.first.decode(features))
