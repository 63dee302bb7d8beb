"""A centre's own studies as samples: read once, kept in the form of the pool, mixed with simulated ones.

A study is a folder: ``image`` (a file that :func:`~..io.read_study` reads, or a folder of DICOM), ``labels`` (LV-MY 1,
LV-BP 2, on any grid in patient coordinates) and the pose: ``pose.tfm``, or ``truth.json`` as ``simulate``
writes it, or ``short_axis``, an SA image in patient coordinates, whose directions give the axes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import Pose
from ..geometry.pose import nearest_rotation
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..io import read_pose
from ..io import read_study
from ..io.image_file import read_image_file
from .pool import Sample
from .pool import sample_of
from .pool import write_sample

UNUSUAL_DEG = 75.0
"""A heart turned further than this from the mean pose has its axes named wrongly; real ones lie within 30 degrees."""
FAR_MM = 25.0
"""Largest distance of the given centre from the middle of the labels."""
LEAST_ML = 20.0
"""Less than this is no LV with its wall."""
IMAGE_ENDINGS = (".nrrd", ".nii", ".nii.gz", ".mha", ".mhd", ".dcm", ".seg.nrrd", "")


def make_samples(studies: Path, folder: Path) -> int:
    """Turn a folder of studies into samples; finished ones are kept.

    Returns:
        How many there are.

    Raises:
        InputError: the folder holds no study, or one without truth.
    """
    found = study_folders(studies)
    folder.mkdir(parents=True, exist_ok=True)
    for study in found:
        path = folder / f"{study.name}.npz"
        if not path.exists():
            write_sample(read_own_study(study), path)
    return len(found)


def study_folders(studies: Path) -> list[Path]:
    """The folders of a centre's studies.

    Raises:
        InputError: there is none.
    """
    found = sorted(p for p in studies.iterdir() if p.is_dir()) if studies.is_dir() else []
    if not found:
        msg = f"{studies}: must contain a folder per study (image, labels and pose), but found none; check the path"
        raise InputError(msg)
    return found


def read_own_study(study: Path) -> Sample:
    """One study of a centre as a sample.

    Raises:
        InputError: a part of it is missing or breaks a rule.
    """
    image = read_study(_part(study, "image"))
    labels = read_image_file(_part(study, "labels"))
    labels = Volume(_whole_labels(labels.array, study), labels.grid)
    pose = _pose(study, labels, image)
    try:
        return sample_of(image, labels, pose, "own")
    except InputError as error:
        msg = f"{study}: {error}"
        raise InputError(msg) from error


def _part(study: Path, name: str) -> Path:
    """The file or folder of this name, whatever its ending."""
    for ending in IMAGE_ENDINGS:
        if (study / f"{name}{ending}").exists():
            return study / f"{name}{ending}"
    msg = f"{study}: a study to train on must have {name}.nrrd (or .nii.gz, .mha, .dcm), but there is none; add it"
    raise InputError(msg)


def _whole_labels(array: NDArray[np.float32], study: Path) -> NDArray[np.uint8]:
    values = np.unique(array)
    if not (np.isin(values, (0, 1, 2)).all() and {1, 2} <= set(values.tolist())):
        shown = ", ".join(f"{v:g}" for v in values[:6])
        msg = f"{study}: labels must be 0, 1 (LV myocardium) and 2 (LV blood pool), but found {shown}"
        raise InputError(msg)
    return array.astype(np.uint8)


def _pose(study: Path, labels: Volume, image: Volume) -> Pose:
    """The given long axis in the clinic's frame; the centre is that of the labels, as everywhere."""
    inside = np.argwhere(labels.array > 0)[:, ::-1]
    if len(inside) * labels.grid.voxel_ml < LEAST_ML:
        msg = f"{study}: the labelled LV must have at least {LEAST_ML:g} ml, but has less; check the labels"
        raise InputError(msg)
    centre = labels.grid.at(inside.mean(axis=0))
    told = _stated_pose(study, image)
    if told.centre_error(Pose(told.rotation, centre)) > FAR_MM:
        found = told.centre_error(Pose(told.rotation, centre))
        msg = (
            f"{study}: pose and labels must agree on the LV centre, but theirs are {found:.0f} mm apart; check the pose"
        )
        raise InputError(msg)
    angle = told.rotation_error(Pose(MEAN_ROTATION, centre))
    if angle > UNUSUAL_DEG:
        msg = (
            f"{study}: the axes must be i septum to lateral, j anterior to inferior, k apex to base, but these are "
            f"turned by {angle:.0f} degrees from the usual ones; correct them"
        )
        raise InputError(msg)
    return Pose.from_long_axis(told.long_axis, centre)


def _stated_pose(study: Path, image: Volume) -> Pose:
    if (study / "pose.tfm").exists():
        return read_pose(study / "pose.tfm")
    if (study / "truth.json").exists():
        return _pose_of_truth(study / "truth.json")
    if not any((study / f"short_axis{ending}").exists() for ending in IMAGE_ENDINGS):
        msg = f"{study}: a study must have its pose (pose.tfm, truth.json or short_axis.nrrd), but has none; add one"
        raise InputError(msg)
    grid = read_image_file(_part(study, "short_axis")).grid
    rotation = nearest_rotation(grid.direction)
    if Pose(rotation, grid.centre).rotation_error(Pose(nearest_rotation(image.grid.direction), grid.centre)) < 1:
        msg = f"{study}: short_axis must be in patient coordinates, but its axes are those of the image; give pose.tfm"
        raise InputError(msg)
    return Pose(rotation, _near_labels(grid, study))


def _near_labels(grid: Grid, study: Path) -> NDArray[np.float64]:
    """An SA image has no centre of its own: what counts is that the labels lie in it."""
    labels = read_image_file(_part(study, "labels"))
    centre = labels.grid.at(np.argwhere(labels.array > 0)[:, ::-1].mean(axis=0))
    index = grid.index_of(centre)
    if (index < 0).any() or (index > np.array(grid.size) - 1).any():
        msg = f"{study}: the short-axis image must contain the LV, but the labels are outside it; check the geometry"
        raise InputError(msg)
    return centre


def _pose_of_truth(path: Path) -> Pose:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["pose"]
        axes = np.array([told["axes_lps"][name] for name in "ijk"], dtype=float).T
        return Pose(axes, np.array(told["centre_lps_mm"], dtype=float))
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: the pose must be in the format of simulate (pose, axes_lps, centre_lps_mm), but: {error!r}"
        raise InputError(msg) from error
