"""The camera of the 3D view, where there is one: it looks at the heart."""

from __future__ import annotations

from typing import Any
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import Pose
from .host import mrml

LAYOUT_NAME = "1"
"""Of the first 3D view."""
FROM_RAS = (-0.55, 0.8, 0.25)
"""From the patient's left and front, a little from above, as cardiologists view the heart."""
DISTANCE_MM = 420.0


class Camera(NamedTuple):
    """Position and direction of a camera, RAS mm."""

    position: tuple[float, ...]
    focal_point: tuple[float, ...]
    view_up: tuple[float, ...]


def camera_of(scene: Any) -> Camera | None:
    """The camera of the first 3D view; None outside the application."""
    node = _node(scene)
    if node is None:
        return None
    return Camera(*(tuple(get()) for get in (node.GetPosition, node.GetFocalPoint, node.GetViewUp)))


def set_camera(scene: Any, camera: Camera | None) -> None:
    """Put the camera there."""
    node = _node(scene)
    if node is not None and camera is not None:
        node.SetPosition(*camera.position)
        node.SetFocalPoint(*camera.focal_point)
        node.SetViewUp(*camera.view_up)
        node.ResetClippingRange()


def view_of(pose: Pose) -> Camera:
    """A camera that looks at the LV centre."""
    centre: NDArray[np.float64] = pose.ras_matrix[:3, 3]
    way = np.array(FROM_RAS) / np.linalg.norm(FROM_RAS)
    position = centre + DISTANCE_MM * way
    return Camera(tuple(position.tolist()), tuple(centre.tolist()), (0.0, 0.0, 1.0))


def look_at(scene: Any, pose: Pose) -> None:
    """Turn the camera to the LV centre."""
    set_camera(scene, view_of(pose))


def add_camera(scene: Any, pose: Pose) -> None:
    """Outside 3D Slicer: a camera for the first 3D view, so that the heart is seen where the file is opened."""
    node = mrml().vtkMRMLCameraNode()
    node.SetName("3D view camera")
    node.SetLayoutName(LAYOUT_NAME)
    scene.AddNode(node)
    look_at(scene, pose)


def _node(scene: Any) -> Any:
    found = scene.GetNodesByClass("vtkMRMLCameraNode")
    cameras = (found.GetItemAsObject(n) for n in range(found.GetNumberOfItems()))
    return next((camera for camera in cameras if camera.GetLayoutName() == LAYOUT_NAME), None)
