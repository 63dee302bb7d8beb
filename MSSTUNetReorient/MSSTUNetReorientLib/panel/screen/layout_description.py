"""The panel's two view layouts for the application; read at its start, so nothing heavy is imported here."""

from __future__ import annotations

from typing import Any

TRANSAXIAL = "Transaxial"
"""Layout name of the view of the study as it was scanned."""
ROWS = "Rows"
"""Layout name of the view of the rows."""
POLAR = "Polar"
"""Layout name of the view of the polar maps."""
LAYOUT_ID, ROWS_LAYOUT_ID = 73112, 73113
"""Free in 3D Slicer, whose own end well below."""

_SLICE = """
<item><view class="vtkMRMLSliceNode" singletontag="{tag}">
 <property name="orientation" action="default">{orientation}</property>
 <property name="viewlabel" action="default">{label}</property>
 <property name="viewcolor" action="default">{colour}</property>
</view></item>"""
_VIEW_3D = """
<item><view class="vtkMRMLViewNode" singletontag="1"><property name="viewlabel" action="default">1</property></view>
</item>"""


def layout_xml() -> str:
    """Two columns: the study and the heart in 3D on the left; SA and the polar map above HLA and VLA on the right."""
    transaxial = _SLICE.format(tag=TRANSAXIAL, orientation="Axial", label="TX", colour="#7399D9")
    sa = _SLICE.format(tag="Red", orientation="Axial", label="R", colour="#F34A33")
    hla = _SLICE.format(tag="Green", orientation="Coronal", label="G", colour="#6EB04B")
    vla = _SLICE.format(tag="Yellow", orientation="Sagittal", label="Y", colour="#EDD54C")
    left = f'<item splitSize="400"><layout type="vertical" split="true">{transaxial}{_VIEW_3D}</layout></item>'
    polar = _SLICE.format(tag=POLAR, orientation="Axial", label="Polar map", colour="#9E80C7")
    pair = f'<item splitSize="400"><layout type="horizontal" split="true">{hla}{vla}</layout></item>'
    sa, polar = (view.replace("<item>", f'<item splitSize="{size}">') for view, size in ((sa, 540), (polar, 460)))
    upper = f'<item splitSize="600"><layout type="horizontal" split="true">{sa}{polar}</layout></item>'
    right = f'<item splitSize="600"><layout type="vertical" split="true">{upper}{pair}</layout></item>'
    return f'<layout type="horizontal" split="true">{left}{right}</layout>'


def rows_xml() -> str:
    """The rows alone, as large as can be."""
    rows = _SLICE.format(tag=ROWS, orientation="Axial", label="Rows", colour="#595959")
    return f'<layout type="horizontal">{rows}</layout>'


def register(scene: Any) -> None:
    """Make the layouts known to the application."""
    node = layout_node(scene)
    for number, description in ((LAYOUT_ID, layout_xml), (ROWS_LAYOUT_ID, rows_xml)):
        if node is not None and not node.IsLayoutDescription(number):
            node.AddLayoutDescription(number, description())


def layout_node(scene: Any) -> Any:
    """The scene's layout node; None outside the application."""
    return scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
