"""Values of a DICOM header, checked on access.

pydicom converts a value at its first use, so a damaged one raises there, in many ways. Only these functions touch
values, and only their errors are reported as damage: an error anywhere else is a bug.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .messages import refuse


def value_of(dataset: Any, keyword: str, name: object) -> Any:
    """A value as pydicom gives it; None where it is absent or empty.

    Raises:
        InputError: it cannot be converted.
    """
    try:
        value = dataset.get(keyword)
        return None if value is None or np.size(value) == 0 or str(value) == "" else value
    except Exception as error:
        refuse(name, f"the DICOM attribute {keyword} is damaged; copy or export it again", error)


def numbers(dataset: Any, keyword: str, count: int | None, name: object) -> NDArray[np.float64] | None:
    """A numeric attribute of ``count`` values, or of any number; None where it is absent or empty.

    Raises:
        InputError: it has another number of values, or no finite numbers.
    """
    value = value_of(dataset, keyword, name)
    if value is None:
        return None
    try:
        found = np.atleast_1d(np.asarray(value, dtype=np.float64)).ravel()
    except (TypeError, ValueError) as error:
        refuse(name, f"the DICOM attribute {keyword} must be numeric; export it again", error)
    if not np.isfinite(found).all():
        refuse(name, f"the DICOM attribute {keyword} must be finite; export it again")
    if count is not None and found.size != count:
        refuse(name, f"the DICOM attribute {keyword} must have {count} values, but found {found.size}; export it again")
    return found


def number(dataset: Any, keyword: str, name: object) -> float | None:
    """A numeric attribute of one value, or None where it is absent or empty."""
    found = numbers(dataset, keyword, 1, name)
    return None if found is None else float(found[0])


def required(dataset: Any, keyword: str, count: int, name: object) -> NDArray[np.float64]:
    """A numeric attribute that must be there; ``dataset`` may be None."""
    found = None if dataset is None else numbers(dataset, keyword, count, name)
    if found is None:
        refuse(name, f"the DICOM attribute {keyword} is missing; export the study with its geometry")
    return found


def whole(dataset: Any, keyword: str, name: object, default: int = 0) -> int:
    """A count: a whole number from 0; ``default`` where it is absent or empty."""
    found = number(dataset, keyword, name)
    if found is None:
        return default
    if found < 0 or found != int(found):
        refuse(name, f"the DICOM attribute {keyword} must be a whole number, but found {found:g}; export it again")
    return int(found)


def texts(dataset: Any, keyword: str, name: object) -> list[str]:
    """The values of a text attribute, in capitals as coded strings are; none where it is absent or empty."""
    value = value_of(dataset, keyword, name)
    if value is None:
        return []
    values = [value] if isinstance(value, str | bytes) or not np.iterable(value) else list(value)
    return [str(v).strip().upper() for v in values]


def text(dataset: Any, keyword: str, name: object) -> str:
    """The first value of a text attribute in capitals; empty where it is absent."""
    found = texts(dataset, keyword, name)
    return found[0] if found else ""


def items(dataset: Any, keyword: str, name: object) -> list[Any]:
    """The items of a sequence; none where it is absent or empty.

    Raises:
        InputError: it is no sequence.
    """
    from pydicom.dataset import Dataset

    value = value_of(dataset, keyword, name) if dataset is not None else None
    found = list(value) if value is not None and not isinstance(value, str | bytes) and np.iterable(value) else []
    if (value is not None and not found) or not all(isinstance(item, Dataset) for item in found):
        refuse(name, f"the DICOM attribute {keyword} must be a sequence of items; copy or export it again")
    return found
