"""Cardiac SPECT/PET reorientation in 3D Slicer: module, panel, logic and self-test.

Only what Slicer itself brings is imported at file scope; PyTorch is looked for when the button is pressed.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

if TYPE_CHECKING:
    from MSSTUNetReorientLib.geometry.volume import Volume
    from MSSTUNetReorientLib.panel.session import Session
    from MSSTUNetReorientLib.panel.widget import PanelWidget
    from MSSTUNetReorientLib.prediction.result import Result
    from MSSTUNetReorientLib.scene import SceneNodes

TORCH_REQUIREMENT = ">=2.4"
SAMPLE_NAME = "CardiacSPECTPhantom"
BEFORE_SELECTORS = 10.0
"""Priority of an observer that must be asked before Slicer's own, which have 0."""


class MSSTUNetReorient(ScriptedLoadableModule):
    """What the module is, for Slicer's module list and help."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("MSSTUNet Reorient")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Nuclear Medicine")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MSSTUNetReorient contributors"]
        self.parent.helpText = _(
            "Finds the left ventricle in a reconstructed myocardial perfusion SPECT or PET study, reorients it to the "
            "short axis and segments the myocardium and the blood pool. Load a study, select it, and press "
            "<b>Reorient &amp; Segment</b>: the views show the short axis (SA), the horizontal long axis (HLA) and "
            "the vertical long axis (VLA). The panel says what the long axis and the centre are good to, and where the "
            "septum lies. Check all views, correct the pose with the sliders or the handles, then "
            "press <b>Accept</b>. Save the scene to keep the results. The study itself is never moved. "
            "For research use; a reader must check every result."
        )
        # Slicer's own link leads to its manual, which has no pages of extensions.
        self.parent.helpText += _(
            '<p>See the <a href="https://github.com/MSSTUNetReorient/SlicerMSSTUNetReorient/blob/main/docs/slicer.md">'
            "manual of the module</a>.</p>"
        )
        self.parent.acknowledgementText = _(
            "The method follows Y. Ni, D. Zhang, G. Ma, L. Lu, Z. Huang and W. Zhu: <i>A Multi-Scale Spatial "
            "Transformer U-Net for Simultaneously Automatic Reorientation and Segmentation of 3D Nuclear Cardiac "
            "Images</i>, 2023, "
            '<a href="https://arxiv.org/abs/2310.10095">arXiv:2310.10095</a>, and F. Zhu, G. Wang, C. Zhao et al.: '
            "<i>Automatic reorientation by deep learning to generate short axis SPECT myocardial perfusion images</i>, "
            '2022, <a href="https://arxiv.org/abs/2208.03752">arXiv:2208.03752</a>.'
        )
        slicer.app.connect("startupCompleted()", onStartup)


class MSSTUNetReorientWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Loads the panel and tells it about module and scene; what it does is in ``MSSTUNetReorientLib.panel``."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: MSSTUNetReorientLogic | None = None
        self.session: Session | None = None
        self.panel: PanelWidget | None = None
        shown = getattr(parent, "isEntered", False)  # after a reload it is
        self.entered = bool(shown() if callable(shown) else shown)

    def setup(self) -> None:
        """Called when the user opens the module for the first time."""
        from MSSTUNetReorientLib.panel.delay import QtDelay
        from MSSTUNetReorientLib.panel.dicom_section import Application
        from MSSTUNetReorientLib.panel.screen.slice_view import application_view
        from MSSTUNetReorientLib.panel.session import Session
        from MSSTUNetReorientLib.panel.state.run_time import QtStore
        from MSSTUNetReorientLib.panel.widget import FirstUse
        from MSSTUNetReorientLib.panel.widget import PanelWidget
        from MSSTUNetReorientLib.panel.worker.worker_process import ChildProcess

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MSSTUNetReorient.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = MSSTUNetReorientLogic()
        self.session = Session(
            slicer.mrmlScene,
            ChildProcess(),
            QtDelay(),
            prepare=self.logic.ensureTorch,
            views=application_view,
            soon=QtDelay(0),
            store=QtStore(),
        )
        firstUse = FirstUse(load_sample=self.logic.loadSample, needs=self.logic.torchNeeds)
        application = Application(ask_folder=askFolder, busy=slicer.util.WaitCursor)
        self.panel = PanelWidget(self.ui, self.session, first_use=firstUse, application=application)
        self.observeScene()
        if self.entered:
            self.session.show_again()

    def observeScene(self) -> None:
        """Scene events that the panel has to know of."""
        scene = slicer.mrmlScene
        for event, call in (
            (scene.StartCloseEvent, self.onSceneStartClose),
            (scene.EndCloseEvent, self.onSceneEndClose),
            (scene.EndImportEvent, self.onSceneEndImport),
            (scene.EndRestoreEvent, self.onSceneEndImport),
            (scene.NodeRemovedEvent, self.onNodeRemoved),
        ):
            self.addObserver(scene, event, call)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved, priority=BEFORE_SELECTORS)

    def enter(self) -> None:
        """The module is shown: the panel's own view layout."""
        self.entered = True
        if self.session is not None:
            self.session.show_again()

    def exit(self) -> None:
        """Another module is shown: what was there before comes back."""
        self.entered = False
        if self.session is not None:
            self.session.put_away()

    def cleanup(self) -> None:
        """Called when the application closes and the module widget is destroyed."""
        self.removeObservers()
        if self.session is not None:
            self.session.close()
        self.session = None

    def onSceneStartClose(self, caller: Any = None, event: Any = None) -> None:
        """Nothing may run or look at the scene any more."""
        self.session.on_scene_closing()

    def onSceneEndClose(self, caller: Any = None, event: Any = None) -> None:
        """An empty scene, once the views are awake again."""
        later(self.onEmptyScene)

    def onEmptyScene(self) -> None:
        """Views forget what they showed."""
        if self.session is None:
            return
        if self.entered:
            self.session.show_again()
        self.panel.redraw()
        slicer.util.forceRenderAllViews()

    def onSceneEndImport(self, caller: Any = None, event: Any = None) -> None:
        """A scene was loaded; until this event is over, views lose what they are asked to draw."""
        later(self.onLoadedScene)

    def onLoadedScene(self) -> None:
        """Show what was left, in this module or once it is entered."""
        if self.session is not None and self.entered:
            self.session.show_again()
            slicer.util.forceRenderAllViews()

    def onNodeAboutToBeRemoved(self, caller: Any = None, event: Any = None) -> None:
        """Selectors now go on to a neighbour, which nobody chose."""
        self.session.removing = True

    def onNodeRemoved(self, caller: Any = None, event: Any = None) -> None:
        """Perhaps the study itself."""
        self.session.on_node_removed()


class MSSTUNetReorientLogic(ScriptedLoadableModuleLogic):
    """The job without the panel: for the widget, for scripts and for the test."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.result: Result | None = None

    def ensureTorch(self) -> None:
        """Offer to install PyTorch where it is missing.

        Raises:
            InputError: it is still missing, and what to do.
        """
        from MSSTUNetReorientLib.errors import InputError

        if importlib.util.find_spec("torch") is not None:
            return
        try:
            import PyTorchUtils
        except ModuleNotFoundError as error:
            msg = _("PyTorch is missing: install the extension 'PyTorch' in the Extensions Manager and restart Slicer.")
            raise InputError(msg) from error
        offer = _(
            "The network needs PyTorch, which is not installed. The extension 'PyTorch' can download it from the "
            "internet into 3D Slicer's own Python: 200 MB to several GB, once. No study leaves this machine. Download?"
        )
        again = _("press the button again, or install it in the module 'PyTorch Utils'.")
        if not slicer.util.confirmOkCancelDisplay(offer, _("Install PyTorch")):
            msg = _("PyTorch was not installed: {0}").format(again)
            raise InputError(msg)
        try:
            installed = PyTorchUtils.PyTorchUtilsLogic().installTorch(
                askConfirmation=False, torchVersionRequirement=TORCH_REQUIREMENT
            )
        except Exception as error:  # pip's own, of several kinds
            msg = _("PyTorch could not be installed ({0}): {1}").format(error, again)
            raise InputError(msg) from error
        if installed is None:
            msg = _("PyTorch was not installed: {0}").format(again)
            raise InputError(msg)
        importlib.invalidate_caches()

    def torchNeeds(self) -> str:
        """What the first run does before it can start, in words; empty where PyTorch is here."""
        if importlib.util.find_spec("torch") is not None:
            return ""
        return _(
            "The first run downloads PyTorch (200 MB for the CPU, several GB for a GPU; 2 to 15 minutes, once) after "
            "asking you. 3D Slicer does not respond during the installation."
        )

    def loadSample(self) -> Any:
        """The simulated study that comes with the extension, as a volume node."""
        return slicer.util.loadVolume(str(sampleStudy()), {"name": SAMPLE_NAME})

    def process(self, volumeNode: Any, *, progress: Callable[[str], None] | None = None) -> SceneNodes:
        """Reorient and segment a loaded study.

        Args:
            volumeNode: vtkMRMLScalarVolumeNode of a reconstructed SPECT or PET study; it is not changed.
            progress: told each step in words.

        Returns:
            The new nodes; the answer itself stays in :attr:`result`.

        Raises:
            InputError: the node is not a study that can be read; the message says what to do.
        """
        from MSSTUNetReorientLib.output.scene_figures import scene_figures
        from MSSTUNetReorientLib.prediction.predictor import predict
        from MSSTUNetReorientLib.scene import add_result

        self.result = predict(self.volumeFromNode(volumeNode), progress=progress)
        figures = scene_figures(self.result)
        return add_result(slicer.mrmlScene, self.result, volumeNode.GetName(), study_node=volumeNode, figures=figures)

    def volumeFromNode(self, volumeNode: Any) -> Volume:
        """The node's voxels with their geometry in LPS mm, checked.

        Raises:
            InputError: no voxels, several values in each, a parent transform, or no cardiac study.
        """
        from MSSTUNetReorientLib.panel.nodes.study_node import read_study_node

        return read_study_node(volumeNode)


def sampleStudy() -> Path:
    """The simulated study that comes with the extension, installed or in a checkout.

    Raises:
        FileNotFoundError: it is in neither place.
    """
    module = Path(__file__).resolve().parent
    for folder in (module / "Resources" / "SampleData", module.parent / "Resources" / "SampleData"):
        for path in sorted(folder.glob("*.nrrd")):
            return path
    msg = "Resources/SampleData contains no .nrrd study"
    raise FileNotFoundError(msg)


def later(call: Callable[[], None]) -> None:
    """Call once the event loop is back."""
    import qt

    qt.QTimer.singleShot(0, call)


def askFolder(title: str) -> str:
    """Ask for a folder; empty if none was chosen."""
    import qt

    return str(qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title) or "")


def onStartup() -> None:
    """Slicer is up: make known what other parts of it ask for."""
    from MSSTUNetReorientLib.panel.screen.layout_description import register

    registerSampleData()
    register(slicer.mrmlScene)


def registerSampleData() -> None:
    """Put the simulated study into the module Sample Data; nothing is downloaded."""
    import SampleData

    try:
        study = sampleStudy()
    except FileNotFoundError:
        return
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=_("Nuclear Medicine"),
        sampleName=SAMPLE_NAME,
        thumbnailFileName=str(Path(__file__).resolve().parent / "Resources" / "Icons" / "MSSTUNetReorient.png"),
        uris=study.as_uri(),
        fileNames=study.name,
        checksums=f"SHA256:{hashlib.sha256(study.read_bytes()).hexdigest()}",
        nodeNames=SAMPLE_NAME,
    )


class MSSTUNetReorientTest(ScriptedLoadableModuleTest):
    """Runs inside Slicer: the sample study from file to nodes, the panel's whole flow, and what the logic refuses."""

    WAIT_S = 120.0

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        for test in (
            self.test_SampleStudy,
            self.test_PanelFromRunToReload,
            self.test_AcceptedResultAsDicomAndBack,
            self.test_TransformedStudyIsRefused,
        ):
            self.setUp()
            test()

    def test_SampleStudy(self) -> None:
        self.delayDisplay("Reorienting the sample study")
        study = slicer.util.loadVolume(str(sampleStudy()))
        logic = MSSTUNetReorientLogic()
        logic.ensureTorch()
        nodes = logic.process(study)
        assert nodes.study is study
        assert nodes.segmentation.GetSegmentation().GetNumberOfSegments() == 2
        assert slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").GetOrientation() == "SA"
        assert logic.result.quality.status != "fail"
        self.delayDisplay("Test passed")

    def test_PanelFromRunToReload(self) -> None:
        from MSSTUNetReorientLib.panel.session import Stage

        self.delayDisplay("Run, nudge and accept in the panel")
        study, session = self.sampleSession()
        assert session.review.stage is Stage.ADJUSTING, session.review.message
        session.review.nudge("swing", 5.0)
        session.review.nudge("basal", -2.0)
        session.review.accept("Self-test")
        self.waitFor(lambda: session.review.stage is Stage.ACCEPTED or session.review.message)
        assert session.review.stage is Stage.ACCEPTED, session.review.message
        left = session.review.adjustment
        session.choose(None)
        session.choose(study)
        assert session.review.adjustment == left
        session.close()
        self.delayDisplay("Test passed")

    def test_AcceptedResultAsDicomAndBack(self) -> None:
        import pydicom
        from DICOMLib import DICOMUtils
        from MSSTUNetReorientLib.panel.dicom_export import export_record
        from MSSTUNetReorientLib.panel.session import Stage

        self.delayDisplay("Write an accepted result as DICOM, with pseudonyms, and load it again")
        _, session = self.sampleSession()
        session.review.accept()
        self.waitFor(lambda: session.review.stage is Stage.ACCEPTED or session.review.message)
        before, after = ([0.0] * 6 for _ in range(2))
        session.review.nodes.node("short_axis").GetRASBounds(before)
        with (
            tempfile.TemporaryDirectory() as folder,
            DICOMUtils.TemporaryDICOMDatabase(f"{folder}/database") as database,
        ):
            export_record(slicer.mrmlScene, session.review.record_node, Path(folder), anonymous=True)
            (file,) = Path(folder).rglob("short_axis.dcm")
            DICOMUtils.importDicom(str(file.parent), database)
            loaded = DICOMUtils.loadSeriesByUID([pydicom.dcmread(file).SeriesInstanceUID])
        nodes = [slicer.mrmlScene.GetNodeByID(name) for name in loaded]
        (volume,) = (node for node in nodes if node.IsA("vtkMRMLScalarVolumeNode"))
        volume.GetRASBounds(after)
        assert max(abs(x - y) for x, y in zip(before, after, strict=True)) < 0.01, (before, after)
        session.close()
        self.delayDisplay("Test passed")

    def sampleSession(self) -> tuple[Any, Any]:
        """The sample study, and a session of the panel in which it was run."""
        from MSSTUNetReorientLib.panel.delay import QtDelay
        from MSSTUNetReorientLib.panel.session import Session
        from MSSTUNetReorientLib.panel.session import Stage
        from MSSTUNetReorientLib.panel.worker.worker_process import ChildProcess

        study = slicer.util.loadVolume(str(sampleStudy()))
        session = Session(slicer.mrmlScene, ChildProcess(), QtDelay(), prepare=MSSTUNetReorientLogic().ensureTorch)
        session.choose(study)
        session.review.run()
        self.waitFor(lambda: session.review.stage is not Stage.RUNNING)
        return study, session

    def waitFor(self, holds: Callable[[], Any]) -> None:
        """Turn the application's event loop until something holds."""
        end = time.monotonic() + self.WAIT_S
        while not holds():
            if time.monotonic() > end:
                msg = "nothing came within two minutes"
                raise AssertionError(msg)
            slicer.app.processEvents()
            time.sleep(0.01)

    def test_TransformedStudyIsRefused(self) -> None:
        from MSSTUNetReorientLib.errors import InputError

        study = slicer.util.loadVolume(str(sampleStudy()))
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        study.SetAndObserveTransformNodeID(transform.GetID())
        try:
            MSSTUNetReorientLogic().volumeFromNode(study)
        except InputError:
            return
        msg = "a study under a transform must be refused"
        raise AssertionError(msg)
