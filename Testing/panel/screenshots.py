"""Pictures of the shipping panel in each state, for ``docs/panel``: ``python Testing/panel/screenshots.py``.

With "default", or the path of a weight file: the panel beside its views, for the README and the catalogue.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "MSSTUNetReorient"), str(REPOSITORY / "Testing")]

from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.qc import Quality
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.nodes import add_volume
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtGui import QPainter

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_labels import paint
from panel.test_panel_widget import Panel
from panel.views_picture import TILE
from panel.views_picture import views_picture

OUT = REPOSITORY / "docs" / "panel"
WIDTH, HEIGHT = 430, 880
COLOURS = 96
"""A panel has few; the repository stays small."""
REVIEW = Quality(
    "review",
    (
        "The long axis of the segmentation differs from the network's by 14 degrees: check the orientation.",
        "Activity beside the heart is 1.8 times as bright as the myocardium and may reach into it.",
    ),
    {"axis_spread_deg": 2.0},
)


def save(panel: Panel, name: str) -> None:
    """The panel as it is shown now."""
    panel.window.resize(WIDTH, HEIGHT)
    for _ in range(3):
        panel.app.processEvents()
    path = OUT / f"{name}.png"
    panel.window.grab().save(str(path))
    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    """One picture for each state."""
    OUT.mkdir(parents=True, exist_ok=True)
    with new_scene() as scene:
        empty = Panel(scene, HandWorker(), HandDelay())
        save(empty, "1-empty")
        empty.close()
        stress, rest = add_study(scene, "Stress AC"), add_study(scene, "Rest AC")
        rest.SetSpacing(5.0, 5.0, 1.0)
        panel = Panel(scene, HandWorker(), HandDelay())
        panel.session.choose(rest)
        save(panel, "2-warning")
        rest.SetSpacing(5.0, 5.0, 6.0)
        panel.session.choose(stress)
        panel.click("reorientButton")
        panel.worker.step("locating the left ventricle")
        save(panel, "3-running")
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
        panel.worker.fail("The process that runs the network ended: out of memory")
        save(panel, "7-failed")
        panel.session.message = ""
        paint(panel.session.nodes.node("segmentation"))
        panel.session.show_again()
        save(panel, "8-edited-by-hand")
        panel.click("segmentAgainButton")
        panel.worker.answer()
        panel.session.choose_paired(rest)
        panel.ui.readerEdit.setText("A. Reader")
        panel.click("acceptButton")
        save(panel, "9-accepted")
        panel.close()


def whole(model: str | None) -> None:
    """The panel beside its views, for the sample study and a trained model."""
    from MSSTUNetReorientLib.predictor import predict

    study = read_study(REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd")
    result = predict(study, model=model)
    with new_scene() as scene:
        add_volume(scene, study, "CardiacSPECTPhantom", float(result.short_axis.array[result.labels.array > 0].max()))
        panel = Panel(scene, HandWorker(lambda request: result), HandDelay())
        panel.run()
        panel.window.resize(WIDTH, 2 * TILE)
        panel.app.processEvents()
        left, right = panel.window.grab().toImage(), views_picture(panel.session)
        image = QImage(left.width() + right.width(), right.height(), QImage.Format_RGB32)
        painter = QPainter(image)
        painter.drawImage(0, 0, left)
        painter.drawImage(left.width(), 0, right)
        painter.end()
        image.save(str(REPOSITORY / "Resources" / "Screenshots" / "MSSTUNetReorient.png"))
        panel.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        whole(None if sys.argv[1] == "default" else sys.argv[1])
    else:
        main()
