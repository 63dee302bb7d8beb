"""Which normal limits a study is judged by: chosen by what its header states, with the choice in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from typing import NamedTuple

from ..errors import InputError
from ..perfusion.normal_limits import SIMULATED
from ..perfusion.normal_limits import Group
from ..perfusion.normal_limits import NormalLimits
from .normals_file import SUFFIX
from .normals_file import read_normals
from .normals_file import shipped_normals

AUTO, NONE = "auto", "none"
"""Requests for the limits that the header asks for, and for none."""
CAMERAS = ("spect", "czt", "pet")
OTHER_CAMERA = "They were asked for by name: the study is {study}, these limits are of {limits}."
NOT_STATED = "It is not stated whether attenuation is corrected: {}."
NOT_WANTED = "they need normal limits, which were declined (--limits none)"
NO_GROUP = "there are no {source} for {words}; --limits selects others"


class Choice(NamedTuple):
    """The limits of a study.

    Attributes:
        limits: None where none fit or none are wanted.
        words: what was chosen and what had to be assumed, in sentences.
        reason: why there are none; empty where there are.
    """

    limits: NormalLimits | None
    words: str
    reason: str


def choose_limits(request: str, info: dict[str, Any]) -> Choice:
    """The limits for a study.

    Args:
        request: :data:`AUTO`, :data:`NONE`, the name of a shipped group as ``spect-nc-female``, or a file that the
            command ``normals`` made.
        info: of the study: ``modality``, ``camera``, ``attenuation_corrected``, ``sex``.

    Raises:
        InputError: neither a name nor a readable file of normal limits.
    """
    if request == NONE:
        return Choice(None, "", NOT_WANTED)
    stated = group_of(info)
    if request == AUTO:
        return _chosen(shipped_normals().limits, stated, _assumed_camera(info))
    if Path(request).suffix == SUFFIX or Path(request).is_file():
        return _chosen(read_normals(Path(request)).limits, stated, _assumed_camera(info))
    asked = group_named(request)
    return _chosen(shipped_normals().limits, asked, _other_camera(info, stated, asked))


def check_request(request: str) -> None:
    """Refuse a request that no study can have.

    Raises:
        InputError: as :func:`choose_limits`.
    """
    choose_limits(request, {})


def group_of(info: dict[str, Any]) -> Group:
    """What is stated of a study; parallel-hole SPECT where its camera is not stated."""
    camera = "pet" if info.get("modality") == "PT" else info.get("camera", "spect")
    return Group(camera, info.get("attenuation_corrected"), info.get("sex"))


def group_named(name: str) -> Group:
    """The group of a name.

    Raises:
        InputError: no group has it.
    """
    for camera in CAMERAS:
        for corrected in (None, True, False):
            for sex in (None, "F", "M"):
                group = Group(camera, corrected, sex)
                if group.name == name.strip().lower():
                    return group
    known = ", ".join(limits.group.name for limits in shipped_normals().limits)
    msg = f"--limits {name}: normal limits must be auto, none, a file, or one of {known}; choose one of them"
    raise InputError(msg)


def _other_camera(info: dict[str, Any], stated: Group, asked: Group) -> str:
    """That the limits asked for are of another camera or correction than the header tells, as a sentence."""
    known = info.get("modality") in ("PT", "NM") or "camera" in info
    other_kind = known and (stated.camera == "pet") != (asked.camera == "pet")
    other_camera = "camera" in info and stated.camera != asked.camera
    other_correction = None not in (stated.corrected, asked.corrected) and stated.corrected != asked.corrected
    if not (other_kind or other_camera or other_correction):
        return ""
    parts = 2 if other_correction else 1
    study, limits = (", ".join(group.words.split(", ")[:parts]) for group in (stated, asked))
    return OTHER_CAMERA.format(study=study, limits=limits)


def _assumed_camera(info: dict[str, Any]) -> str:
    """What had to be assumed of the camera, as a sentence."""
    if info.get("modality") == "PT" or "camera" in info:
        return ""
    if info.get("modality") == "NM":
        return "The header does not state the camera: parallel holes are assumed."
    return "The file does not state the camera: SPECT with parallel holes is assumed, which is wrong for PET."


def _chosen(known: tuple[NormalLimits, ...], stated: Group, assumed: str) -> Choice:
    """The limits whose group is nearest to what is stated."""
    fitting = [one for one in known if one.group.camera == stated.camera]
    corrected, correction_words = _correction(fitting, stated.corrected)
    fitting = [one for one in fitting if one.group.corrected == corrected]
    by_sex = {one.group.sex: one for one in fitting}
    limits = by_sex.get(stated.sex) or by_sex.get(None)
    if limits is None:
        source = known[0].source if known else SIMULATED
        words = Group(stated.camera, stated.corrected, None).words.rsplit(",", 1)[0]
        return Choice(None, assumed, NO_GROUP.format(source=source, words=words))
    sex_words = ""
    if stated.sex and limits.group.sex is None:
        sex_words = (
            f"There are too few normal studies of {'women' if stated.sex == 'F' else 'men'} for limits of their own."
        )
    first = f"{limits.source[0].upper()}{limits.source[1:]}: {limits.group.words} ({limits.studies} studies)."
    return Choice(limits, " ".join(filter(None, (first, assumed, correction_words, sex_words))), "")


def _correction(fitting: list[NormalLimits], stated: bool | None) -> tuple[bool | None, str]:
    """With or without correction of attenuation, and what had to be assumed, as a sentence.

    Where it is not stated, limits of both kinds are wide enough for both.
    """
    kinds = {one.group.corrected for one in fitting}
    if stated in kinds:
        return stated, "" if stated is not None else NOT_STATED.format("limits of both kinds are used")
    if stated is None and len(kinds) == 1:
        kind = kinds.pop()
        return kind, NOT_STATED.format(f"a study {'with' if kind else 'without'} it is assumed")
    return stated, ""
