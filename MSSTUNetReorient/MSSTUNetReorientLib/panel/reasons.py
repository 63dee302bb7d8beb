"""What quality control and the running model say, in the application's language.

Both speak English in the child process and in the record; here their sentences are listed once more, as literals that
the translation's tools find, and looked up by what they say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .i18n import tr

NUMBER = r"-?(?:\d+(?:\.\d+)?|nan|inf)"
COPIED = "The pose was taken from the paired study: patients move between scans, so check it in all views."


def translated(sentence: str) -> str:
    """A sentence of ours in the application's language; another one as it is."""
    for english, own in zip(_sentences(str), _sentences(tr), strict=True):
        found = re.fullmatch(_pattern(english), sentence)
        if found:
            return own.format(**found.groupdict())
    return sentence


def is_listed(sentence: str) -> bool:
    """Whether it can be translated."""
    return any(re.fullmatch(_pattern(english), sentence) for english in _sentences(str))


STEPS = 5
"""Of a run."""


def step_number(step: str) -> int:
    """Which step of a run it is, from 1; 1 for one that is not known."""
    steps = _steps(str)
    return steps.index(step) + 1 if step in steps else 1


def translated_step(step: str) -> str:
    """A step of a run in the application's language."""
    return dict(zip(_steps(str), _steps(tr), strict=True)).get(step, step)


def _pattern(template: str) -> str:
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(f"(?P<{part}>{NUMBER})" if n % 2 else re.escape(part) for n, part in enumerate(parts))


def _steps(_: Callable[[str], str]) -> list[str]:
    """What a run says, in order."""
    return [
        _("preparing the study"),
        _("starting the network"),
        _("locating the left ventricle"),
        _("segmenting"),
        _("resampling the short axis"),
    ]


def _sentences(_: Callable[[str], str]) -> list[str]:
    """The reasons of :mod:`..prediction.qc` and our own."""
    return [
        _("No left ventricle was found in this study."),
        _("The network doubts that this is a left ventricle (probability {p}): check the position."),
        _("The long axis could not be checked against the segmentation."),
        _("The long axis of the segmentation differs from the network's by {degrees} degrees: check the orientation."),
        _("The network's long axis varies by {degrees} degrees with its start: check the orientation."),
        _("The long axis of studies like this one may be off by {degrees} degrees: check the orientation."),
        _("The myocardium as it appears is {ml} ml, which is not plausible: check the segmentation."),
        _("The blood pool is {ml} ml, which is not plausible: check the segmentation."),
        _("{percent} % of the left ventricle lie at or beyond the edge of the field of view."),
        _("The myocardium is hardly brighter than its surroundings (ratio {ratio})."),
        _("Activity beside the heart is {ratio} times as bright as the myocardium and may reach into it."),
        _(
            "The long axis lies {degrees} degrees from that of the mean heart: check that the study is not turned or "
            "mirrored."
        ),
        _("The apex does not lie left of the base: the study may be mirrored, or this is dextrocardia."),
        _("The apex lies above the base: check that head and feet are not swapped."),
        _(
            "The end taken for the apex is less closed than the base: the study may be turned or mirrored, or the "
            "apex has a large defect."
        ),
        _("The short axis is rolled by {degrees} degrees from where inferior is down: check the septum."),
        _("The long axis differs by {degrees} degrees from the one that the reoriented study states."),
        _("{voxels} voxels jump between the highest and the lowest counts: the file's counts are wrapped."),
        _("{ml} ml at the heart share the study's largest count: the counts are clipped."),
        _("The pose was taken from the paired study: patients move between scans, so check it in all views."),
    ]
