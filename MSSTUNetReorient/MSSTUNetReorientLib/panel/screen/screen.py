"""The reader's screen: layout, annotations, rows, colours and window, for one study at a time.

The session gives the study and the pose; this class draws them. While another module is shown
(:attr:`Screen.away`) the views are not ours and nothing is touched.
"""

from __future__ import annotations

from typing import Any

from ...scene.colours import TABLES
from ...scene.colours import ColourTable
from ...scene.colours import table_of
from ..delay import Delay
from ..nodes.record_node import linked
from ..nodes.study_nodes import StudyNodes
from ..state.record import Record
from .annotations import Annotations
from .hearts import pair_of
from .layout import Layout
from .live_maps import maps_of
from .live_views import fit_fields
from .live_views import show_transaxial
from .polar_view import PolarView
from .rows_view import RowsView
from .slice_view import SliceViews
from .study_window import OURS
from .study_window import percent_of
from .study_window import set_percent
from .study_window import set_table


class Screen:
    """What a reader sees of a session.

    ``soon`` calls back once the event loop is back.

    Attributes:
        away: another module is shown, to which the views belong.
    """

    def __init__(self, scene: Any, views: SliceViews, soon: Delay) -> None:
        self.scene, self._soon = scene, soon
        self.away = self._entering = False
        self.layout = Layout()
        self.annotations = Annotations(scene, views)
        self.rows = RowsView(scene, views, lambda: soon.start(self._fit))
        self.polar = PolarView(scene, views, lambda: soon.start(self._fit))
        self._nodes: StudyNodes | None = None
        self._record: Record | None = None

    # --- the module comes and goes ---

    def enter(self) -> None:
        """The views are ours."""
        self.away, self._entering = False, True
        self.layout.enter(self.scene)
        self._soon.start(self._fit)

    def leave(self) -> None:
        """The views are somebody else's; they look as they did before."""
        self.away = True
        self._soon.stop()
        self.clear()
        self.layout.leave(self.scene)

    def _fit(self) -> None:
        """The views have their sizes now, which they have not while a layout is being set."""
        if self._entering and not self.away:
            fit_fields(self.scene)
        self._entering = False
        self.rows.fit()
        self.polar.fit()

    def stop(self) -> None:
        """Nothing is to be called any more."""
        self._soon.stop()

    def forget(self) -> None:
        """The scene is closed."""
        self.clear()
        self.layout.forget()

    # --- one study ---

    def show_study(self, study: Any) -> None:
        """A study without a pose: as it was scanned."""
        if not self.away:
            show_transaxial(self.scene, None, study)

    def show(self, nodes: StudyNodes, record: Record, *, handles: bool) -> None:
        """A study with its pose, in all views."""
        if self.away:
            return
        nodes.show(record, handles=handles)
        self.update(nodes, record)

    def update(self, nodes: StudyNodes, record: Record) -> None:
        """The pose rests, or its labels are new."""
        self._nodes, self._record = nodes, record
        if self.away:
            return
        self.annotations.show(record, self._window)
        self._draw_rows()
        self._draw_polar()

    def move(self, record: Record) -> None:
        """The pose moves."""
        self._record = record
        if not self.away:
            self.annotations.move(record.pose)
            self.polar.move(record)

    def clear(self) -> None:
        """No study is shown."""
        self.annotations.hide()
        self.rows.hide()
        self.polar.hide()
        self._nodes = self._record = None

    # --- rows ---

    def show_rows(self, rows: bool) -> None:
        """Rows, or views."""
        self.layout.show_rows(self.scene, rows)
        self._draw_rows()
        self._draw_polar()

    def show_contours(self, contours: bool) -> None:
        """Contours on or off, in the views and in the rows."""
        if self._labels is not None:
            self._labels.SetVisibility2D(contours)
        self._draw_rows()

    @property
    def contours(self) -> bool:
        """Whether contours are shown."""
        return self._labels is None or bool(self._labels.GetVisibility2D())

    @property
    def _labels(self) -> Any:
        """How the segmentation is shown."""
        node = self._nodes.node("segmentation") if self._nodes is not None else None
        return node.GetDisplayNode() if node is not None else None

    def _draw_rows(self) -> None:
        hearts = pair_of(self.scene, self._nodes) if self.layout.rows and self._nodes is not None else []
        if hearts:
            self.rows.show(hearts, self._window, contours=self.contours)
        else:
            self.rows.hide()

    # --- polar maps ---

    def _draw_polar(self) -> None:
        """The polar maps stand beside the views, not beside the rows."""
        if self._nodes is None or self._record is None or self.layout.rows or not self.polar.on_screen:
            self.polar.hide()
        else:
            self.polar.show(maps_of(self.scene, self._nodes, self._record), self._window)

    # --- colours and window ---

    @property
    def _window(self) -> Any:
        return linked(self._nodes.record_node, OURS) if self._nodes is not None else None

    @property
    def percent(self) -> float:
        """Where the window ends, in per cent of the LV's maximum."""
        return percent_of(self._window)

    @property
    def table(self) -> ColourTable | None:
        """The colour table; None where somebody chose another one."""
        window = self._window
        return table_of(window.GetColorNode()) if window is not None else TABLES[0]

    def set_percent(self, percent: float) -> None:
        """End the window elsewhere."""
        for display in self._displays():
            set_percent(display, percent)
        self.rows.colour(self._window)

    def set_table(self, table: ColourTable) -> None:
        """Show the study in other colours."""
        for display in self._displays():
            set_table(self.scene, display, table)
        self.rows.colour(self._window)

    def _displays(self) -> list[Any]:
        """Of the study and of its short axis, which is shown once it is accepted."""
        short_axis = self._nodes.node("short_axis") if self._nodes is not None else None
        found = (self._window, short_axis.GetDisplayNode() if short_axis is not None else None)
        return [display for display in found if display is not None]
