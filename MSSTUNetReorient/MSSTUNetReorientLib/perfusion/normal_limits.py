"""Normal limits: mean and standard deviation of polar maps of studies that are held to be normal.

Hearts differ in length, so rows of two maps do not lie at the same height. Limits are kept at fixed heights along the
long axis, 0 mid-wall apex to 1 valve plane, and read off at the rows of the study that they are applied to. A study is
sampled as the normal ones were, by the same labels and pose: what makes a healthy wall read low, as blur and the end of
the septum do at the base, is in the limits too.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .polar_map import PolarMap
from .sampling import Samples

Array = NDArray[np.float64]

LEVELS = 32
"""Equal steps of the height at which limits are kept: as many as a map has rows."""
LEAST_STUDIES = 20
"""Fewer do not make limits (ours): the standard deviation of 20 is known to 16 %, which moves a limit of 2 standard
deviations by 0.3 of them."""
LEAST_SHARE = 0.5
"""A sample that has a value in less than this share of the studies has no limits (ours)."""
LEAST_SD = 3.0
"""Percent of the maximum; no standard deviation is held to be smaller (ours): the noise of a sample alone is as
large."""
OUTLIER_SDS = 5.0
"""A study with a segment so many robust standard deviations from the median study is no part of the limits (ours). By
chance that happens to 1 % of 20 studies and to 0.1 % of 40, if segments are distributed normally."""
SD_OF_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
SIMULATED = "simulated normals"
"""The source of the limits that the program brings."""


class Group(NamedTuple):
    """What studies must have in common.

    Attributes:
        camera: "spect" (parallel holes), "czt" (small round field) or "pet".
        corrected: attenuation is corrected; None: studies of both kinds.
        sex: "F", "M" or None: both.
    """

    camera: str
    corrected: bool | None = None
    sex: str | None = None

    @property
    def name(self) -> str:
        """As the option ``--limits`` takes it.

        >>> Group("spect", False, "F").name, Group("pet").name
        ('spect-nc-female', 'pet')
        """
        correction = {True: "-ac", False: "-nc", None: ""}[self.corrected]
        return self.camera + correction + {"F": "-female", "M": "-male", None: ""}[self.sex]

    @property
    def words(self) -> str:
        """For a reader.

        >>> Group("czt", False, "M").words
        'CZT camera with a small field, without attenuation correction, men'
        """
        camera = {"spect": "parallel-hole SPECT", "czt": "CZT camera with a small field", "pet": "PET"}[self.camera]
        correction = {True: "with attenuation correction", False: "without attenuation correction",
                      None: "with and without attenuation correction"}[self.corrected]  # fmt: skip
        return f"{camera}, {correction}, { ({'F': 'women', 'M': 'men', None: 'women and men'}[self.sex]) }"


@dataclass(frozen=True, eq=False)
class NormalLimits:
    """Limits of one group; percent of a study's own maximum, nan where too few studies have a value.

    Attributes:
        source: :data:`SIMULATED`, or whose studies they are.
        group: what the studies have in common.
        studies: how many they are.
        mean, sd: ``(LEVELS, RAYS)`` of the samples.
        segment_mean, segment_sd: ``(17,)``.
    """

    source: str
    group: Group
    studies: int
    mean: Array
    sd: Array
    segment_mean: Array
    segment_sd: Array

    def at(self, samples: Samples) -> tuple[Array, Array]:
        """Mean and SD ``(ROWS, RAYS)`` at the samples of a study."""
        part = _overlap(samples.edges).T
        return _weighted(part, self.mean), _weighted(part, self.sd)


def limits_of(maps: Sequence[PolarMap], group: Group, source: str, least: int = LEAST_STUDIES) -> NormalLimits:
    """The limits of studies that are all held to be normal.

    Raises:
        ValueError: fewer than ``least``.
    """
    if len(maps) < least:
        msg = f"normal limits need {least} studies, but there are {len(maps)}"
        raise ValueError(msg)
    mean, sd = spread(np.array([on_levels(m) for m in maps]))
    segment_mean, segment_sd = spread(np.array([m.segments for m in maps]))
    return NormalLimits(source, group, len(maps), mean, sd, segment_mean, segment_sd)


def spread(values: Array) -> tuple[Array, Array]:
    """Mean and SD over the first axis; nan where less than :data:`LEAST_SHARE` of the studies have a value."""
    enough = np.isfinite(values).sum(axis=0) >= max(LEAST_SHARE * len(values), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of values that no study has
        mean, sd = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    return np.where(enough, mean, np.nan), np.where(enough, np.maximum(sd, LEAST_SD), np.nan)


def on_levels(polar_map: PolarMap) -> Array:
    """``(LEVELS, RAYS)`` percent of a map at fixed heights; nan where nothing is counted."""
    values = np.where(polar_map.counted, polar_map.percent, np.nan)
    return _weighted(_overlap(polar_map.samples.edges), values)


def deviations(segments: Array) -> Array:
    """``(N, 17)`` how many SDs each study's segments lie from the median study; nan where unknown.

    The SD is that of the median absolute deviation, so that several odd studies do not hide each other.

    Args:
        segments: ``(N, 17)`` percents.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a segment that no study has
        away = segments - np.nanmedian(segments, axis=0)
        sd = SD_OF_MAD * np.nanmedian(np.abs(away), axis=0)
    return np.asarray(away / np.maximum(sd, LEAST_SD))


class Outlier(NamedTuple):
    """A study left out: its place in the list, the segment that deviates most, and by how many SDs."""

    study: int
    segment: int
    deviation: float


def outliers(segments: Array) -> tuple[Outlier, ...]:
    """Studies unlike the others, in their order.

    Args:
        segments: ``(N, 17)`` percents.
    """
    away = np.nan_to_num(deviations(segments))
    worst = np.abs(away).argmax(axis=1)
    return tuple(
        Outlier(n, int(segment) + 1, float(away[n, segment]))
        for n, segment in enumerate(worst)
        if abs(away[n, segment]) > OUTLIER_SDS
    )


def _overlap(edges: Array) -> Array:
    """``(LEVELS, ROWS)`` length that each level and each row of a map have in common."""
    borders = np.linspace(0.0, 1.0, LEVELS + 1)
    low = np.maximum(borders[:-1, None], edges[None, :-1])
    high = np.minimum(borders[1:, None], edges[None, 1:])
    return np.clip(high - low, 0.0, None)


def _weighted(part: Array, values: Array) -> Array:
    """Means ``(M, RAYS)`` of values ``(N, RAYS)`` by the parts ``(M, N)``; nan values have no part in them."""
    known = np.isfinite(values)
    total = part @ known
    return np.where(total > 0, part @ np.where(known, values, 0.0) / np.where(total > 0, total, 1.0), np.nan)
