"""The colour scale at the side of a slice view, in per cent of the LV's maximum."""

from __future__ import annotations

from typing import Any

from ...scene.colours import sampled

LABELS = 3
WIDTH_PIXELS = 64


class Scale:
    """A colour bar that follows a volume's display node.

    Attributes:
        actor: ``vtkScalarBarActor``.
    """

    def __init__(self, *, beside: float | None = None) -> None:
        """In the corner of an image, or at the right of one, ``beside`` this share of the view's width."""
        from vtkmodules.vtkCommonCore import vtkLookupTable
        from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor

        self._table, self.actor = vtkLookupTable(), vtkScalarBarActor()
        bar = self.actor
        bar.SetLookupTable(self._table)
        bar.SetTitle("")
        bar.SetNumberOfLabels(LABELS)
        bar.SetLabelFormat("%.0f %%")
        bar.SetUnconstrainedFontSize(True)
        bar.SetMaximumWidthInPixels(WIDTH_PIXELS)
        bar.SetBarRatio(0.25)
        if beside is not None:
            bar.SetTextPositionToSucceedScalarBar()
            bar.SetPosition(beside, 0.60)
            bar.SetPosition2(1.0 - beside, 0.35)
        else:
            bar.SetTextPositionToPrecedeScalarBar()
            bar.SetPosition(0.86, 0.55)
            bar.SetPosition2(0.13, 0.40)
        style = bar.GetLabelTextProperty()
        style.SetFontFamilyToArial()
        style.SetFontSize(12)
        style.SetItalic(False)
        style.SetBold(False)
        style.SetShadow(True)

    def follow(self, display: Any, percent: float) -> None:
        """Show the colours of a display node whose window ends at ``percent`` of the LV's maximum."""
        node = display.GetColorNode() if display is not None else None
        self.actor.SetVisibility(node is not None)
        if node is None:
            return
        colours = sampled(node)
        self._table.SetNumberOfTableValues(len(colours))
        for n, (red, green, blue) in enumerate(colours.tolist()):
            self._table.SetTableValue(n, red, green, blue, 1.0)
        self._table.SetRange(0.0, percent)
