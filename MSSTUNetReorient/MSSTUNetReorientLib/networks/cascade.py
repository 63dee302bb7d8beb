"""The reorientation cascade of Zhu 2022: first the shift, then the rotation, then both together.

Zhu's drawing has three reorientation blocks. Its Table 1 defines them: the three-stage forms of the two
benchmarks have twice the parameters of the plain form less ``6 F + 6``, with F = 64 (VGG) and F = 512 (ResNet), to
the last digit. That is two networks of three outputs each where the plain form has one of six, and none for a third
block. So here one network estimates the translation, a second one, given the shifted image, the rotation; the third
stage trains both, and its image is the input sampled once with both (the drawing's skip links).

The widths are not given. Those below are one of many ways to meet the counts: 360,262 for the plain form, exactly as
published, and 719,894 for the three-stage form, published as 719,897. Two equal networks have an even sum, so the
odd published number cannot be met by two equal networks; the paper does not name the three parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Literal
from typing import NamedTuple
from typing import Self

import torch
from torch import Tensor
from torch import nn

from .geometry import HALF_MM
from .msstn import PoseHead
from .rotation import rotation_from_euler
from .sampler import sample
from .view import view

SHAPE = (32, 64, 64)
"""(D, H, W) to which Zhu 2022 rescales every study."""
CHANNELS = 2
"""Counts and the magnitude of their gradient."""
WIDTHS = (24, 32, 32, 48, 64)
"""Channels of the convolutions; each halves the grid, so 64 x 64 x 32 ends as 2 x 2 x 1."""
HIDDEN = (512, 104)
"""Units of the fully connected layers."""

Stage = Literal["translation", "rotation", "both"]
Extent = Tensor | Sequence[float] | None
Block = Callable[[Sequence[float]], nn.Module]
"""Makes a network from ``(B, 2, D, H, W)`` to as many numbers as the mean answer that it is given has."""


class CascadeOutput(NamedTuple):
    """Outputs of a reorientation network.

    Attributes:
        angles: ``(B, 3)``, (alpha, beta, gamma) in radians, in the order of Ni 2023, eq. 1.
        translation: ``(B, 3)``, the LV centre along (x, y, z), each over the input's half extent on that axis.
        images: ``(B, 2, D, H, W)`` after each block; the last is the short-axis image.
    """

    angles: Tensor
    translation: Tensor
    images: tuple[Tensor, ...]


class ReorientationBlock(nn.Sequential):
    """Convolution, batch norm, ReLU and pooling, five times; then fully connected layers.

    Args:
        mean: the answer at which training begins; as many outputs as it has numbers.
        shape: (D, H, W) of the input.
        widths: channels of the convolutions.
        hidden: units of the fully connected layers.
    """

    def __init__(
        self,
        mean: Sequence[float],
        shape: Sequence[int] = SHAPE,
        widths: Sequence[int] = WIDTHS,
        hidden: Sequence[int] = HIDDEN,
    ) -> None:
        layers: list[nn.Module] = []
        for i, o in pairwise([CHANNELS, *widths]):
            layers += [nn.Conv3d(i, o, 3, padding=1), nn.BatchNorm3d(o), nn.ReLU(inplace=True), nn.MaxPool3d(2)]
        depth, height, width = (n // 2 ** len(widths) for n in shape)
        units = [widths[-1] * depth * height * width, *hidden]
        layers.append(nn.Flatten())
        for i, o in pairwise(units):
            layers += [nn.Linear(i, o), nn.ReLU(inplace=True)]
        super().__init__(*layers, PoseHead(units[-1], mean))


class CNNSTN(nn.Module):
    """The plain form, "CNN+STN": one block estimates all six parameters, one sampler follows.

    Args:
        mean: (alpha, beta, gamma, tx, ty, tz) at which training begins.
        shape, widths, hidden: see :class:`ReorientationBlock`.
        block: another network in its place, as in the benchmarks of Zhu 2022, Table 1.
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.0,) * 6,
        shape: Sequence[int] = SHAPE,
        widths: Sequence[int] = WIDTHS,
        hidden: Sequence[int] = HIDDEN,
        block: Block | None = None,
    ) -> None:
        super().__init__()
        make = block or partial(ReorientationBlock, shape=shape, widths=widths, hidden=hidden)
        self.block = make(mean)

    def forward(self, image: Tensor, half_extent: Extent = None) -> CascadeOutput:
        """Locate and sample; arguments as in :meth:`Cascade.forward`."""
        found = self.locate(image)
        return found._replace(images=(_reorient(image, found.angles, found.translation, half_extent),))

    def locate(self, image: Tensor, half_extent: Extent = None, turned: bool = True) -> CascadeOutput:
        """The pose without the image, for whoever needs no more; only ``image`` counts."""
        six = self.block(image)
        return CascadeOutput(six[:, :3], six[:, 3:], ())


class Cascade(nn.Module):
    """The three-stage form.

    Args:
        mean: (alpha, beta, gamma, tx, ty, tz) at which training begins.
        shape, widths, hidden: see :class:`ReorientationBlock`.
        block: another network in its place, as in the benchmarks of Zhu 2022, Table 1.

    Attributes:
        stage: what is being trained, see :meth:`set_stage`.
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.0,) * 6,
        shape: Sequence[int] = SHAPE,
        widths: Sequence[int] = WIDTHS,
        hidden: Sequence[int] = HIDDEN,
        block: Block | None = None,
    ) -> None:
        super().__init__()
        make = block or partial(ReorientationBlock, shape=shape, widths=widths, hidden=hidden)
        self.translation = make(mean[3:])
        self.rotation = make(mean[:3])
        self.stage: Stage = "both"

    def set_stage(self, stage: Stage) -> Self:
        """Choose what is trained: in Zhu 2022, 80 epochs for each of the first two, then 40 for both.

        The other network's answer is frozen: no gradient, and no drift of its batch statistics.

        Raises:
            ValueError: no such stage.
        """
        if stage not in ("translation", "rotation", "both"):
            msg = f'stage must be "translation", "rotation" or "both", got {stage!r}'
            raise ValueError(msg)
        self.stage = stage
        self.translation.requires_grad_(stage != "rotation")
        self.rotation.requires_grad_(stage != "translation")
        return self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Training mode for the networks of this stage; a frozen one stays in evaluation mode."""
        super().train(mode)
        self.translation.train(mode and self.stage != "rotation")
        self.rotation.train(mode and self.stage != "translation")
        return self

    def forward(self, image: Tensor, half_extent: Extent = None) -> CascadeOutput:
        """Shift the LV to the centre, then rotate it upright.

        Args:
            image: ``(B, 2, D, H, W)``, see :func:`with_gradient`.
            half_extent: half the distance between the centres of the first and last voxels along (x, y, z), mm,
                ``(3,)`` or ``(B, 3)``. Rescaling to 64 x 64 x 32 leaves the voxels of most studies unequal,
                and a rotation is one in mm alone. None: the voxels are cubic.
        """
        found = self.locate(image, half_extent)
        upright = _reorient(image, found.angles, found.translation, half_extent)
        return found._replace(images=(*found.images, upright))

    def locate(self, image: Tensor, half_extent: Extent = None, turned: bool = True) -> CascadeOutput:
        """The pose, and the shifted image from which its rotation was found.

        Args:
            image, half_extent: as in :meth:`forward`.
            turned: False leaves the angles nan, for whoever asks for the translation alone.
        """
        translation = self.translation(image)
        if not turned:
            return CascadeOutput(torch.full_like(translation, torch.nan), translation, ())
        still = torch.zeros_like(translation)
        shifted = _reorient(image, still, translation, half_extent)
        return CascadeOutput(self.rotation(shifted), translation, (shifted,))


def with_gradient(image: Tensor, spacing: Sequence[float] = (1.0, 1.0, 1.0)) -> Tensor:
    """Counts and the magnitude of their gradient, the two channels of Zhu 2022.

    Args:
        image: ``(B, 1, D, H, W)``.
        spacing: mm along (x, y, z).

    Returns:
        ``(B, 2, D, H, W)``; the second channel in counts per mm (or per voxel without a spacing).
    """
    parts = torch.gradient(image, spacing=list(spacing[::-1]), dim=(2, 3, 4))
    return torch.cat([image, torch.stack(parts).square().sum(0).sqrt()], dim=1)


def _reorient(image: Tensor, angles: Tensor, translation: Tensor, half_extent: Extent) -> Tensor:
    """A box of the input's own extent and grid round the LV, ``(B, C, D, H, W)``."""
    size = tuple(image.shape[2:])
    if half_extent is None:
        half_extent = [(n - 1) / 2 for n in reversed(size)]
    return sample(image, rotation_from_euler(angles), translation, 1.0, size, half_extent=half_extent)


def cascade_input(
    cube: Tensor, shape: tuple[int, ...], half_mm: float = HALF_MM
) -> tuple[Tensor, tuple[float, float, float]]:
    """What a network of Zhu 2022 is given: ``(B, 2, *shape)`` normalised counts and gradient, and the half extents.

    The grid need not be cubic, its extent is: every half extent is that of the cube.
    """
    spacing = [2 * half_mm / (n - 1) for n in reversed(shape)]
    return with_gradient(view(cube, shape), spacing), (half_mm,) * 3
