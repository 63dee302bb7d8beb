"""The compact MS-ST-UNet: the paper's joint design, made for two CPU cores. It is the default model.

A multi-scale spatial transformer precedes a multi-scale U-Net, as in Ni 2023. What is different, and why:

- **Position first, then rotation.** Scale 1 (s = 1, the whole cube) finds the LV centre as the expectation of a
  heat map; scales 2 and 3 (s = 0.5 and 0.4) take the volume resampled at the current pose and predict the
  remaining error in the SA frame, where it is small. Scale 3 is applied twice.
- **Rotations as nine numbers** projected by SVD, relative to the mean pose: Euler angles are singular in the
  clinical range.
- **Scales are defined by extent, not by a shrinking grid**: a smaller s is a smaller field of view with finer voxels.
- The U-Net's second level takes in the features of scale 2 through a scale-transformer block (eq. 6), with the
  rotation and shift between both poses composed as matrices.
- Every scale also estimates whether an LV is in view. This ranks candidates and is used in quality control.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch import nn
from torch.nn import functional as F

from .attention_gate import AttentionGate
from .convolution import Convolution
from .geometry import CLOSE_SCALE
from .geometry import CLOSE_SIZE
from .geometry import CUBE_SIZE
from .geometry import CUBE_SPACING
from .geometry import HALF_MM
from .geometry import MEAN_SA_AXES
from .geometry import SHIFT_UNIT
from .geometry import WIDE_SCALE
from .geometry import WIDE_SIZE
from .rotation import no_autocast
from .rotation import rotation_from_nine
from .sampler import sample
from .scale_transformer import relative_pose

LV_BALL = {CLOSE_SIZE: 0.45**2, WIDE_SIZE: 0.45**2 * 0.67}
"""By size of a view: the square of the radius, over its half extent, of the ball in which counts are normalised."""
TINY = torch.finfo(torch.float32).tiny
"""Counts have no unit: this only prevents a division by zero."""


@dataclass
class ScaleEstimate:
    """Outputs of one scale: a pose, and the confidence that an LV is in view.

    Attributes:
        rotation: ``(B, 3, 3)`` SA axes in the cube's axes.
        translation: ``(B, 3)`` LV centre over the cube's half extent, (x, y, z).
        presence: ``(B,)`` logit of "an LV is in view"; of scale 1, the peak of its heat map.
        features: of the scale, for the U-Net.
    """

    rotation: Tensor
    translation: Tensor
    presence: Tensor
    features: Tensor


class Block(nn.Module):
    """Two convolutions with a shortcut; the first may stride."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.first = Convolution(inside, outside, 3, stride, 1, bias=False)
        self.norm1 = nn.GroupNorm(4, outside)
        self.second = Convolution(outside, outside, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(4, outside)
        same = inside == outside and stride == 1
        self.shortcut = nn.Identity() if same else Convolution(inside, outside, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inside, ...)`` to ``(B, outside, ...)``."""
        y = F.silu(self.norm1(self.first(x)))
        return F.silu(self.norm2(self.second(y)) + self.shortcut(x))


def normalised_cube(cube: Tensor) -> Tensor:
    """Two views of the counts that a hot liver cannot upset: ``(B, 1, ...)`` to ``(B, 2, ...)``.

    Counts over a high centile, square-rooted, and counts over their neighbourhood's mean.
    """
    flat = cube.clamp_min(0).flatten(1)
    top = high_quantile(flat, 0.998)
    x = cube.clamp_min(0) / top.clamp_min(TINY)[:, None, None, None, None]
    coarse = F.avg_pool3d(x, 4)
    near = F.interpolate(F.avg_pool3d(coarse, 3, 1, 1, count_include_pad=False), scale_factor=4)
    return torch.cat([x.clamp_max(1.5).sqrt(), (x / (near + 0.03)).clamp_max(4.0) / 2], 1)


def normalised_look(crop: Tensor) -> Tensor:
    """Counts over their 95th centile within some 34 mm of the middle, linear and square-rooted: ``(B, 2, ...)``."""
    n = crop.shape[-1]
    line = torch.linspace(-1, 1, n, device=crop.device)
    ball = line[:, None, None] ** 2 + line[None, :, None] ** 2 + line[None, None, :] ** 2
    inner = crop.clamp_min(0).flatten(1)[:, (ball < LV_BALL[n]).flatten()]
    x = crop.clamp_min(0) / high_quantile(inner, 0.95).clamp_min(TINY)[:, None, None, None, None]
    return torch.cat([x.clamp_max(2.5) / 1.25, x.clamp_max(4.0).sqrt()], 1)


def high_quantile(values: Tensor, share: float) -> Tensor:
    """``values.quantile(share, dim=1)`` of ``(B, N)``, for which only the few highest values are put in order."""
    count = values.shape[1]
    rank = float(torch.tensor(share) * (count - 1))
    above = values.topk(count - int(rank), dim=1).values
    return torch.lerp(above[:, -1], above[:, -2:][:, 0], rank % 1)


class Locator(nn.Module):
    """Scale 1: the whole cube at 8 mm; LV centre by heat map, a first rotation from the features there."""

    def __init__(self, mean_rotation: Tensor, width: int = 16) -> None:
        super().__init__()
        w = width
        self.stem = Block(2, w, 2)
        self.down1 = Block(w, 2 * w, 2)
        self.down2 = Block(2 * w, 4 * w, 2)
        self.deep = Block(4 * w, 4 * w)
        self.up1 = Block(6 * w, 2 * w)
        self.up0 = Block(3 * w, w)
        self.heat = Convolution(w, 1, 1)
        self.turn = nn.Sequential(nn.Linear(7 * w, 64), nn.SiLU(), nn.Linear(64, 9))
        self.mean_rotation: Tensor
        self.register_buffer("mean_rotation", mean_rotation.clone())

    def forward(self, cube: Tensor) -> tuple[ScaleEstimate, Tensor]:
        """``(B, 1, 96, 96, 96)`` counts to an estimate, and the heat map's logits ``(B, 24, 24, 24)``."""
        x = normalised_cube(F.avg_pool3d(cube, 2))
        a = self.stem(x)
        b = self.down1(a)
        c = self.deep(self.down2(b))
        b = self.up1(torch.cat([F.interpolate(c, scale_factor=2), b], 1))
        a = self.up0(torch.cat([F.interpolate(b, scale_factor=2), a], 1))
        heat = self.heat(a)[:, 0].float()
        weight = heat.flatten(1).softmax(1)
        seen = self._seen(weight, a, b, c)
        out = self.turn(seen).float()
        turn = rotation_from_nine(0.3 * out + torch.eye(3, device=out.device).flatten())
        with no_autocast(turn):
            rotation = turn @ self.mean_rotation
        return ScaleEstimate(rotation, expected_position(weight, heat.shape[-1]), heat.flatten(1).amax(1), a), heat

    @staticmethod
    def _seen(weight: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        """Features at the LV, from three depths, ``(B, 7 w)``."""
        n = a.shape[-1]
        volume = weight.reshape(-1, 1, n, n, n).to(a.dtype)
        out = []
        for feature in (a, b, c):
            pooled = F.adaptive_avg_pool3d(volume, feature.shape[-1])
            out.append((feature * pooled).flatten(2).sum(2) / pooled.flatten(2).sum(2).clamp_min(1e-6))
        return torch.cat(out, 1)


def expected_position(weight: Tensor, n: int) -> Tensor:
    """Mean position of a heat map ``(B, n^3)`` (sums to one), as a translation (x, y, z) of the cube."""
    pitch = CUBE_SPACING * CUBE_SIZE / n
    line = (torch.arange(n, device=weight.device) - (n - 1) / 2) * pitch / HALF_MM
    volume = weight.reshape(-1, n, n, n)
    return torch.stack(
        [(volume.sum((1, 2)) * line).sum(1), (volume.sum((1, 3)) * line).sum(1), (volume.sum((2, 3)) * line).sum(1)], 1
    )


class Refiner(nn.Module):
    """Scales 2 and 3: read the volume at the current pose, predict the residual in its SA frame."""

    def __init__(self, size: int, scale: float) -> None:
        super().__init__()
        self.size, self.scale = size, scale
        self.stem = Block(2, 32, 2)
        self.down1 = Block(32, 48, 2)
        self.down2 = Block(48, 64, 2)
        self.squeeze = Convolution(64, 24, 1)
        edge = -(-size // 8)
        self.head = nn.Sequential(nn.Linear(24 * edge**3, 128), nn.SiLU(), nn.Dropout(0.1), nn.Linear(128, 13))

    def forward(self, cube: Tensor, rotation: Tensor, translation: Tensor) -> ScaleEstimate:
        """The cube ``(B, 1, 96, 96, 96)`` resampled at a pose, and the refined pose."""
        crop = sample(cube, rotation, translation, self.scale, self.size)
        features = self.stem(normalised_look(crop))
        x = self.squeeze(self.down2(self.down1(features)))
        out = self.head(F.silu(x).flatten(1)).float()
        turn = rotation_from_nine(0.3 * out[:, :9] + torch.eye(3, device=out.device).flatten())
        with no_autocast(turn):
            shift = (rotation @ (out[:, 9:12, None] * SHIFT_UNIT))[..., 0]
            return ScaleEstimate(rotation @ turn, translation + shift, out[:, 12], features)


class ScaleTransformer(nn.Module):
    """Features of one scale read on the grid of another (Ni 2023, eq. 6)."""

    def __init__(self, inside: int, outside: int, from_scale: float, to_scale: float, to_size: int) -> None:
        super().__init__()
        self.from_scale, self.to_scale, self.to_size = from_scale, to_scale, to_size
        self.mix = Convolution(inside, outside, 1)

    def forward(self, features: Tensor, source: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]) -> Tensor:
        """``source`` and ``target`` are the poses (rotation, translation) of both grids, in the cube's frame."""
        rotation, translation = relative_pose(source, target, self.from_scale)
        return self.mix(sample(features, rotation, translation, self.to_scale / self.from_scale, self.to_size))


class CompactUNet(nn.Module):
    """The multi-scale U-Net: labels on scale 3's grid, features of scale 2 taken in at its second level."""

    def __init__(self, wide_features: int) -> None:
        super().__init__()
        self.stem = Block(2, 32, 2)
        self.transform = ScaleTransformer(wide_features, 16, WIDE_SCALE, CLOSE_SCALE, CLOSE_SIZE // 2)
        self.fuse = Block(48, 32)
        self.down1 = Block(32, 64, 2)
        self.down2 = Block(64, 64, 2)
        self.gate1, self.gate0 = (AttentionGate(n, 64, F.silu, Convolution, skip_bias=True) for n in (64, 32))
        self.up1 = Block(128, 64)
        self.up0 = Block(96, 32)
        self.auxiliary = Convolution(32, 3, 1)
        self.last = Convolution(32, 3 * 8, 3, 1, 1)

    def forward(
        self, crop: Tensor, wide: Tensor, source: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Crop ``(B, 1, 48, 48, 48)`` at the ``target`` pose and scale-2 features at ``source``.

        Returns:
            Logits of background, LV-MY, LV-BP ``(B, 3, 48, 48, 48)``, and at half that size for deep supervision.
        """
        x = normalised_look(crop)
        a = self.fuse(torch.cat([self.stem(x), self.transform(wide, source, target)], 1))
        b = self.down1(a)
        c = F.interpolate(self.down2(b), scale_factor=2)
        b = self.up1(torch.cat([c, self.gate1(b, c)], 1))
        up = F.interpolate(b, scale_factor=2)
        a = self.up0(torch.cat([up, self.gate0(a, up)], 1))
        return shuffle(self.last(a)), self.auxiliary(a)

    @torch.no_grad()
    def make_wall_less_likely(self, amount: float) -> None:
        """Take ``amount`` from the logit of LV-MY at every voxel."""
        assert self.last.bias is not None
        self.last.bias[8:16] -= amount  # the eight corners of LV-MY, see `shuffle`


def shuffle(x: Tensor) -> Tensor:
    """``(B, 8 C, D, H, W)`` to ``(B, C, 2 D, 2 H, 2 W)``: each voxel's eight channels become its eight corners."""
    b, c, d, h, w = x.shape
    x = x.reshape(b, c // 8, 2, 2, 2, d, h, w).permute(0, 1, 5, 2, 6, 3, 7, 4)
    return x.reshape(b, c // 8, 2 * d, 2 * h, 2 * w)


class CompactMSSTUNet(nn.Module):
    """The joint model; see the module's docstring. The cube is ``(B, 1, 96, 96, 96)`` raw counts at 4 mm."""

    def __init__(self, mean_rotation: Tensor) -> None:
        super().__init__()
        self.locate = Locator(mean_rotation)
        self.wide = Refiner(WIDE_SIZE, WIDE_SCALE)
        self.close = Refiner(CLOSE_SIZE, CLOSE_SCALE)
        self.unet = CompactUNet(wide_features=32)

    def segment(
        self, cube: Tensor, wide: ScaleEstimate, seen_at: tuple[Tensor, Tensor], at: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Label logits at the pose ``at``, with scale-2 features sampled at the pose ``seen_at``."""
        crop = sample(cube, at[0], at[1], CLOSE_SCALE, CLOSE_SIZE)
        return self.unet(crop, wide.features, seen_at, at)

    def refine(
        self, cube: Tensor, rotation: Tensor, translation: Tensor
    ) -> tuple[ScaleEstimate, ScaleEstimate, ScaleEstimate]:
        """From a rough pose through scale 2 and twice through scale 3."""
        wide = self.wide(cube, rotation, translation)
        close = self.close(cube, wide.rotation, wide.translation)
        return wide, close, self.close(cube, close.rotation, close.translation)

    def forward(self, cube: Tensor) -> tuple[ScaleEstimate, Tensor]:
        """One pass without a search: the last scale's pose, and label logits ``(B, 3, 48, 48, 48)`` there."""
        first, _ = self.locate(cube)
        wide, _, last = self.refine(cube, first.rotation, first.translation)
        start, end = (first.rotation, first.translation), (last.rotation, last.translation)
        return last, self.segment(cube, wide, start, end)[0]


def compact() -> CompactMSSTUNet:
    """The default model, untrained."""
    mean = torch.tensor(MEAN_SA_AXES)
    u, _, vt = torch.linalg.svd(mean)
    return CompactMSSTUNet(u @ vt)
