"""The uptake of the 17 segments as a bar chart, for 3D Slicer's plot view."""

from __future__ import annotations

from typing import Any

from .figure_tables import NAME
from .figure_tables import SEGMENT
from .figure_tables import UPTAKE

BAR_COLOUR = (0.16, 0.42, 0.66)
FULL = 100.0


def add_uptake_plot(scene: Any, table: Any, name: str) -> tuple[Any, Any]:
    """Chart and series of a table of segments, which they follow.

    Returns:
        ``vtkMRMLPlotChartNode`` and ``vtkMRMLPlotSeriesNode``.
    """
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(series.PlotTypeScatterBar)
    series.SetXColumnName(SEGMENT)
    series.SetYColumnName(UPTAKE)
    series.SetLabelColumnName(NAME)
    series.SetColor(*BAR_COLOUR)
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", f"{name} chart")
    chart.SetTitle(name)
    chart.SetXAxisTitle("AHA segment")
    chart.SetYAxisTitle("Uptake, % of the study's own maximum")
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, FULL)
    chart.SetLegendVisibility(False)
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    return chart, series
