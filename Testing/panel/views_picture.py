"""The slice views as Slicer's slice logic draws them, with the contours of the labels: for pictures in the docs."""

from __future__ import annotations

from typing import Any

import numpy as np
from MSSTUNetReorientLib.io.terminology import SEGMENTS
from MSSTUNetReorientLib.panel.labels_node import _closed
from MSSTUNetReorientLib.panel.screen.layout_description import TRANSAXIAL
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from PySide6.QtCore import QPointF
from PySide6.QtCore import QRectF
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtGui import QImage
from PySide6.QtGui import QPainter
from PySide6.QtGui import QPen

TILE = 430
"""Pixels along an edge of a view."""
VIEWS = ((TRANSAXIAL, "Transaxial"), ("Red", "SA"), ("Green", "HLA"), ("Yellow", "VLA"))
AXIS_COLOUR = QColor(255, 217, 51)


def views_picture(session: Session) -> QImage:
    """Transaxial with the long axis, SA, HLA and VLA in a square of four."""
    whole = QImage(2 * TILE, 2 * TILE, QImage.Format_RGB32)
    whole.fill(Qt.black)
    painter = QPainter(whole)
    painter.setRenderHint(QPainter.Antialiasing)
    for n, (name, title) in enumerate(VIEWS):
        corner = QPointF((n % 2) * TILE, (n // 2) * TILE)
        painter.save()
        painter.translate(corner)
        painter.setClipRect(QRectF(0, 0, TILE - 2, TILE - 2))
        _draw(painter, session, name, title)
        painter.restore()
    painter.end()
    return whole


def _draw(painter: QPainter, session: Session, name: str, title: str) -> None:
    node = session.scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    field = min(node.GetFieldOfView()[:2])
    node.SetDimensions(TILE, TILE, 1)
    node.SetFieldOfView(field, field, 1.0)
    painter.drawImage(0, 0, _background(session.scene, name, node))
    to_xy = np.linalg.inv(from_matrix4x4(node.GetXYToRAS()))
    if name == TRANSAXIAL:
        _draw_axis(painter, session, to_xy)
    else:
        _draw_contours(painter, session, node, to_xy)
    painter.setPen(Qt.white)
    painter.drawText(10, 20, title)


def _background(scene: Any, name: str, node: Any) -> QImage:
    import slicer
    from vtkmodules.util.numpy_support import vtk_to_numpy

    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceNode(node)
    logic.SetSliceCompositeNode(scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode"))
    logic.UpdatePipeline()
    producer = logic.GetImageDataConnection().GetProducer()
    producer.Update()
    image = producer.GetOutputDataObject(0)
    width, height, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]
    rgb = np.ascontiguousarray(pixels, dtype=np.uint8)
    return QImage(rgb.data, width, height, 3 * width, QImage.Format_RGB888).copy()


def _draw_contours(painter: QPainter, session: Session, node: Any, to_xy: Any) -> None:
    from vtkmodules.vtkCommonDataModel import vtkPlane
    from vtkmodules.vtkFiltersCore import vtkCutter

    matrix = from_matrix4x4(node.GetSliceToRAS())
    plane = vtkPlane()
    plane.SetNormal(*matrix[:3, 2])
    plane.SetOrigin(*matrix[:3, 3])
    for style in SEGMENTS:
        segment = session.nodes.node("segmentation").GetSegmentation().GetSegment(style.id)
        cutter = vtkCutter()
        cutter.SetInputData(segment.GetRepresentation(_closed()))
        cutter.SetCutFunction(plane)
        cutter.Update()
        painter.setPen(QPen(QColor.fromRgbF(*style.colour_rgb01), 2.2))
        for line in _lines(cutter.GetOutput(), to_xy):
            painter.drawLine(*line)


def _lines(cut: Any, to_xy: Any) -> list[tuple[QPointF, QPointF]]:
    lines = []
    for n in range(cut.GetNumberOfCells()):
        ends = cut.GetCell(n).GetPoints()
        lines.append((_pixel(ends.GetPoint(0), to_xy), _pixel(ends.GetPoint(1), to_xy)))
    return lines


def _draw_axis(painter: QPainter, session: Session, to_xy: Any) -> None:
    axis, ends = session.nodes.node("axis"), []
    for n in range(2):
        position = np.zeros(3)
        axis.GetNthControlPointPositionWorld(n, position)
        ends.append(_pixel(position, to_xy))
    painter.setPen(QPen(AXIS_COLOUR, 2.5))
    painter.drawLine(*ends)


def _pixel(ras: Any, to_xy: Any) -> QPointF:
    x, y = (to_xy @ [*ras, 1.0])[:2]
    return QPointF(x, TILE - 1 - y)
