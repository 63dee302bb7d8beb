"""Parameters of a study as JSON and back: frozen dataclasses of numbers, strings, tuples and each other."""

from __future__ import annotations

from dataclasses import fields
from dataclasses import is_dataclass
from typing import Any
from typing import TypeVar

T = TypeVar("T", bound=type)

_KNOWN: dict[str, type] = {}


def parameters_class(cls: T) -> T:
    """Decorator: instances of this frozen dataclass can be written and read again."""
    _KNOWN[cls.__name__] = cls
    return cls


def encode(value: Any) -> Any:
    """A value that ``json`` can write; a dataclass has its ``type`` beside its fields."""
    if is_dataclass(value):
        return {"type": type(value).__name__} | {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def decode(value: Any) -> Any:
    """Inverse of :func:`encode`.

    Raises:
        ValueError: a type that is no parameter class.
    """
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    content = {key: decode(item) for key, item in value.items() if key != "type"}
    if "type" not in value:
        return content
    if value["type"] not in _KNOWN:
        msg = f"parameters must be of a known type, got {value['type']!r}"
        raise ValueError(msg)
    return _KNOWN[value["type"]](**content)
