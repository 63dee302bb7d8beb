"""The multi-scale spatial transformer network: the pose of the heart, and the reoriented heart (Ni 2023, 3.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch import nn

from .resnet import RESNET50
from .resnet import ResNet
from .rotation import no_autocast
from .rotation import rotation_from_euler
from .sampler import sample
from .scale import NESTED
from .scale import Scale
from .scale import require_cube

MEAN_POSE = (-0.81, -1.055, 1.215, -0.185, 0.125, -0.265)
"""(alpha, beta, gamma, tx, ty, tz): means of Ni 2023, Table 2, halfway between PET and SPECT."""

HEAD_SPREAD = 1e-3
"""Standard deviation of the pose heads' first weights: training sets out from the mean pose."""


class MSSTNOutput(NamedTuple):
    """Outputs of the MSSTN, one entry per scale in the order of the model's ``scales``.

    Attributes:
        angles: ``(B, 3)`` each, (alpha, beta, gamma) in radians (eq. 1).
        translations: ``(B, 3)`` each, the LV centre along (x, y, z) over the input's half extent (eq. 4).
        images: ``(B, C, size, size, size)`` each, the input in the short-axis frame.
    """

    angles: tuple[Tensor, ...]
    translations: tuple[Tensor, ...]
    images: tuple[Tensor, ...]


class PoseHead(nn.Linear):
    """From features to the six parameters; it begins at a mean pose and always computes in float32.

    Args:
        features: length of the input vector.
        mean: the six at which it begins.
    """

    def __init__(self, features: int, mean: Sequence[float] = MEAN_POSE) -> None:
        super().__init__(features, len(mean))
        nn.init.normal_(self.weight, std=HEAD_SPREAD)
        with torch.no_grad():
            self.bias.copy_(torch.tensor(mean))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, features)`` to ``(B, 6)``: (alpha, beta, gamma, tx, ty, tz)."""
        with no_autocast(x):
            return super().forward(x.to(self.weight.dtype))


class MSSTN(nn.Module):
    """One backbone, one pose regressor and one sampler per scale.

    Args:
        scales: the samplers' grids; nested cubes of 128, 64 and 32 voxels as published.
        width: channels of the backbone's stem; 64 as published.
        blocks: bottlenecks per stage; ResNet50's as published.
        mean: pose at which training begins.
        pooled: max pooling in the backbone's stem, as published; see :class:`~.resnet.ResNet`.

    The paper leaves open whether the regressors share the backbone; eq. 6, which takes the differences of their
    answers, needs only that there are several. They share it here.
    """

    def __init__(
        self,
        scales: Sequence[Scale] = NESTED,
        width: int = 64,
        blocks: Sequence[int] = RESNET50,
        mean: Sequence[float] = MEAN_POSE,
        pooled: bool = True,
    ) -> None:
        super().__init__()
        self.scales = tuple(scales)
        self.backbone = ResNet(1, width, blocks, pooled)
        self.heads = nn.ModuleList(PoseHead(self.backbone.features, mean) for _ in self.scales)

    def forward(self, image: Tensor) -> MSSTNOutput:
        """Locate and sample.

        Args:
            image: ``(B, 1, N, N, N)`` with cubic voxels.

        Raises:
            ValueError: the volume is no cube.
        """
        found = self.locate(image)
        poses = zip(found.angles, found.translations, self.scales, strict=True)
        images = tuple(sample(image, rotation_from_euler(a), t, s.scale, s.size) for a, t, s in poses)
        return found._replace(images=images)

    def locate(self, image: Tensor) -> MSSTNOutput:
        """The poses without the images, for whoever needs no more.

        Raises:
            ValueError: the volume is no cube.
        """
        require_cube(image)
        features = self.backbone(image)
        six = [head(features) for head in self.heads]
        return MSSTNOutput(tuple(p[:, :3] for p in six), tuple(p[:, 3:] for p in six), ())
