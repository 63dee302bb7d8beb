"""Cardiac SPECT/PET reorientation in 3D Slicer: module, panel, logic and self-test.

Only what Slicer itself brings is imported at file scope; PyTorch is looked for when the button is pressed.
"""

from __future__ import annotations

import importlib.util
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
    from MSSTUNetReorientLib.result import Result
    from MSSTUNetReorientLib.scene import SceneNodes
    from MSSTUNetReorientLib.volume import Volume

TORCH_REQUIREMENT = ">=2.4"


class MSSTUNetReorient(ScriptedLoadableModule):
    """What the module is, for Slicer's module list and help."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("MSSTUNet Reorient")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Nuclear Medicine")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MSSTUNetReorient contributors"]
        self.parent.helpText = _(
            "Finds the left ventricle in a reconstructed myocardial perfusion SPECT or PET study, turns the study to "
            "the short axis and segments the myocardium and the blood pool. Load a study, choose it, and press "
            "<b>Reorient &amp; Segment</b>: the slice views turn to the short axis (red), the horizontal long axis "
            "(green) and the vertical long axis (yellow). The study itself is never moved. "
            "For research; a reader has to look at every result."
        )
        self.parent.helpText += self.getDefaultModuleDocumentationLink()
        self.parent.acknowledgementText = _(
            "The method follows Y. Ni, D. Zhang, G. Ma, L. Lu, Z. Huang and W. Zhu: <i>A Multi-Scale Spatial "
            "Transformer U-Net for Simultaneously Automatic Reorientation and Segmentation of 3D Nuclear Cardiac "
            "Images</i>, 2023, "
            '<a href="https://arxiv.org/abs/2310.10095">arXiv:2310.10095</a>, and F. Zhu, G. Wang, C. Zhao et al.: '
            "<i>Automatic reorientation by deep learning to generate short axis SPECT myocardial perfusion images</i>, "
            '2022, <a href="https://arxiv.org/abs/2208.03752">arXiv:2208.03752</a>.'
        )


class MSSTUNetReorientWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: choose a study, press the button, read the verdict."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: MSSTUNetReorientLogic | None = None

    def setup(self) -> None:
        """Called when the user opens the module for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MSSTUNetReorient.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = MSSTUNetReorientLogic()
        self.ui.studySelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onStudyChanged)
        self.ui.reorientButton.clicked.connect(self.onReorientButton)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.onStudyChanged(self.ui.studySelector.currentNode())

    def cleanup(self) -> None:
        """Called when the application closes and the module widget is destroyed."""
        self.removeObservers()

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        self.onStudyChanged(None)

    def onStudyChanged(self, node: Any) -> None:
        self.ui.reorientButton.enabled = node is not None
        self.ui.statusLabel.text = _("Ready.") if node is not None else _("Load a study and choose it above.")

    def onReorientButton(self, checked: bool = False) -> None:
        """Run the job. What the user can mend is said in the panel; anything else opens Slicer's error window."""
        from MSSTUNetReorientLib.errors import InputError

        self.ui.reorientButton.enabled = False
        try:
            with slicer.util.tryWithErrorDisplay(_("The study could not be reoriented."), waitCursor=True):
                try:
                    self.runJob()
                except InputError as error:
                    self.showStatus(str(error))
        finally:
            self.ui.reorientButton.enabled = self.ui.studySelector.currentNode() is not None

    def runJob(self) -> None:
        """The job from the chosen node to the views."""
        self.logic.ensureTorch()
        showFourViews()
        self.logic.process(self.ui.studySelector.currentNode(), progress=self.showStatus)
        self.showStatus(describe(self.logic.result))

    def showStatus(self, text: str) -> None:
        """Also called for each step while the job runs, so the window is repainted."""
        self.ui.statusLabel.text = text
        slicer.app.processEvents()


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
        torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(
            askConfirmation=True, torchVersionRequirement=TORCH_REQUIREMENT
        )
        if torch is None:
            msg = _("PyTorch was not installed: press the button again, or install it in the module 'PyTorch Util'.")
            raise InputError(msg)

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
        from MSSTUNetReorientLib.predictor import predict
        from MSSTUNetReorientLib.scene import add_result

        self.result = predict(self.volumeFromNode(volumeNode), progress=progress)
        return add_result(slicer.mrmlScene, self.result, volumeNode.GetName(), study_node=volumeNode)

    def volumeFromNode(self, volumeNode: Any) -> Volume:
        """The node's voxels with their geometry in LPS mm, checked.

        Raises:
            InputError: no voxels, several values in each, a parent transform, or no cardiac study.
        """
        from MSSTUNetReorientLib.errors import InputError
        from MSSTUNetReorientLib.scene.arrays import volume_of
        from MSSTUNetReorientLib.volume import check_volume

        if volumeNode is None or volumeNode.GetImageData() is None:
            msg = _("No study is chosen, or it holds no image: load one and choose it.")
            raise InputError(msg)
        name = volumeNode.GetName()
        transform = volumeNode.GetParentTransformNode()
        if transform is not None:
            msg = _("{name} hangs under the transform {transform}: harden it or take the study out of it first.")
            raise InputError(msg.format(name=name, transform=transform.GetName()))
        if volumeNode.GetImageData().GetNumberOfScalarComponents() != 1:
            msg = _("{name} holds several values in each voxel: choose a study with one count in each.")
            raise InputError(msg.format(name=name))
        return check_volume(volume_of(volumeNode), name)


def describe(result: Result) -> str:
    """The verdict and the volumes in words, for the status line."""
    ml = result.volumes_ml
    lines = [
        _("Quality control: {status}").format(status=result.quality.status),
        *result.quality.reasons,
        _("Myocardium {wall:.0f} ml, blood pool {pool:.0f} ml").format(wall=ml["myocardium"], pool=ml["blood_pool"]),
    ]
    return "\n".join(lines)


def showFourViews() -> None:
    """Show the three slice views and the 3D view; without a main window there is nothing to lay out."""
    layoutManager = slicer.app.layoutManager()
    if layoutManager is not None:
        layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)


def sampleStudy() -> Path:
    """The simulated study that comes with the extension, installed or in a checkout.

    Raises:
        FileNotFoundError: it is in neither place.
    """
    module = Path(__file__).resolve().parent
    for folder in (module / "Resources" / "SampleData", module.parent / "Resources" / "SampleData"):
        for path in sorted(folder.glob("*.nrrd")):
            return path
    msg = "Resources/SampleData holds no .nrrd study"
    raise FileNotFoundError(msg)


class MSSTUNetReorientTest(ScriptedLoadableModuleTest):
    """Runs inside Slicer: the sample study from file to nodes, and what the logic refuses."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        for test in (self.test_SampleStudy, self.test_TransformedStudyIsRefused):
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
