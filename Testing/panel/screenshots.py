"""Pictures of the shipping panel and of its views, for the docs: ``python Testing/panel/screenshots.py``.

Without arguments: the panel in each state (``docs/panel``). With "default", or the path of a weight file: views and
rows of the sample study as 3D Slicer's own displayable managers draw them, alone and beside the panel
(``docs/panel``, and the catalogue's ``Resources/Screenshots``).
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "MSSTUNetReorient"), str(REPOSITORY / "Testing")]

import numpy as np
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.output.scene_figures import scene_figures
from MSSTUNetReorientLib.panel.screen.layout_description import POLAR
from MSSTUNetReorientLib.panel.screen.layout_description import ROWS
from MSSTUNetReorientLib.panel.screen.layout_description import TRANSAXIAL
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.colours import TABLES
from MSSTUNetReorientLib.scene.figure_tables import Figures
from MSSTUNetReorientLib.scene.host import quiet
from MSSTUNetReorientLib.scene.nodes import add_volume
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
from results import FOUND

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.slicer_views import SlicerViews
from panel.slicer_views import can_render
from panel.test_panel_labels import paint
from panel.test_panel_widget import Panel

OUT = REPOSITORY / "docs" / "panel"
WIDTH, HEIGHT = 430, 1150
COLOURS = 96
"""A panel has few; the repository stays small."""
FULL = 255
"""For pictures of views."""
TILE, BAR = 460, 20
"""Pixels of a view's edge, and of the bar that 3D Slicer puts above each."""
BARS = {
    TRANSAXIAL: "#7399D9",
    "Red": "#F34A33",
    "Green": "#6EB04B",
    "Yellow": "#EDD54C",
    POLAR: "#9E80C7",
    ROWS: "#595959",
    "1": "#8d9ad3",
}
REVIEW = Quality(
    "review",
    (
        "The long axis of the segmentation differs from the network's by 14 degrees: check the orientation.",
        "Activity beside the heart is 1.8 times as bright as the myocardium and may spill into it.",
    ),
    {"axis_spread_deg": 2.0, **FOUND, "axis_bound_deg": 8.6},
)

BEFORE = Quality("pass", (), {"axis_spread_deg": 1.0})
"""Of an earlier version."""


class TrueWorker(HandWorker):
    """Figures as the child process computes them."""

    def figures(self, result: Result) -> Figures:
        """All of them."""
        return scene_figures(result)


def save(panel: Panel, name: str) -> None:
    """The panel as it is shown now."""
    path = OUT / f"{name}.png"
    store(panel_picture(panel, HEIGHT), path)


def panel_picture(panel: Panel, height: int) -> Image.Image:
    """As Qt draws it, in 3D Slicer's light style."""
    panel.window.resize(WIDTH, height)
    for _ in range(3):
        panel.app.processEvents()
    path = OUT / "panel.tmp.png"
    panel.window.grab().save(str(path))
    with Image.open(path) as picture:
        found = picture.convert("RGB")
    path.unlink()
    return found


def store(picture: Image.Image, path: Path, colours: int | None = COLOURS) -> None:
    """Small enough for a repository; None for all colours."""
    few = Image.Quantize.FASTOCTREE, Image.Dither.NONE
    (picture.quantize(colours, few[0], dither=few[1]) if colours else picture).save(path, optimize=True)


def main() -> None:
    """One picture for each state."""
    OUT.mkdir(parents=True, exist_ok=True)
    with new_scene() as scene:
        empty = Panel(scene, TrueWorker(), HandDelay())
        save(empty, "1-empty")
        empty.close()
        stress, rest = add_study(scene, "Stress AC"), add_study(scene, "Rest AC")
        rest.SetSpacing(5.0, 5.0, 1.0)
        panel = Panel(scene, TrueWorker(), HandDelay())
        panel.session.choose(rest)
        save(panel, "2-warning")
        rest.SetSpacing(5.0, 5.0, 6.0)
        panel.session.choose(stress)
        panel.click("reorientButton")
        panel.worker.step("locating the left ventricle")
        save(panel, "3-running")
        panel.worker.quality = Quality("pass", (), {"axis_spread_deg": 1.0, **FOUND})
        panel.worker.answer()
        save(panel, "4-result")
        panel.worker.quality = REVIEW
        panel.drag("swing", 22)
        panel.drag("basal", -9)
        panel.delay.rest()
        save(panel, "5-nudged")
        panel.worker.answer()
        save(panel, "6-review")
        panel.click("reorientButton")
        panel.worker.fail(
            "The process that runs the network ended: it was killed, possibly for lack of "
            "memory. No data are lost: press the button again. If it fails again, close other programs or restart 3D "
            "Slicer, and report the error with the log from View > Error Log."
        )
        save(panel, "7-failed")
        panel.session.review.message = ""
        paint(panel.session.review.nodes.node("segmentation"))
        panel.session.show_again()
        save(panel, "8-edited-by-hand")
        panel.click("segmentAgainButton")
        panel.worker.answer()
        panel.session.choose_paired(rest)
        panel.ui.readerEdit.setText("A. Reader")
        panel.click("acceptButton")
        save(panel, "9-accepted")
        panel.session.review.record = replace(panel.session.review.record, former=True, quality=BEFORE)
        panel.widget.redraw()
        save(panel, "10-earlier-version")
        panel.close()


def drawn(model: str | None) -> None:
    """Views and rows of the sample study."""
    from MSSTUNetReorientLib.prediction.predictor import predict

    can_render()
    study = read_study(REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd")
    stress = predict(study, model=model)
    rest_study = resting(study, stress)
    answers = {"Stress": stress, "Rest": predict(rest_study, model=model)}
    with quiet(), new_scene() as scene:
        views = SlicerViews(scene, size=(TILE, TILE))
        for name, counts in (("Stress", study), ("Rest", rest_study)):
            add_volume(scene, counts, name, float(counts.array.max()))
        panel = Panel(
            scene, TrueWorker(lambda request: answers[str(panel.session.review.study.GetName())]), HandDelay(), views
        )
        panel.session.show_again()
        panel.run()
        left = panel_picture(panel, 2 * (TILE + BAR))
        whole = four_views(views)
        store(whole, OUT / "views.png", FULL)
        store(beside(left, whole), REPOSITORY / "Resources" / "Screenshots" / "MSSTUNetReorient.png", FULL)
        tables = []
        for n, table in enumerate(TABLES):
            panel.session.set_table(n)
            tables.append((table.name, views.slices["Red"].picture()))
        store(strip(tables), OUT / "colours.png", None)
        panel.session.set_table(0)
        store(rows_picture(panel, views, 1000, 560), OUT / "rows.png", FULL)
        panel.session.choose_paired(scene.GetFirstNodeByName("Rest"))
        panel.session.choose(scene.GetFirstNodeByName("Rest"))
        panel.run()
        store(rows_picture(panel, views, 1000, 960), OUT / "rows-pair.png", FULL)
        store(maps_picture(panel, views, 2 * TILE, TILE), OUT / "polar-pair.png", FULL)
        panel.close()
        views.close()


def resting(study: Volume, stress: Result) -> Volume:
    """The same heart with its inferior defect half filled: something to compare with, and not a real rest study."""
    from MSSTUNetReorientLib.geometry.volume import resample

    wall = resample(stress.labels, study.grid, order=0).array == 1
    counts = study.array.astype(float)
    high = float(np.percentile(counts[wall], 90))
    counts[wall] += 0.5 * np.clip(high - counts[wall], 0.0, None)
    return replace(study, array=counts.astype(study.array.dtype))


def four_views(views: SlicerViews) -> Image.Image:
    """As the panel's layout: transaxial and 3D on the left; SA and the polar map, HLA and VLA."""
    order = ((TRANSAXIAL, "TX"), ("Red", None), (POLAR, "Polar map"), ("1", "1"), ("Green", None), ("Yellow", None))
    pictures = [titled(views, name, label) for name, label in order]
    whole = Image.new("RGB", (3 * TILE, 2 * (TILE + BAR)), "black")
    for picture, (x, y) in zip(pictures, ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)), strict=True):
        whole.paste(picture, (x * TILE, y * (TILE + BAR)))
    return whole


def titled(views: SlicerViews, name: str, label: str | None) -> Image.Image:
    """A view below its bar."""
    view = views.slices.get(name, views.view_3d)
    picture = Image.fromarray(view.picture())
    whole = Image.new("RGB", (picture.width, picture.height + BAR), BARS[name])
    whole.paste(picture, (0, BAR))
    ImageDraw.Draw(whole).text((8, 3), label or view.node.GetLayoutLabel(), fill="black", font=_font())
    return whole


def rows_picture(panel: Panel, views: SlicerViews, width: int, height: int) -> Image.Image:
    """The rows below their bar; the views are shown again."""
    views.slices[ROWS].resize(width, height)
    panel.session.show_rows(False)
    panel.session.show_rows(True)
    picture = titled(views, ROWS, "Rows")
    panel.session.show_rows(False)
    return picture


def maps_picture(panel: Panel, views: SlicerViews, width: int, height: int) -> Image.Image:
    """The polar maps below their bar."""
    views.slices[POLAR].resize(width, height)
    panel.session.screen.polar.fit()
    return titled(views, POLAR, "Polar map")


def strip(pictures: list[tuple[str, Any]]) -> Image.Image:
    """Side by side with their names."""
    edge = TILE * 2 // 3
    whole = Image.new("RGB", (edge * len(pictures), edge + BAR), "white")
    for n, (name, picture) in enumerate(pictures):
        whole.paste(Image.fromarray(picture).resize((edge, edge), Image.Resampling.LANCZOS), (n * edge, BAR))
        ImageDraw.Draw(whole).text((n * edge + 8, 3), name, fill="black", font=_font())
    return whole


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Panel, without its empty end and as high as the views, and views."""
    rows = np.flatnonzero(np.asarray(left.convert("L")).std(axis=1) > 0)
    filled = left.crop((0, 0, left.width, int(rows[-1]) + 12))
    scaled = filled.resize((round(filled.width * right.height / filled.height), right.height), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (scaled.width + right.width, right.height), "white")
    whole.paste(scaled, (0, 0))
    whole.paste(right, (scaled.width, 0))
    return whole


def _font() -> Any:
    return ImageFont.truetype("DejaVuSans.ttf", 12)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        drawn(None if sys.argv[1] == "default" else sys.argv[1])
    else:
        main()
