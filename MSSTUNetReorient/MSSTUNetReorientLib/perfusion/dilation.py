"""Transient ischaemic dilation: the LV cavity at stress over that at rest, and limits that other programs publish."""

from __future__ import annotations

from .anatomical_volumes import AnatomicalVolumes

PUBLISHED_LIMITS = "1.19 (ungated), 1.23 and 1.46 (gated, end-diastole and end-systole), 1.39 (QPS, regadenoson)"
"""World J Nucl Med 2017;16:218. Limits belong to a program and a kind of stress: none is known for this one."""


def tid_ratio(stress: AnatomicalVolumes, rest: AnatomicalVolumes) -> float:
    """Cavity at stress over cavity at rest; both must show the same state of the heart.

    >>> large, small = (AnatomicalVolumes(ml, 100.0, 80.0, 0.5, 0.8, 10.0) for ml in (90.0, 75.0))
    >>> tid_ratio(large, small)
    1.2
    """
    return stress.cavity_ml / rest.cavity_ml
