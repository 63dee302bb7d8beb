"""From a study to a result: pose, labels and verdict. :func:`predict` is the only entry point to the models.

The networks are loaded when :func:`predict` is first used: the result classes can be imported without torch.
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
