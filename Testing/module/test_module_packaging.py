"""The extension as it is built, installed and translated: CMake against a stub of Slicer's macros, the module run from
the installed tree alone, and Qt's own tool on its texts."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "MSSTUNetReorient"
PANEL = FOLDER / "MSSTUNetReorientLib" / "panel"
LIB = "lib/Slicer-5.13/qt-scripted-modules"

STUB = f"""
set(Slicer_USE_FILE "${{CMAKE_CURRENT_LIST_DIR}}/Use.cmake")
set(Slicer_EXTENSION_GENERATE_CONFIG "${{CMAKE_CURRENT_LIST_DIR}}/Use.cmake")
set(Slicer_EXTENSION_CPACK "${{CMAKE_CURRENT_LIST_DIR}}/Use.cmake")
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "{LIB}")
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR "{LIB}")
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${{ARGN}})
  set(destination "${{CMAKE_BINARY_DIR}}/${{Slicer_QTSCRIPTEDMODULES_LIB_DIR}}")
  foreach(item ${{MY_SCRIPTS}} ${{MY_RESOURCES}})
    if(NOT EXISTS "${{CMAKE_CURRENT_SOURCE_DIR}}/${{item}}")
      message(FATAL_ERROR "given a file that is not there: ${{item}}")
    endif()
    configure_file("${{CMAKE_CURRENT_SOURCE_DIR}}/${{item}}" "${{destination}}/${{item}}" COPYONLY)
  endforeach()
  install(DIRECTORY "${{destination}}/" DESTINATION "${{Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}}")
endmacro()
"""
"""In the place of Slicer's own CMake package. Slicer's macro, too, copies each file to the same relative path and
installs that whole folder (``ctkMacroCompilePythonScript``)."""

ABSENT = ("typer", "rich", "matplotlib", "monai", "pytomography", "lightning", "PIL", "PySide6", "pytest",
          "highdicom", "pynetdicom", "dicomweb_client", "weasyprint", "pypdfium2", "jinja2")  # fmt: skip
"""Not in 3D Slicer, or not to be counted on: the job must do without them."""

JOB = """
import importlib, sys, types

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ImportError(f"{name} is not in 3D Slicer")

sys.meta_path.insert(0, Absent())
sys.path.insert(0, TREE)
import slicer
scripted = types.ModuleType("slicer.ScriptedLoadableModule")
for end in ("", "Widget", "Logic", "Test"):
    base = type("ScriptedLoadableModule" + end, (), {"__init__": lambda self, parent=None: None})
    setattr(scripted, base.__name__, base)
i18n = types.ModuleType("slicer.i18n")
i18n.tr, i18n.translate = (lambda text: text), (lambda context, text: text)
sys.modules.update({scripted.__name__: scripted, i18n.__name__: i18n})
import MSSTUNetReorient as module
import MSSTUNetReorientLib
from MSSTUNetReorientLib.prediction.models import weights_folder
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.nodes import add_volume
from MSSTUNetReorientLib.io import read_study

study = read_study(module.sampleStudy())
with new_scene() as scene:
    slicer.mrmlScene = scene
    node = add_volume(scene, study, "Sample", 1.0)
    logic = module.MSSTUNetReorientLogic()
    nodes = logic.process(node)
    assert nodes.segmentation.GetSegmentation().GetNumberOfSegments() == 2
for place in (module.__file__, MSSTUNetReorientLib.__file__, str(weights_folder()), str(module.sampleStudy())):
    print("place", place)
print("verdict", logic.result.quality.status)
import MSSTUNetReorientLib.panel.widget, MSSTUNetReorientLib.panel.session
lib = types.ModuleType("DICOMLib")
lib.DICOMPlugin, lib.DICOMLoadable = type("DICOMPlugin", (), {}), object
sys.modules["DICOMLib"], slicer.modules = lib, types.SimpleNamespace()
import MSSTUNetReorientDICOMPlugin as plugin
plugin.MSSTUNetReorientDICOMPlugin(types.SimpleNamespace())
print("plugin", slicer.modules.dicomPlugins[plugin.NAME].__name__)
"""
"""Runs the module's logic on the sample study from an installed tree."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files of the extension lie after ``cmake --install``."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("CMake is not installed")
    folder = tmp_path_factory.mktemp("extension")
    (folder / "SlicerConfig.cmake").write_text(STUB, encoding="utf-8")
    (folder / "Use.cmake").touch()
    project = folder / "project"
    for name in ("MSSTUNetReorient", "weights", "Resources"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    text = text.replace("project(MSSTUNetReorient)", "project(MSSTUNetReorient NONE)")  # no compiler is needed
    (project / "CMakeLists.txt").write_text(text, encoding="utf-8")
    build, prefix = folder / "build", folder / "installed"
    for command in (
        ["-S", project, "-B", build, f"-DSlicer_DIR={folder}"],
        ["--build", build],
        ["--install", build, "--prefix", prefix],
    ):
        done = subprocess.run([cmake, *map(str, command)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    shutil.rmtree(project)  # nothing may be taken from the sources any more
    shutil.rmtree(build)
    return prefix / LIB


def test_every_file_is_installed_in_its_place(installed: Path) -> None:
    wanted = {p.relative_to(FOLDER) for p in (FOLDER / "MSSTUNetReorientLib").rglob("*") if p.is_file()}
    wanted |= {p.relative_to(FOLDER) for p in (FOLDER / "Resources").rglob("*") if p.is_file()}
    wanted |= {Path("MSSTUNetReorientLib/weights") / p.name for p in (ROOT / "weights").iterdir()}
    wanted |= {Path("Resources/SampleData") / p.name for p in (ROOT / "Resources" / "SampleData").iterdir()}
    wanted = {p for p in wanted if p.suffix != ".pyc"} | {
        Path("MSSTUNetReorient.py"),
        Path("MSSTUNetReorientDICOMPlugin.py"),
    }
    found = {p.relative_to(installed) for p in installed.rglob("*") if p.is_file()}
    assert found == wanted


def test_the_job_runs_from_the_installed_tree_with_what_slicer_has(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("slicer")
    code = f"ABSENT, TREE = {ABSENT!r}, {str(installed)!r}\n" + JOB
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    told = re.findall(r"^(place|verdict) (.*)$", done.stdout, flags=re.MULTILINE)
    places = [Path(text) for kind, text in told if kind == "place"]
    assert len(places) == 4
    assert all(place.is_relative_to(installed) for place in places)
    assert ("verdict", "pass") in told or ("verdict", "review") in told
    assert "plugin MSSTUNetReorientDICOMPluginClass" in done.stdout


def test_the_child_process_starts_from_the_installed_tree(installed: Path, tmp_path: Path) -> None:
    """As the panel starts it; the end of its input ends it."""
    boot = ast.parse((PANEL / "worker" / "worker_process.py").read_text(encoding="utf-8"))
    (code,) = (
        ast.literal_eval(node.value)
        for node in boot.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BOOT"
    )
    request = json.dumps({"op": "predict", "study": str(tmp_path / "none.npz"), "answer": str(tmp_path / "a.npz")})
    done = subprocess.run(
        [sys.executable, "-u", "-c", code, str(installed)],
        input=request + "\n", capture_output=True, text=True, cwd=tmp_path, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_slicer_installs_nothing_by_pip() -> None:
    lines = (FOLDER / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.strip() and not line.startswith("#")] == []
    code = (FOLDER / "MSSTUNetReorient.py").read_text(encoding="utf-8")
    assert "pip_install" not in code


def test_screenshots_of_the_catalogue_are_in_the_repository() -> None:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    (found,) = re.findall(r'^set\(EXTENSION_SCREENSHOTURLS "([^"\n]*)"\)$', text, flags=re.MULTILINE)
    (icon,) = re.findall(r'^set\(EXTENSION_ICONURL "([^"\n]*)"\)$', text, flags=re.MULTILINE)
    for url in [*found.split(), icon]:
        start, _, path = url.partition("/main/")
        assert start == "https://raw.githubusercontent.com/MSSTUNetReorient/SlicerMSSTUNetReorient"
        assert (ROOT / path).is_file(), path
    assert len(found.split()) >= 2


# --- translations ---


def context_of(path: Path) -> str:
    """As ``slicer.i18n.getContext`` names it: the package and the file; the file alone outside a package."""
    inside = (path.parent / "__init__.py").exists()
    return f"{path.parent.name}.{path.stem}" if inside else path.stem


def translated_files() -> list[Path]:
    return [*sorted(FOLDER.glob("*.py")), *sorted(PANEL.rglob("*.py"))]


def texts_of(path: Path) -> set[str]:
    """What a file gives to ``_``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: only literals are extracted"
            found.add(str(node.args[0].value))
    return found


def test_qts_own_tool_finds_every_text_with_its_context(tmp_path: Path) -> None:
    tool = shutil.which("pyside6-lupdate", path=str(Path(sys.executable).parent)) or shutil.which("pyside6-lupdate")
    if tool is None:
        pytest.skip("pyside6-lupdate is not installed")
    sources = []
    for path in translated_files():  # as Slicer prepares Python files for lupdate
        text = path.read_text(encoding="utf-8")
        source = tmp_path / f"{context_of(path)}.py"
        source.write_text(re.sub(r"(?<![\w.])_\(", f'translate("{context_of(path)}", ', text), encoding="utf-8")
        sources.append(source)
    panel = FOLDER / "Resources" / "UI" / "MSSTUNetReorient.ui"
    command = [tool, *map(str, sources), str(panel), "-ts", str(tmp_path / "all.ts")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    contexts = {
        str(context.findtext("name")): {str(message.findtext("source")) for message in context.iter("message")}
        for context in ET.parse(tmp_path / "all.ts").getroot().iter("context")
    }
    assert "" not in contexts
    for path in translated_files():
        assert texts_of(path) <= contexts.get(context_of(path), set()), path.name
    shown = {element.text for element in ET.parse(panel).getroot().iter("string") if (element.text or "").strip()}
    plain = {"°", " mm", " %"}
    assert {text for text in shown if text} - plain <= contexts["MSSTUNetReorient"] | {"vtkMRMLScalarVolumeNode"}


def test_no_text_is_given_to_the_wrong_function() -> None:
    """``tr`` takes its context from the file that calls it: a function of ours between the two would be the context."""
    for path in translated_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in ("slicer.i18n", "words"):
                assert all(alias.name in ("tr", "translate") for alias in node.names), path.name
