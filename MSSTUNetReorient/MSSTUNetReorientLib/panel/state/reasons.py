"""Reasons of the quality control and steps of a run, translated into the language of the application.

The child process and the record contain the English text. The texts are repeated here as literals, so that the
translation tools find them, and are looked up by their English text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..i18n import tr

NUMBER = r"-?(?:\d+(?:\.\d+)?|nan|inf)"
COPIED = "The pose was taken from the paired study: patients move between scans, so check it in all views."


def translated(sentence: str) -> str:
    """A reason in the language of the application; an unknown text unchanged."""
    for english, own in zip(_sentences(str), _sentences(tr), strict=True):
        found = re.fullmatch(_pattern(english), sentence)
        if found:
            return own.format(**found.groupdict())
    return sentence


def is_listed(sentence: str) -> bool:
    """Whether a reason can be translated."""
    return any(re.fullmatch(_pattern(english), sentence) for english in _sentences(str))


STEPS = 5
"""Number of steps in a run."""


def step_number(step: str) -> int:
    """Number of a step of a run, from 1; 1 if the step is unknown."""
    steps = _steps(str)
    return steps.index(step) + 1 if step in steps else 1


def translated_step(step: str) -> str:
    """A step of a run in the language of the application."""
    return dict(zip(_steps(str), _steps(tr), strict=True)).get(step, step)


def _pattern(template: str) -> str:
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(f"(?P<{part}>{NUMBER})" if n % 2 else re.escape(part) for n, part in enumerate(parts))


def _steps(_: Callable[[str], str]) -> list[str]:
    """The steps of a run, in order."""
    return [
        _("preparing the study"),
        _("starting the network"),
        _("locating the left ventricle"),
        _("segmenting"),
        _("resampling the short axis"),
    ]


def _sentences(_: Callable[[str], str]) -> list[str]:
    """The reasons of :mod:`...prediction.qc` and our own."""
    return [
        _("No left ventricle was found in this study."),
        _("The network doubts that this is a left ventricle (probability {p}): check the position."),
        _("The long axis could not be checked against the segmentation."),
        _("The long axis of the segmentation differs from the network's by {degrees} degrees: check the orientation."),
        _("The network's long axis varies by {degrees} degrees with the starting pose: check the orientation."),
        _("The long axis may be off by {degrees} degrees in studies like this one: check the orientation."),
        _("The apparent myocardium is {ml} ml, which is not plausible: check the segmentation."),
        _("The blood pool is {ml} ml, which is not plausible: check the segmentation."),
        _("{percent} % of the left ventricle lies at or beyond the edge of the field of view."),
        _("The myocardium is hardly brighter than its surroundings (ratio {ratio})."),
        _("Activity beside the heart is {ratio} times as bright as the myocardium and may spill into it."),
        _(
            "The long axis is {degrees} degrees from that of the mean heart: check that the study is not rotated or "
            "mirrored."
        ),
        _("The apex is not left of the base: the study may be mirrored, or this is dextrocardia."),
        _("The apex is above the base: check that head and feet are not swapped."),
        _("The counts below the heart are {ratio} times those above it: check that head and feet are not swapped."),
        _(
            "The presumed apex has {percent} % of the counts of the mid wall: apex and base may be swapped, or the "
            "apex has a large defect."
        ),
        _("The openness of the base could not be checked."),
        _(
            "The middle of the presumed base has {percent} % of the counts of the wall: apex and base may be swapped, "
            "or this is not a left ventricle."
        ),
        _("The septum appears at {degrees} degrees (180 is image left): check which side the right ventricle is."),
        _(
            "The presumed apex is less closed than the base: the study may be rotated or mirrored, or the "
            "apex has a large defect."
        ),
        _("The short axis is rolled by {degrees} degrees from the usual view (inferior down): check the septum."),
        _("The long axis differs by {degrees} degrees from the one stated in the reoriented study."),
        _("{voxels} voxels jump between the highest and the lowest counts: the counts of the file are wrapped."),
        _("{ml} ml at the heart have the maximum count of the study: the counts are clipped."),
        _(
            "The heart looks mirrored left to right: dextrocardia, or a study with left and right swapped. Septum and "
            "lateral wall would be exchanged: check the patient's record and the header."
        ),
        _("The pose was taken from the paired study: patients move between scans, so check it in all views."),
    ]
