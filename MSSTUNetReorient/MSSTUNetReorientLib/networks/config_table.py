"""TOML tables as frozen dataclasses: every key is checked for its name, type and range."""

from __future__ import annotations

from dataclasses import MISSING
from dataclasses import Field
from dataclasses import field
from dataclasses import fields
from typing import Any
from typing import Literal
from typing import TypeVar
from typing import get_args
from typing import get_origin
from typing import get_type_hints

from ..errors import InputError

T = TypeVar("T")


def limited(default: Any, low: float, high: float) -> Any:
    """A dataclass field whose numbers are in [low, high]."""
    return field(default=default, metadata={"limits": (low, high)})


def read_table(kind: type[T], table: dict[str, Any], where: str) -> T:
    """A dataclass from a table.

    Args:
        kind: its fields are the keys; those without a default must be there.
        table: the content of the file.
        where: file and table, for the message.

    Raises:
        InputError: an unknown or a missing key, a wrong type, a number out of range.
    """
    allowed: dict[str, Field[Any]] = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    for key in table:
        if key not in allowed:
            msg = f"{where} has no key {key!r}; allowed are {', '.join(allowed) or 'none'}"
            raise InputError(msg)
    values = {}
    for name, its in allowed.items():
        if name in table:
            limits = its.metadata.get("limits", (1, 10**8) if int in _leaves(hints[name]) else None)
            values[name] = _value(hints[name], table[name], limits, f"{where} {name}")
        elif its.default is MISSING and its.default_factory is MISSING:
            msg = f"{where} must have the key {name!r}, but it is missing; add it"
            raise InputError(msg)
    return kind(**values)


def _leaves(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) is tuple else (hint,)


def _value(hint: Any, value: Any, limits: tuple[float, float] | None, where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple) or not value:
            _refuse(where, "a list", value)
        return tuple(_value(get_args(hint)[0], v, limits, where) for v in value)
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if value not in choices:
            _refuse(where, "one of " + ", ".join(map(str, choices)), value)
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        _refuse(where, {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[hint], value)
    if limits is not None and isinstance(value, int | float) and not limits[0] <= value <= limits[1]:
        _refuse(where, f"between {limits[0]:g} and {limits[1]:g}", value)
    return value


def _refuse(where: str, rule: str, found: Any) -> None:
    msg = f"{where} must be {rule}, but found {found!r}"
    raise InputError(msg)
