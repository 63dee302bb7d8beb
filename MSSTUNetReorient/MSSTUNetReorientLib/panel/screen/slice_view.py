"""The application's slice views: where to draw over one, and how to ask for a new picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class SliceView:
    """One slice view on screen.

    Attributes:
        renderer: ``vtkRenderer`` of the slice's image; actors in it are drawn above the image.
        annotation: ``vtkCornerAnnotation``. Its corners are the Data Probe's, its edges are free.
        request_render: asks for a new picture, which comes once the event loop is back.
    """

    renderer: Any
    annotation: Any
    request_render: Callable[[], None]


SliceViews = Callable[[str], SliceView | None]
"""A slice view by its layout name; None where it is not on screen."""


def no_views(name: str) -> SliceView | None:
    """Outside the application there are none."""
    return None


def application_view(name: str) -> SliceView | None:
    """A slice view of 3D Slicer; None before a layout with it was shown, or without a main window."""
    import slicer

    manager = slicer.app.layoutManager()
    widget = manager.sliceWidget(name) if manager is not None else None
    if widget is None:
        return None
    view = widget.sliceView()
    renderer = view.renderWindow().GetRenderers().GetFirstRenderer()
    return SliceView(renderer, view.cornerAnnotation(), view.scheduleRender)
