"""From a study to an answer: pose, labels and verdict. The one door to the models is :func:`predict`.

The networks are loaded when :func:`predict` is asked for: what an answer is can be known without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from .predictor import predict as predict

__all__ = ["predict"]


def __getattr__(name: str) -> Any:
    if name == "predict":
        from .predictor import predict

        return predict
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
