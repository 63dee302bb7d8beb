"""Slicer's own slice and 3D views without the application: its displayable managers, drawn offscreen.

What a reader sees in these pictures is what 3D Slicer draws: the slice logic's image, and markups, segmentations,
models, colour legends and transforms by the displayable managers that 3D Slicer itself uses. Only the widgets round
the views are missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from MSSTUNetReorientLib.panel.screen.layout_description import POLAR
from MSSTUNetReorientLib.panel.screen.layout_description import ROWS
from MSSTUNetReorientLib.panel.screen.layout_description import TRANSAXIAL
from MSSTUNetReorientLib.panel.screen.slice_view import SliceView
from MSSTUNetReorientLib.scene.slice_views import SLICE_COLOURS
from MSSTUNetReorientLib.scene.slice_views import SLICE_NAMES
from MSSTUNetReorientLib.scene.slice_views import composite_node
from MSSTUNetReorientLib.scene.slice_views import slice_node
from numpy.typing import NDArray

COLOURS = dict(zip(SLICE_NAMES, SLICE_COLOURS, strict=True))
NAMES = (TRANSAXIAL, *SLICE_NAMES, POLAR, ROWS)
MANAGERS_2D = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLTransformsDisplayableManager2D",
    "vtkMRMLColorLegendDisplayableManager",
)
MANAGERS_3D = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLTransformsDisplayableManager3D",
)
BACKGROUND_3D = ((0.70, 0.70, 0.82), (0.33, 0.33, 0.45))
"""What 3D Slicer paints behind a 3D view by default."""


class OffscreenView:
    """One view: a window, and the displayable managers that draw into it.

    Attributes:
        node: its ``vtkMRMLSliceNode`` or ``vtkMRMLViewNode``.
        requests: how often something asked for a new picture.
        window, renderer: where it is drawn.
        annotation: its ``vtkCornerAnnotation``, as every view of CTK has one.
    """

    def __init__(self, scene: Any, node: Any, factory: Any, size: tuple[int, int]) -> None:
        import slicer
        from vtkmodules.vtkRenderingAnnotation import vtkCornerAnnotation
        from vtkmodules.vtkRenderingCore import vtkRenderer
        from vtkmodules.vtkRenderingCore import vtkRenderWindow
        from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

        self.scene, self.node, self.requests = scene, node, 0
        self.window, self.renderer = vtkRenderWindow(), vtkRenderer()
        self.window.SetOffScreenRendering(True)
        self.window.SetMultiSamples(4)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self._interactor = vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.window)
        self.annotation = vtkCornerAnnotation()
        self.annotation.SetMaximumFontSize(14)  # as the Data Probe sets it in every view
        self.annotation.SetMinimumFontSize(14)
        self.annotation.SetNonlinearFontScaleFactor(1)
        self.renderer.AddViewProp(self.annotation)
        self.group = slicer.vtkMRMLDisplayableManagerGroup()
        self.group.Initialize(factory, self.renderer)
        self.group.SetMRMLDisplayableNode(node)
        self.group.AddObserver("UpdateEvent", self.request)

    def request(self, *_: Any) -> None:
        """A new picture is asked for, and drawn when the test says so. As in 3D Slicer, one that is asked for while a
        scene is loaded or closed never comes."""
        if not self.scene.IsBatchProcessing():
            self.requests += 1

    def render(self) -> None:
        """Draw what was asked for."""
        self.window.Render()

    def picture(self) -> NDArray[np.uint8]:
        """``(row, column, 3)``, row 0 at the top."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

        self.render()
        grab = vtkWindowToImageFilter()
        grab.SetInput(self.window)
        grab.ReadFrontBufferOff()
        grab.Update()
        image = grab.GetOutput()
        width, height, _ = image.GetDimensions()
        return np.ascontiguousarray(vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1])

    def close(self) -> None:
        """Let go of the scene."""
        self.group.SetMRMLDisplayableNode(None)
        self.window.Finalize()


class OffscreenSlice(OffscreenView):
    """A slice view: the slice logic's image below what the managers draw."""

    def __init__(self, scene: Any, node: Any, factory: Any, size: tuple[int, int], logic: Any) -> None:
        from vtkmodules.vtkRenderingCore import vtkActor2D
        from vtkmodules.vtkRenderingCore import vtkImageMapper

        self.logic = logic
        super().__init__(scene, node, factory, size)
        mapper, actor = vtkImageMapper(), vtkActor2D()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        actor.SetMapper(mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(actor)
        self._mapper, self._actor = mapper, actor
        self.resize(*size)

    def resize(self, width: int, height: int) -> None:
        """As the slice widget resizes its view: the node keeps its mm per pixel."""
        self.window.SetSize(width, height)
        self.logic.ResizeSliceNode(width, height)

    def render(self) -> None:
        """Slices first, as the slice widget does."""
        self.logic.UpdatePipeline()
        connection = self.logic.GetImageDataConnection()
        self._actor.SetVisibility(connection is not None)
        if connection is not None:
            self._mapper.SetInputConnection(connection)
        super().render()

    def close(self) -> None:
        """Let go of the scene."""
        super().close()
        self.logic.SetMRMLScene(None)


class SlicerViews:
    """Slice views by layout name, made where they are missing, and the 3D view "1"."""

    def __init__(self, scene: Any, names: tuple[str, ...] = NAMES, size: tuple[int, int] = (420, 420)) -> None:
        import slicer
        from vtkmodules.vtkCommonCore import vtkCollection

        self._application = slicer.vtkMRMLApplicationLogic()
        self._application.SetMRMLScene(scene)
        self._logics = vtkCollection()
        self._application.SetSliceLogics(self._logics)
        self._application.SetViewLogics(vtkCollection())
        self._markups = slicer.vtkSlicerMarkupsLogic()
        self._markups.SetMRMLApplicationLogic(self._application)
        self._application.SetModuleLogic("Markups", self._markups)
        self._markups.SetMRMLScene(scene)
        self.scene = scene
        self.slices: dict[str, OffscreenSlice] = {}
        factory = _factory(slicer.vtkMRMLSliceViewDisplayableManagerFactory, MANAGERS_2D, self._application)
        for name in names:
            node = slice_node(scene, name, COLOURS.get(name, (0.5, 0.5, 0.5)))
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(self._application)
            self._logics.AddItem(logic)
            logic.SetMRMLScene(scene)
            logic.SetSliceNode(node)
            logic.SetSliceCompositeNode(composite_node(scene, name))
            self.slices[name] = OffscreenSlice(scene, node, factory, size, logic)
        view = scene.GetSingletonNode("1", "vtkMRMLViewNode") or scene.AddNewNodeByClass("vtkMRMLViewNode")
        view.SetLayoutName("1")
        view.SetBackgroundColor(*BACKGROUND_3D[0])
        view.SetBackgroundColor2(*BACKGROUND_3D[1])
        factory = _factory(slicer.vtkMRMLThreeDViewDisplayableManagerFactory, MANAGERS_3D, self._application)
        self.view_3d = OffscreenView(scene, view, factory, size)

    def __call__(self, name: str) -> SliceView | None:
        """As the application's views are asked for."""
        view = self.slices.get(name)
        return SliceView(view.renderer, view.annotation, view.request) if view is not None else None

    @property
    def all(self) -> list[OffscreenView]:
        """Slices and 3D."""
        return [*self.slices.values(), self.view_3d]

    def render(self) -> None:
        """A picture of each."""
        for view in self.all:
            view.render()

    def close(self) -> None:
        """Let go of the scene."""
        for view in self.all:
            view.close()
        self._application.SetMRMLScene(None)


def _factory(kind: Any, managers: tuple[str, ...], application: Any) -> Any:
    factory = kind.GetInstance()
    factory.SetMRMLApplicationLogic(application)
    for name in managers:
        if not factory.IsDisplayableManagerRegistered(name):
            factory.RegisterDisplayableManager(name)
    return factory


def can_render() -> bool:
    """Whether VTK can draw without a screen here (EGL or OSMesa)."""
    import vtkmodules.vtkRenderingFreeType
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetSize(8, 8)
    window.Render()
    return bool(window.SupportsOpenGL())
