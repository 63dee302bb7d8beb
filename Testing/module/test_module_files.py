"""What Slicer's build and catalogue read: imports, the panel's file, CMake, the catalogue entry, the icon."""

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
MODULE = FOLDER / "MSSTUNetReorient.py"
TREE = ast.parse(MODULE.read_text(encoding="utf-8"))

STUB = """
set(Slicer_USE_FILE "${CMAKE_CURRENT_LIST_DIR}/Use.cmake")
set(Slicer_EXTENSION_GENERATE_CONFIG "${CMAKE_CURRENT_LIST_DIR}/Use.cmake")
set(Slicer_EXTENSION_CPACK "${CMAKE_CURRENT_LIST_DIR}/Use.cmake")
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "lib")
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  foreach(kind SCRIPTS RESOURCES)
    file(WRITE "${CMAKE_BINARY_DIR}/${kind}.txt" "")
    foreach(item ${MY_${kind}})
      file(APPEND "${CMAKE_BINARY_DIR}/${kind}.txt" "${item}\\n")
    endforeach()
  endforeach()
endmacro()
"""
"""In the place of Slicer's own CMake package: the macro writes down what it was given."""


def lib_files() -> set[str]:
    files = (p for p in (FOLDER / "MSSTUNetReorientLib").rglob("*") if p.is_file())
    return {p.relative_to(FOLDER).as_posix() for p in files if p.suffix != ".pyc"}


def test_file_scope_imports_only_what_slicer_brings() -> None:
    names = set()
    for node in TREE.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names <= set(sys.stdlib_module_names) | {"slicer", "qt", "ctk", "vtk"}


def test_what_slicers_start_imports_is_light() -> None:
    code = (FOLDER / "MSSTUNetReorientLib" / "panel" / "screen" / "layout_description.py").read_text(encoding="utf-8")
    found = [node.module for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    assert found == ["__future__", "typing"]


def test_module_declares_the_four_classes_slicer_looks_for() -> None:
    classes = {node.name for node in TREE.body if isinstance(node, ast.ClassDef)}
    assert classes >= {f"MSSTUNetReorient{end}" for end in ("", "Widget", "Logic", "Test")}


def test_panel_file_holds_every_widget_the_code_uses() -> None:
    code = ast.parse((FOLDER / "MSSTUNetReorientLib" / "panel" / "widget.py").read_text(encoding="utf-8"))
    used = {
        node.attr
        for tree in (TREE, code)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)
        if (node.value.id if isinstance(node.value, ast.Name) else node.value.attr) == "ui"
    }
    panel = ET.parse(FOLDER / "Resources" / "UI" / "MSSTUNetReorient.ui").getroot()
    names = [w.get("name") for w in panel.iter("widget")]
    assert used
    assert used <= set(names)
    assert len(names) == len(set(names))
    connected = {c.findtext("receiver") for c in panel.iter("connection")}
    assert connected == {w.get("name") for w in panel.iter("widget") if w.get("class") == "qMRMLNodeComboBox"}
    declared = {c.findtext("class") for c in panel.iter("customwidget")}
    assert declared == {w.get("class") for w in panel.iter("widget") if str(w.get("class")).startswith(("q", "ctk"))}


def test_cmake_lists_every_file_of_the_package(tmp_path: Path) -> None:
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("CMake is not installed")
    (tmp_path / "SlicerConfig.cmake").write_text(STUB, encoding="utf-8")
    (tmp_path / "Use.cmake").touch()
    build = tmp_path / "build"
    project = tmp_path / "project"  # the languages of project() are not needed to list files
    shutil.copytree(FOLDER, project / "MSSTUNetReorient", ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    text = text.replace("project(MSSTUNetReorient)", "project(MSSTUNetReorient NONE)")
    (project / "CMakeLists.txt").write_text(text, encoding="utf-8")
    for folder, name in (("weights", "manifest.json"), ("Resources/SampleData", "study.nrrd")):
        (project / folder).mkdir(parents=True)
        (project / folder / name).touch()
    command = [cmake, "-S", str(project), "-B", str(build), f"-DSlicer_DIR={tmp_path}"]
    subprocess.run(command, check=True, capture_output=True)
    scripts = set((build / "SCRIPTS.txt").read_text(encoding="utf-8").split())
    resources = set((build / "RESOURCES.txt").read_text(encoding="utf-8").split())
    assert scripts == {f for f in lib_files() if f.endswith(".py")} | {"MSSTUNetReorient.py"}
    assert resources >= {f for f in lib_files() if not f.endswith(".py")}
    icon, panel = "Resources/Icons/MSSTUNetReorient.png", "Resources/UI/MSSTUNetReorient.ui"
    assert resources >= {icon, panel, "Resources/LeftVentricle.term.json"}
    assert (build / "lib" / "MSSTUNetReorientLib" / "weights" / "manifest.json").exists()
    assert (build / "lib" / "Resources" / "SampleData" / "study.nrrd").exists()


def test_catalogue_entry_agrees_with_cmake() -> None:
    entry = json.loads((ROOT / "Resources" / "MSSTUNetReorient.json").read_text(encoding="utf-8"))
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    told = dict(re.findall(r'^set\(EXTENSION_(\w+) "([^"\n]*)"\)$', text, flags=re.MULTILINE))
    assert {"ICONURL", "SCREENSHOTURLS", "DESCRIPTION", "CONTRIBUTORS"} <= set(told)
    assert entry["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"] == told["CATEGORY"] == "Nuclear Medicine"
    assert entry["build_dependencies"] == told["DEPENDS"].split()
    assert entry["scm_url"] == told["HOMEPAGE"]
    assert re.search(r"/Slicer[^/]*$", entry["scm_url"])
    assert set(entry) <= {
        "$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies", "build_subdirectory",
        "enabled", "tier", "dicom_support_rule",
    }  # fmt: skip


def test_icon_is_a_png_of_128_pixels_with_transparency() -> None:
    header = (FOLDER / "Resources" / "Icons" / "MSSTUNetReorient.png").read_bytes()[:26]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(header[i : i + 4], "big") for i in (16, 20))
    assert (width, height) == (128, 128)
    assert header[25] == 6  # colour type: RGB with alpha
