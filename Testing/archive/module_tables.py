"""What the standard requires of an object, by the tables of its modules that highdicom ships."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

CONDITIONAL = {
    "nuclear-medicine-image": ("frame-of-reference", "nm-tomo-acquisition", "nm-reconstruction"),
    "positron-emission-tomography-image": (),
}
"""Modules that a condition makes mandatory for a reconstructed study in a frame of reference."""


def faults(ds: Dataset, more: tuple[str, ...] = ()) -> list[str]:
    """Attributes of type 1 that are missing or empty, and of type 2 that are missing, with their module.

    Args:
        ds: the object.
        more: other modules that it must have, by their keys.
    """
    from highdicom._standard_utils import get_iod_module_map
    from highdicom._standard_utils import get_module_attribute_map
    from highdicom._standard_utils import get_sop_class_iod_map

    iod = get_sop_class_iod_map()[ds.SOPClassUID]
    modules = [m["key"] for m in get_iod_module_map()[iod] if m["usage"] == "M"]
    modules += [*CONDITIONAL.get(iod, ()), *more]
    found: list[str] = []
    for module in modules:
        for attribute in get_module_attribute_map()[module]:
            if attribute["type"] in ("1", "2"):
                path = attribute["path"]
                found += [f"{module}: {'.'.join(path)}.{attribute['keyword']}" for item in _items(ds, path)
                          if not _fulfils(item, attribute)]  # fmt: skip
    return found


def _items(ds: Dataset, path: list[str]) -> Iterator[Dataset]:
    """The data sets at a path of sequences, as many as there are."""
    if not path:
        yield ds
        return
    for item in ds.get(path[0]) or []:
        yield from _items(item, path[1:])


def _fulfils(item: Dataset, attribute: dict[str, Any]) -> bool:
    keyword = attribute["keyword"]
    return keyword in item and (attribute["type"] == "2" or not item[keyword].is_empty)
