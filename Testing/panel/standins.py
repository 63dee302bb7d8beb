"""Stand-ins for the CTK and qMRML widgets of the panel; see ``README.md`` here for the headers they follow.

Only what the panel and its .ui use is here, under the names, with the types and the signals of Slicer's own headers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Property
from PySide6.QtCore import Qt
from PySide6.QtCore import Signal
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QAbstractButton
from PySide6.QtWidgets import QComboBox
from PySide6.QtWidgets import QDoubleSpinBox
from PySide6.QtWidgets import QHBoxLayout
from PySide6.QtWidgets import QSlider
from PySide6.QtWidgets import QStyle
from PySide6.QtWidgets import QStyleOptionButton
from PySide6.QtWidgets import QStylePainter
from PySide6.QtWidgets import QWidget
from vtkmodules.util.vtkConstants import VTK_OBJECT

HEAD = 26
"""Height of a collapsible button's head, pixels."""
BOX = 86
"""Width of spin boxes; CTK makes siblings equally wide."""


class qMRMLWidget(QWidget):
    """Hands the scene on to the widgets within."""

    mrmlSceneChanged = Signal(object)

    def setMRMLScene(self, scene: Any) -> None:
        """Designer's connection is made here, because Qt Designer's loader cannot connect Python slots."""
        for selector in self.findChildren(qMRMLNodeComboBox):
            selector.setMRMLScene(scene)
        self.mrmlSceneChanged.emit(scene)


class ctkCollapsibleButton(QAbstractButton):
    """A head that shows and hides what is below it."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, HEAD, 0, 0)
        self.toggled.connect(self._show)

    def _show(self, shown: bool) -> None:
        for child in self.findChildren(QWidget, options=Qt.FindDirectChildrenOnly):
            child.setVisible(shown)
        self.setMaximumHeight(16777215 if shown else HEAD)
        self.contentsCollapsed.emit(not shown)

    def collapsed(self) -> bool:
        return not self.isChecked()

    def setCollapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, collapsed, setCollapsed, notify=contentsCollapsed)  # type: ignore[assignment]

    def hitButton(self, position: Any) -> bool:
        return bool(position.y() < HEAD)

    def paintEvent(self, event: Any) -> None:
        painter, option = QStylePainter(self), QStyleOptionButton()
        option.initFrom(self)
        option.rect.setHeight(HEAD)
        painter.drawControl(QStyle.CE_PushButtonBevel, option)
        mark = "▾" if self.isChecked() else "▸"
        painter.drawText(option.rect.adjusted(8, 0, 0, 0), Qt.AlignVCenter | Qt.AlignLeft, f"{mark}  {self.text()}")


class DoubleSpinBox(QDoubleSpinBox):
    """Connected by signature, as in PythonQt, where Qt 5's box has two signals of one name."""

    def connect(self, signal: str, call: Callable[[float], None]) -> None:
        assert signal == "valueChanged(double)", signal
        self.valueChanged.connect(call)


class ctkSliderWidget(QWidget):
    """A slider and a spin box with one value; the slider counts in single steps from the minimum, as CTK's does."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value, self._step, self._page, self._low, self._high = 0.0, 1.0, 10.0, 0.0, 99.0
        self._slider, self._box = QSlider(Qt.Horizontal), DoubleSpinBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self._box.setFixedWidth(BOX)
        self._slider.valueChanged.connect(lambda n: self.setValue(self._low + n * self._step))
        self._box.valueChanged.connect(self.setValue)
        self._configure()

    def _configure(self) -> None:
        for widget in (self._slider, self._box):
            widget.blockSignals(True)
        self._slider.setRange(0, round((self._high - self._low) / self._step))
        self._slider.setPageStep(max(round(self._page / self._step), 1))
        self._box.setRange(self._low, self._high)
        self._box.setSingleStep(self._step)
        self._show()
        for widget in (self._slider, self._box):
            widget.blockSignals(False)

    def _show(self) -> None:
        self._slider.setValue(round((self._value - self._low) / self._step))
        if self._box.value() != self._value:  # what is being typed stays as it is
            self._box.setValue(self._value)

    @Slot(float)
    def setValue(self, value: float) -> None:
        """Clipped to the range and rounded to the decimals shown."""
        value = round(min(max(value, self._low), self._high), self._box.decimals()) + 0.0
        if value != self._value:
            self._value = value
            for widget in (self._slider, self._box):
                widget.blockSignals(True)
            self._show()
            for widget in (self._slider, self._box):
                widget.blockSignals(False)
            self.valueChanged.emit(value)

    def findChildren(self, kind: str) -> list[QWidget]:  # type: ignore[override]
        """As PythonQt calls it, by a class name; CTK's own ``spinBox()`` cannot be called from Python."""
        return [child for child in super().findChildren(QWidget) if child.inherits(kind)]

    def slider(self) -> QSlider:
        return self._slider

    def spinBox(self) -> QDoubleSpinBox:
        return self._box

    def _set(self, name: str, value: float) -> None:
        setattr(self, name, value)
        self._configure()
        self.setValue(self._value)

    def _set_decimals(self, decimals: int) -> None:
        self._box.setDecimals(decimals)

    value = Property(float, lambda self: self._value, setValue)
    singleStep = Property(float, lambda self: self._step, lambda self, x: self._set("_step", x))
    pageStep = Property(float, lambda self: self._page, lambda self, x: self._set("_page", x))
    minimum = Property(float, lambda self: self._low, lambda self, x: self._set("_low", x))
    maximum = Property(float, lambda self: self._high, lambda self, x: self._set("_high", x))
    decimals = Property(int, lambda self: self._box.decimals(), _set_decimals)
    suffix = Property(str, lambda self: self._box.suffix(), lambda self, x: self._box.setSuffix(x))


class qMRMLSortFilterProxyModel:
    """What a selector lists: every node but some."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._hidden: list[str] = []
        self._changed = changed

    @property
    def hiddenNodeIDs(self) -> list[str]:
        return list(self._hidden)

    @hiddenNodeIDs.setter
    def hiddenNodeIDs(self, ids: list[str]) -> None:
        self._hidden = list(ids)
        self._changed()


class qMRMLNodeComboBox(QWidget):
    """Chooses a node of the scene; observes the scene, and chooses the first node where none is not allowed."""

    currentNodeChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._tags: list[int] = []
        self._types: list[str] = []
        self._none, self._flags = False, {"add": True, "remove": True, "children": True}
        self._model = qMRMLSortFilterProxyModel(self._fill)
        self._nodes: list[Any] = []
        self._current: Any = None
        self._box = QComboBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.setFocusProxy(self)
        self._box.activated.connect(lambda index: self.setCurrentNode(self._nodes[index]))

    def connect(self, signal: str, call: Callable[[Any], None]) -> None:
        """As in PythonQt, by the C++ signature."""
        assert signal == "currentNodeChanged(vtkMRMLNode*)", signal
        self.currentNodeChanged.connect(call)

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene = scene
        events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent)
        self._tags = [scene.AddObserver(event, lambda *_: self._fill()) for event in events]
        self._tags.append(scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._go_on))
        self._fill()

    def _go_on(self, scene: Any, event: Any, node: Any) -> None:
        """The current node goes: the row that takes its place is the current one, whatever it is."""
        if node is self._current and node is not None:
            row = self._nodes.index(node)
            rest = [known for known in self._nodes if known is not node]
            self._current = rest[min(row, len(rest) - 1)] if rest else None
            self._nodes = rest
            self.currentNodeChanged.emit(self._current)

    _go_on.CallDataType = VTK_OBJECT  # type: ignore[attr-defined]

    def sortFilterProxyModel(self) -> qMRMLSortFilterProxyModel:
        return self._model

    def currentNode(self) -> Any:
        return self._current

    def setCurrentNode(self, node: Any) -> None:
        """Also of a node that is not listed: then there is none."""
        self._fill(quiet=True)
        found = next((known for known in self._nodes if known is node), None)
        if found is None and not self._none and self._nodes:
            found = self._current if self._current in self._nodes else self._nodes[0]
        self._box.setCurrentIndex(next((n for n, known in enumerate(self._nodes) if known is found), -1))
        if found is not self._current:
            self._current = found
            self.currentNodeChanged.emit(found)

    def _fill(self, *, quiet: bool = False) -> None:
        found = [self._scene.GetNodesByClass(name) for name in self._types] if self._scene else []
        nodes = [each.GetItemAsObject(n) for each in found for n in range(each.GetNumberOfItems())]
        hidden = self._model.hiddenNodeIDs
        listed = (n for n in nodes if not n.GetHideFromEditors() and n.GetID() not in hidden)
        self._nodes = [*([None] if self._none else []), *listed]
        self._box.clear()
        self._box.addItems([node.GetName() if node is not None else "None" for node in self._nodes])
        if not quiet:
            self.setCurrentNode(self._current)

    def _flag(name: str) -> Any:
        return Property(bool, lambda self: self._flags[name], lambda self, x: self._flags.__setitem__(name, x))

    nodeTypes = Property("QStringList", lambda self: self._types, lambda self, x: setattr(self, "_types", list(x)))
    noneEnabled = Property(bool, lambda self: self._none, lambda self, x: setattr(self, "_none", x))
    addEnabled = _flag("add")
    removeEnabled = _flag("remove")
    showChildNodeTypes = _flag("children")


STANDINS = (qMRMLWidget, ctkCollapsibleButton, ctkSliderWidget, qMRMLNodeComboBox)
