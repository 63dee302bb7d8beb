"""A result as MRML nodes, and back."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np

from .. import __version__
from ..geometry.labels import largest_count
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..io.terminology import SEGMENTS
from ..prediction.result import Result
from .arrays import fill_image
from .arrays import from_matrix4x4
from .arrays import ijk_to_ras
from .arrays import to_image
from .arrays import to_matrix4x4
from .colours import THERMAL
from .colours import colour_node
from .figure_tables import Figures
from .figure_tables import fill_figures
from .figure_tables import fill_segments
from .host import mrml
from .host import quiet
from .slice_views import set_views
from .table import fill_table
from .table import rows_of
from .uptake_plot import add_uptake_plot

PREFIX = "MSSTUNetReorient."
"""Prefix of our node attributes and node references."""
ROLES = ("study", "short_axis", "segmentation", "pose")
"""What the table node of a result refers to."""
FIGURE_ROLES = ("segments", "figures", "chart", "series")
"""What it refers to besides, where the figures were written."""
CLASSES = {
    "study": "vtkMRMLScalarVolumeNode",
    "paired": "vtkMRMLScalarVolumeNode",
    "short_axis": "vtkMRMLScalarVolumeNode",
    "segmentation": "vtkMRMLSegmentationNode",
    "pose": "vtkMRMLTransformNode",
    "table": "vtkMRMLTableNode",
    "segments": "vtkMRMLTableNode",
    "figures": "vtkMRMLTableNode",
    "chart": "vtkMRMLPlotChartNode",
    "series": "vtkMRMLPlotSeriesNode",
    "axis": "vtkMRMLMarkupsNode",
    "hint": "vtkMRMLMarkupsNode",
    "window": "vtkMRMLVolumeDisplayNode",
    "own_window": "vtkMRMLVolumeDisplayNode",
}
"""Which nodes can play a role; a scene that somebody else wrote or edited may name any."""
DIRECTION = "short axis to patient"
"""The direction of the pose's transform, from its own frame to its parent's."""
CONTOUR_WIDTH = 2
"""Pixels of the outlines in slice views."""


@dataclass(frozen=True, eq=False)
class SceneNodes:
    """The nodes of one result.

    Attributes:
        folder: subject hierarchy item of all nodes.
        study: vtkMRMLScalarVolumeNode, the counts as read; None when it was removed since.
        short_axis: vtkMRMLScalarVolumeNode, oblique, where the patient is.
        segmentation: vtkMRMLSegmentationNode, two segments on the grid of ``short_axis``.
        pose: vtkMRMLLinearTransformNode; to parent: SA frame to patient (RAS). No node is transformed by it.
        parameters: vtkMRMLTableNode.
        figures: of :data:`FIGURE_ROLES`, those that are there: the tables of segments and of figures, and the chart of
            the segments' uptake with its series.
    """

    folder: int
    study: Any
    short_axis: Any
    segmentation: Any
    pose: Any
    parameters: Any
    figures: dict[str, Any] = field(default_factory=dict)


def add_result(
    scene: Any, result: Result, name: str = "Study", *, study_node: Any = None, figures: Figures | None = None
) -> SceneNodes:
    """Show a result in a scene.

    Args:
        scene: ``vtkMRMLScene``; :func:`new_scene` makes one outside 3D Slicer.
        result: of the predictor.
        name: begins the node names; anonymous, for it is written to files.
        study_node: the loaded study inside 3D Slicer, so that it is not made a second time. It is left as it
            is, and where it is.
        figures: what its tables hold; None for no tables.

    Returns:
        The nodes, in one subject hierarchy folder, with the slice views set to SA, HLA and VLA.

    Raises:
        InputError: no MRML here.
    """
    hottest = lv_maximum(result)
    study = study_node or add_volume(scene, result.study, name, hottest)
    short_axis = add_volume(scene, result.short_axis, f"{name} short axis", hottest)
    segmentation = add_segmentation(scene, result.labels, short_axis, f"{name} LV")
    pose = add_pose(scene, result.pose, f"{name} LV pose")
    parameters = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} LV parameters")
    fill_table(parameters, rows_of(result))
    for role, node in zip(ROLES, (study, short_axis, segmentation, pose), strict=True):
        parameters.SetNodeReferenceID(PREFIX + role, node.GetID())
    parameters.SetAttribute(PREFIX + "Role", "result")
    parameters.SetAttribute(PREFIX + "Version", __version__)
    added = add_figures(scene, figures, name) if figures is not None else {}
    for role, node in added.items():
        parameters.SetNodeReferenceID(PREFIX + role, node.GetID())
    made = [*([] if study_node else [study]), short_axis, segmentation, pose, parameters, *added.values()]
    folder = group(scene, name, study, made)
    set_views(scene, result.pose, short_axis)
    return SceneNodes(folder, study, short_axis, segmentation, pose, parameters, added)


def add_figures(scene: Any, figures: Figures, name: str) -> dict[str, Any]:
    """Tables and chart, by their roles."""
    segments = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} LV segments")
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} LV figures")
    for role, node in (("segments", segments), ("figures", table)):
        node.SetAttribute(PREFIX + "Role", role)
    fill_segments(segments, figures.segments)
    fill_figures(table, figures.rows)
    chart, series = add_uptake_plot(scene, segments, f"{name} LV uptake")
    return dict(zip(FIGURE_ROLES, (segments, table, chart, series), strict=True))


def read_result_nodes(scene: Any) -> list[SceneNodes]:
    """The results in a scene, in the order they were added.

    A result whose pose or short-axis volume was removed is left out; it cannot be shown.
    """
    tables = scene.GetNodesByClass("vtkMRMLTableNode")
    hierarchy = hierarchy_of(scene)
    found = []
    for table in (tables.GetItemAsObject(n) for n in range(tables.GetNumberOfItems())):
        if table.GetAttribute(PREFIX + "Role") != "result":
            continue
        study, short_axis, segmentation, pose = (referred(table, role) for role in ROLES)
        if short_axis and pose:
            folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(table))
            figures = {role: node for role in FIGURE_ROLES if (node := referred(table, role)) is not None}
            found.append(SceneNodes(folder, study, short_axis, segmentation, pose, table, figures))
    return found


def referred(node: Any, role: str) -> Any:
    """The node that plays a role for another one; None where there is none, or one that cannot play it."""
    other = node.GetNodeReference(PREFIX + role)
    return other if other is not None and other.IsA(CLASSES.get(role, "vtkMRMLNode")) else None


def pose_of(nodes: SceneNodes) -> Pose:
    """The current pose in the scene, LPS mm; moving the transform changes it.

    Raises:
        ValueError: the transform was changed to something that is not rigid.
    """
    if not nodes.pose.IsLinear():
        msg = "the transform is not linear"
        raise ValueError(msg)
    matrix = to_matrix4x4(np.eye(4))
    nodes.pose.GetMatrixTransformToParent(matrix)
    return Pose.from_ras_matrix(from_matrix4x4(matrix))


def lv_maximum(result: Result) -> float:
    """The hottest count within the labels: the gut must not set the window. The whole volume's if there are none."""
    return largest_count(result.short_axis.array, result.labels.array)


def add_volume(scene: Any, volume: Volume, name: str, hottest: float) -> Any:
    """A scalar volume node with a fixed window from 0 to ``hottest``."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetAndObserveImageData(to_image(volume))
    node.SetIJKToRASMatrix(ijk_to_ras(volume.grid))
    show_counts(scene, node, hottest)
    return node


def show_counts(scene: Any, node: Any, hottest: float) -> None:
    """Show a volume from 0 to ``hottest``, as nuclear cardiology does: by the LV, whatever the gut takes up."""
    node.CreateDefaultDisplayNodes()
    set_counts(scene, node.GetDisplayNode(), hottest)


def set_counts(scene: Any, display: Any, hottest: float) -> None:
    """The window and colours of :func:`show_counts` for a volume's display node."""
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(0.0, hottest)
    display.SetInterpolate(True)
    display.SetAndObserveColorNodeID(colour_node(scene, THERMAL).GetID())


def add_segmentation(scene: Any, labels: Volume, reference: Any, name: str, *, surface: bool = True) -> Any:
    """Two segments that share one labelmap; outlines in slices, surfaces in 3D (which take a moment to make)."""
    slicer = mrml()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    image = fill_image(slicer.vtkOrientedImageData(), labels.array)
    image.SetImageToWorldMatrix(ijk_to_ras(labels.grid))
    binary = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName(binary)
    for style in SEGMENTS:
        segment = slicer.vtkSegment()
        segment.SetName(style.name)
        segment.SetColor(*style.colour_rgb01)
        segment.SetLabelValue(style.label_value)
        segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)
        segment.AddRepresentation(binary, image)
        segmentation.AddSegment(segment, style.id)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(CONTOUR_WIDTH)
    display.SetOpacity3D(0.6)
    if surface:
        show_surface(slicer, node)
    return node


def show_surface(slicer: Any, node: Any) -> None:
    """Make the closed surface and show it in 3D; outside 3D Slicer the conversion has to be registered first, once."""
    with quiet():
        made = node.CreateClosedSurfaceRepresentation()
    if not made:
        factory = slicer.vtkSegmentationConverterFactory.GetInstance()
        factory.RegisterConverterRule(slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule())
        made = node.CreateClosedSurfaceRepresentation()
    if made:
        surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
        node.GetDisplayNode().SetPreferredDisplayRepresentationName3D(surface)


def show_smooth(node: Any) -> None:
    """Let a segmentation be drawn from its closed surfaces in slices, too; missing surfaces are made."""
    slicer = mrml()
    closed = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentation, display = node.GetSegmentation(), node.GetDisplayNode()
    ids = segmentation.GetSegmentIDs()
    if any(segmentation.GetSegment(name).GetRepresentation(closed) is None for name in ids):
        show_surface(slicer, node)
    if segmentation.ContainsRepresentation(closed):
        display.SetPreferredDisplayRepresentationName2D(closed)


def add_pose(scene: Any, pose: Pose, name: str) -> Any:
    """A linear transform node; to parent: SA frame to patient (RAS)."""
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    node.SetMatrixTransformToParent(to_matrix4x4(pose.ras_matrix))
    node.SetAttribute(PREFIX + "Direction", DIRECTION)
    return node


def group(scene: Any, name: str, study: Any, nodes: list[Any]) -> int:
    """Put nodes into a new subject hierarchy folder, made where the study has its place, if it has one."""
    hierarchy = hierarchy_of(scene)
    there = hierarchy.GetItemByDataNode(study)
    place = hierarchy.GetItemParent(there) if there else hierarchy.GetSceneItemID()
    folder = hierarchy.CreateFolderItem(place, f"{name} LV reorientation")
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(folder, node)
        hierarchy.SetItemParent(item, folder)
    return int(folder)


def hierarchy_of(scene: Any) -> Any:
    """The scene's subject hierarchy node."""
    return mrml().vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
