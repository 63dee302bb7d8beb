"""Additive attention on a skip connection (Oktay 2018, eq. 1-2)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch import nn


class AttentionGate(nn.Module):
    """A skip connection weighted by the features of the deeper level.

    Args:
        skip: channels of the skip connection.
        gate: channels of the gating features, already on the skip's grid.
        activation: of the sum; ReLU as published.
        convolution: the class of the three 1x1x1 convolutions.
        skip_bias: whether the skip's convolution has a bias of its own; the gate's has one.
    """

    def __init__(
        self,
        skip: int,
        gate: int,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        convolution: type[nn.Conv3d] = nn.Conv3d,
        skip_bias: bool = False,
    ) -> None:
        super().__init__()
        inner = max(skip // 2, 1)
        self.activation = activation
        self.skip = convolution(skip, inner, 1, bias=skip_bias)
        self.gate = convolution(gate, inner, 1)
        self.score = convolution(inner, 1, 1)

    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        """``(B, skip, D, H, W)`` and ``(B, gate, D, H, W)`` to the weighted skip."""
        weight: Tensor = self.score(self.activation(self.skip(skip) + self.gate(gate))).sigmoid()
        return skip * weight
