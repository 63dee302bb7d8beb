"""A pose as an ITK transform file (.tfm).

The transform maps short-axis mm to LPS mm, so it is what ``sitk.Resample`` needs to put the study onto a grid in the
SA frame. 3D Slicer reads an ITK transform the way resampling uses it, so there it is the transform *from* parent:
a study put under it is shown in the SA frame.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..geometry.pose import Pose
from .messages import quiet
from .messages import reason
from .messages import refuse
from .sitk_files import read_transform
from .sitk_files import write_transform

COMMENT = "# maps short-axis mm (i septum to lateral, j anterior to inferior, k apex to base) to patient LPS mm"
"""Written as the second line; ITK skips it."""


def write_pose(pose: Pose, path: str | Path) -> None:
    """Write a rigid transform with its centre of rotation at zero.

    Raises:
        InputError: the file cannot be written.
    """
    path = Path(path)
    transform = sitk.VersorRigid3DTransform()
    transform.SetMatrix(pose.rotation.ravel().tolist())
    transform.SetTranslation(pose.centre.tolist())
    try:
        write_transform(transform, path)
        first, rest = path.read_text(encoding="utf-8").split("\n", 1)
        path.write_text(f"{first}\n{COMMENT}\n{rest}", encoding="utf-8")
    except (RuntimeError, OSError) as error:
        refuse(path, f"the pose cannot be written ({reason(error)}); choose a writable folder and a .tfm name", error)


def read_pose(path: str | Path) -> Pose:
    """The inverse of :func:`write_pose`; any linear ITK transform that is rigid will do.

    Raises:
        InputError: no readable transform, or not a rigid one.
    """
    path = Path(path)
    if not path.is_file():
        refuse(path, "no such transform file; check the path")
    try:
        with quiet():
            transform = read_transform(path)
    except RuntimeError as error:
        refuse(path, f"the file is not an ITK transform ({reason(error)}); give a .tfm file", error)
    if transform.GetDimension() != 3 or not transform.IsLinear():
        refuse(path, "a pose must be a rigid 3D transform, but this one is not rigid or not 3D; give a rigid one")
    centre = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    axes = [np.array(transform.TransformPoint(unit.tolist())) - centre for unit in np.eye(3)]
    try:
        return Pose(np.stack(axes, axis=1), centre)
    except ValueError as error:
        refuse(path, f"a pose must be a rigid transform, but {reason(error)}", error)
