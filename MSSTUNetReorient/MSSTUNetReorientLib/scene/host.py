"""MRML where there is no 3D Slicer application: a scene, the logics it needs, and quiet."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import InputError


def mrml() -> Any:
    """The module with the MRML classes: 3D Slicer's ``slicer``, or that of ``slicer-core``.

    Raises:
        InputError: neither is here.
    """
    try:
        import slicer
    except ImportError as error:
        msg = f'scene.mrb needs slicer-core: pip install slicer-core, or "msstunet-reorient[scene]" ({error})'
        raise InputError(msg) from error
    if not hasattr(slicer, "vtkMRMLScene"):
        msg = "scene.mrb needs slicer-core, but another package named 'slicer' is installed instead: uninstall it"
        raise InputError(msg)
    return slicer


@contextmanager
def new_scene() -> Iterator[Any]:
    """An empty ``vtkMRMLScene`` of its own, beside the application's if there is one.

    The scene is cleared at the end, and the folder into which an .mrb is unpacked goes with it.
    """
    slicer = mrml()
    with tempfile.TemporaryDirectory(prefix="mrml-") as cache:
        scene = slicer.vtkMRMLScene()
        logics = _start(slicer, scene, cache)
        try:
            yield scene
        finally:
            with quiet():  # the subject hierarchy's logic warns about the scene that it leaves
                scene.Clear(True)
                for logic in logics:
                    logic.SetMRMLScene(None)


def _start(slicer: Any, scene: Any, cache: str) -> list[Any]:
    """Give a scene what the application would: a place to unpack, colours, node classes, conversions."""
    scene.SetDataIOManager(slicer.vtkDataIOManager())
    scene.GetDataIOManager().SetCacheManager(slicer.vtkCacheManager())
    scene.GetDataIOManager().GetCacheManager().SetRemoteCacheDirectory(cache)
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetTemporaryPath(cache)
    colours = application.GetColorLogic()
    colours.SetMRMLScene(scene)
    colours.AddDefaultColorNodes()
    logics = [
        slicer.vtkSlicerSegmentationsModuleLogic(),
        slicer.vtkSlicerSubjectHierarchyModuleLogic(),
        slicer.vtkSlicerSequencesLogic(),
    ]
    for logic in logics:
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(application)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return [*logics, colours, application]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep VTK's messages off the console; errors are reported by return values and message collections.

    Warnings stay switched on, because MRML finds out by them that a file could not be read.
    """
    from vtkmodules.vtkCommonCore import vtkLogger
    from vtkmodules.vtkCommonCore import vtkOutputWindow
    from vtkmodules.vtkCommonCore import vtkStringOutputWindow

    window, verbosity = vtkOutputWindow.GetInstance(), vtkLogger.GetCurrentVerbosityCutoff()
    vtkOutputWindow.SetInstance(vtkStringOutputWindow())
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        vtkLogger.SetStderrVerbosity(verbosity)
        vtkOutputWindow.SetInstance(window)
