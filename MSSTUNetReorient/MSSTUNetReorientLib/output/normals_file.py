"""Files of normal limits: one ``.npz`` without pickles for the limits of several groups, and how they were made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..io.atomic_file import atomic_file
from ..perfusion.normal_limits import LEVELS
from ..perfusion.normal_limits import Group
from ..perfusion.normal_limits import NormalLimits
from ..perfusion.sampling import RAYS

SHIPPED = Path(__file__).parent / "simulated_normals.npz"
"""The limits that the program brings; made by the command ``normals`` from simulated studies."""
SCHEMA = 1
SUFFIX = ".npz"


@dataclass(frozen=True, eq=False)
class NormalsFile:
    """Limits of several groups.

    Attributes:
        limits: one for each group.
        about: how they were made: source, software, model, studies, and who was left out; no personal data.
    """

    limits: tuple[NormalLimits, ...]
    about: dict[str, Any]


def write_normals(normals: NormalsFile, path: Path) -> None:
    """Write the file, or nothing.

    Raises:
        InputError: it cannot be written.
    """
    groups = [
        {**limits.group._asdict(), "source": limits.source, "studies": limits.studies} for limits in normals.limits
    ]
    about = json.dumps({"schema": SCHEMA, **normals.about, "groups": groups}, allow_nan=False)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            about=np.frombuffer(about.encode("utf-8"), np.uint8),
            samples=np.array([(one.mean, one.sd) for one in normals.limits], np.float16),
            segments=np.array([(one.segment_mean, one.segment_sd) for one in normals.limits], np.float32),
        )


def read_normals(path: Path) -> NormalsFile:
    """Read and check a file of :func:`write_normals`.

    Raises:
        InputError: there is no such file, or it is none of normal limits, or damaged.
    """
    if not path.is_file():
        msg = f"{path}: no such file of normal limits; give one made by the command normals, or a name"
        raise InputError(msg)
    try:
        with np.load(path, allow_pickle=False) as content:
            about = json.loads(content["about"].tobytes().decode("utf-8"))
            return _checked(about, content["samples"].astype(float), content["segments"].astype(float))
    except Exception as error:
        rule = "normal limits must be a file of the command normals"
        msg = f"{path}: {rule}, but this is none or is damaged; make it again"
        raise InputError(msg) from error


@lru_cache(maxsize=1)
def shipped_normals() -> NormalsFile:
    """The simulated normals that the program brings."""
    return read_normals(SHIPPED)


def _checked(about: dict[str, Any], samples: Any, segments: Any) -> NormalsFile:
    """The limits of the arrays; ValueError or KeyError where they are not what they should be."""
    groups = about.pop("groups")
    if (
        about["schema"] != SCHEMA
        or samples.shape != (len(groups), 2, LEVELS, RAYS)
        or segments.shape != (len(groups), 2, 17)
    ):
        raise ValueError
    if not (len(groups) and _plausible(samples) and _plausible(segments)):
        raise ValueError
    limits = tuple(
        NormalLimits(str(group["source"]), _group(group), int(group["studies"]), *samples[n], *segments[n])
        for n, group in enumerate(groups)
    )
    return NormalsFile(limits, about)


def _group(content: dict[str, Any]) -> Group:
    group = Group(content["camera"], content["corrected"], content["sex"])
    _ = group.words  # a KeyError for anything that no group has
    return group


def _plausible(values: Any) -> bool:
    """Percents, and standard deviations above zero; unknown where the mean is."""
    mean, sd = values[:, 0], values[:, 1]
    known = np.isfinite(mean)
    if not known.reshape(len(known), -1).any(axis=1).all():
        return False
    return bool(
        (known == np.isfinite(sd)).all() and ((mean >= 0) & (mean <= 100))[known].all() and (sd > 0)[known].all()
    )
