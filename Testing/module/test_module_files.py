"""What Slicer's build and catalogue read: imports, the panel's file, CMake, the catalogue entry, the icon."""

from __future__ import annotations

import ast
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "MSSTUNetReorient"
MODULE = FOLDER / "MSSTUNetReorient.py"
TREE = ast.parse(MODULE.read_text(encoding="utf-8"))
PLUGIN_TREE = ast.parse((FOLDER / "MSSTUNetReorientDICOMPlugin.py").read_text(encoding="utf-8"))


def test_file_scope_imports_only_what_slicer_brings() -> None:
    names = set()
    for node in (*TREE.body, *PLUGIN_TREE.body):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names <= set(sys.stdlib_module_names) | {"slicer", "qt", "ctk", "vtk", "DICOMLib"}


def test_what_slicers_start_imports_is_light() -> None:
    code = (FOLDER / "MSSTUNetReorientLib" / "panel" / "screen" / "layout_description.py").read_text(encoding="utf-8")
    found = [node.module for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    assert found == ["__future__", "typing"]


def test_module_declares_the_four_classes_slicer_looks_for() -> None:
    classes = {node.name for node in TREE.body if isinstance(node, ast.ClassDef)}
    assert classes >= {f"MSSTUNetReorient{end}" for end in ("", "Widget", "Logic", "Test")}


def test_each_module_file_has_the_class_of_its_name() -> None:
    """3D Slicer makes a module of every Python file in this folder, by the class of that name."""
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert path.stem in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


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
