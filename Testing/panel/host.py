"""Just enough of 3D Slicer's Python for the shipping panel: ``qt``, ``loadUI``, properties as attributes."""

from __future__ import annotations

import ctypes
import sys
import types
from pathlib import Path
from typing import Any
from typing import ClassVar

from PySide6 import QtCore
from PySide6 import QtGui
from PySide6.QtUiTools import QUiLoader
from PySide6.QtWidgets import QApplication
from PySide6.QtWidgets import QWidget

from panel.standins import STANDINS

PANEL = tuple(
    f"MSSTUNetReorientLib.panel.{name}" for name in ("widget", "dicom_section", "correction_sliders", "keyboard")
)
"""The modules that read and write Qt properties."""
TRUE_PROPERTY = 0x02
"""PySide6's number for "properties as attributes"."""


def application() -> QApplication:
    """The one Qt application of the tests, in a look that is alike everywhere."""
    app = QApplication.instance() or QApplication(["panel"])
    assert isinstance(app, QApplication)
    app.setStyle("Fusion")
    app.setFont(QtGui.QFont("DejaVu Sans", 9))
    return app


def qt_module() -> types.ModuleType:
    """``qt``, with what has been checked against PythonQt and nothing more; ``README.md`` here says how."""
    module = types.ModuleType("qt")
    module.QTimer = QTimer  # type: ignore[attr-defined]
    module.QProcess = QProcess  # type: ignore[attr-defined]
    module.QSettings = QSettings  # type: ignore[attr-defined]
    module.QShortcut = QShortcut  # type: ignore[attr-defined]
    module.QKeySequence = QtGui.QKeySequence  # type: ignore[attr-defined]
    return module


class QTimer(QtCore.QTimer):
    """As PythonQt wraps it: no keyword arguments."""

    def __init__(self) -> None:
        super().__init__()


class QProcess(QtCore.QProcess):
    """As PythonQt wraps it: no keyword arguments, and bytes where C++ has a QByteArray."""

    def __init__(self) -> None:
        super().__init__()

    def write(self, data: bytes) -> int:
        if not isinstance(data, bytes):
            msg = f"write takes bytes, not {type(data).__name__}"
            raise TypeError(msg)
        return int(super().write(data))


class QShortcut(QtGui.QShortcut):
    """As PythonQt wraps it: a parent and nothing else, and properties as attributes from the first instance on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)

    def __setattr__(self, name: str, value: Any) -> None:
        if self.metaObject().indexOfProperty(name) < 0:
            msg = f"QShortcut has no property {name}"
            raise AttributeError(msg)
        self.setProperty(name, value)


class QSettings:
    """The application's settings, of this process only."""

    texts: ClassVar[dict[str, str]] = {}

    def value(self, key: str) -> str | None:
        return self.texts.get(key)

    def setValue(self, key: str, value: str) -> None:
        self.texts[key] = value


def properties_as_attributes() -> None:
    """``label.text = ...`` in the panel's modules, as in PythonQt; the rest of the process keeps PySide6's methods."""
    import __feature__

    __feature__._mod_uses_pyside = lambda module: True  # else it reads the source of every module there is
    for module in PANEL:
        __feature__.set_selection(TRUE_PROPERTY, module)


def load_ui(path: str | Path) -> QWidget:
    """``slicer.util.loadUI``."""
    QtCore.qInstallMessageHandler(lambda *message: None)  # of connections by C++ types, which stand-ins do not have
    loader = QUiLoader()
    for widget in STANDINS:
        loader.registerCustomWidget(widget)
    loaded = loader.load(str(path))
    assert loaded is not None, loader.errorString()
    return loaded


def child_widget_variables(widget: QWidget) -> Any:
    """``slicer.util.childWidgetVariables``: every named widget as an attribute."""
    names = {child.objectName(): child for child in widget.findChildren(QWidget) if child.objectName()}
    return types.SimpleNamespace(**names)


def install() -> None:
    """Make ``import qt`` work."""
    if "qt" not in sys.modules:
        sys.modules["qt"] = qt_module()
        properties_as_attributes()
        _spare_none()


def _spare_none() -> None:
    """PySide6 gives None back once too often when a property is set; before Python 3.12 that ends the process."""
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40
