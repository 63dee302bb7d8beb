"""The networks that have a name: what a recipe or a weights file refers to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from .cascade import CNNSTN
from .cascade import HIDDEN
from .cascade import SHAPE
from .cascade import WIDTHS as CASCADE_WIDTHS
from .cascade import Cascade
from .joint import MSSTUNet
from .msstn import MEAN_POSE
from .msunet import CLASSES
from .msunet import WIDTHS
from .resnet import RESNET50
from .scale import NESTED
from .scale import PYRAMID
from .scale import Scale
from .scale_transformer import Alignment


@dataclass(frozen=True)
class MSSTUNetConfiguration:
    """Everything that decides an :class:`~.joint.MSSTUNet`; the fields are its arguments."""

    scales: tuple[Scale, ...] = NESTED
    backbone_width: int = 64
    backbone_blocks: tuple[int, ...] = RESNET50
    widths: tuple[int, ...] = WIDTHS
    classes: int = CLASSES
    mean: tuple[float, ...] = MEAN_POSE
    alignment: Alignment = "paper"

    def build(self) -> MSSTUNet:
        """A new model with fresh weights."""
        return MSSTUNet(**vars(self))


@dataclass(frozen=True)
class CascadeConfiguration:
    """Everything that decides a network of Zhu 2022; ``stages`` is 3 for the cascade and 1 for the plain form."""

    stages: int = 3
    mean: tuple[float, ...] = (0.0,) * 6
    shape: tuple[int, int, int] = SHAPE
    widths: tuple[int, ...] = CASCADE_WIDTHS
    hidden: tuple[int, ...] = HIDDEN

    def build(self) -> Cascade | CNNSTN:
        """A new model with fresh weights."""
        form = Cascade if self.stages == 3 else CNNSTN
        return form(self.mean, self.shape, self.widths, self.hidden)


def _compact() -> nn.Module:
    from .compact import compact  # only who asks for it needs it

    return compact()


CONFIGURATIONS: dict[str, Callable[[], nn.Module]] = {
    "compact": _compact,
    "paper-msstunet": MSSTUNetConfiguration().build,
    "paper-msstunet-pyramid": MSSTUNetConfiguration(scales=PYRAMID).build,
    "paper-cascade": CascadeConfiguration().build,
    "paper-cnn-stn": CascadeConfiguration(stages=1).build,
}
"""Name to builder."""


def build(name: str) -> nn.Module:
    """A new network with fresh weights.

    Raises:
        ValueError: no network has this name; the message lists those there are.
    """
    if name not in CONFIGURATIONS:
        msg = f"no network is called {name!r}; there are {', '.join(sorted(CONFIGURATIONS))}"
        raise ValueError(msg)
    return CONFIGURATIONS[name]()
