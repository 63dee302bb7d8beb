"""The rules of docs/layout.md, read off the imports."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY

PACKAGE = "MSSTUNetReorientLib"
LIBRARY = REPOSITORY / "MSSTUNetReorient" / PACKAGE
MODULE = REPOSITORY / "MSSTUNetReorient" / "MSSTUNetReorient.py"

FLOORS = {
    "errors": 1, "geometry": 1, "io": 1,
    "networks": 2,
    "prediction": 3, "perfusion": 3, "simulation": 3,
    "training": 6, "evaluation": 6,
    "scene": 4, "output": 5, "job": 5, "terminal": 5,
    "cli": 5, "simulate": 5, "train": 5, "evaluate": 5, "steadiness": 5, "panel": 5, "__main__": 5,
}  # fmt: skip
"""Floor of each room: a module or a package right under the library."""

SLICER = {"slicer", "qt", "ctk", "PythonQt", "vtk", "mrml"}
HEAVY_ROOMS = {"training", "evaluation", "simulation"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, with relative names made absolute."""
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parts[: len(parts) - node.level]) if node.level else ""
            module = ".".join(name for name in (base, node.module) if name)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str | None:
    """The room that a dotted name lies in; None for the library itself and for other packages."""
    parts = name.split(".")
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 and parts[1] in FLOORS else None


def files() -> list[Path]:
    return sorted(p for p in LIBRARY.rglob("*.py") if p != LIBRARY / "__init__.py")


def room_of_file(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


each_file = pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(LIBRARY)))


@each_file
def test_every_room_has_a_floor(path: Path) -> None:
    assert room_of_file(path) in FLOORS, "a new room: give it a floor here and in docs/layout.md"


@each_file
def test_rooms_import_only_from_their_floor_and_below(path: Path) -> None:
    floor = FLOORS[room_of_file(path)]
    above = {name for name in imports(path) if FLOORS.get(room_of(name) or "", 0) > floor}
    assert above == set()


@each_file
def test_only_the_top_floor_knows_slicer(path: Path) -> None:
    if FLOORS[room_of_file(path)] < 5:
        assert {name.split(".")[0] for name in imports(path)} & SLICER == set()


@pytest.mark.parametrize("room", ["errors", "geometry", "io"])
def test_the_ground_floor_knows_no_torch(room: str) -> None:
    for path in (p for p in files() if room_of_file(p) == room):
        assert "torch" not in {name.split(".")[0] for name in imports(path)}, path


def test_pose_knows_numpy_only() -> None:
    foreign = {name.split(".")[0] for name in imports(LIBRARY / "geometry" / "pose.py")}
    assert foreign <= {"numpy", "__future__", "dataclasses", "itertools"}


def test_the_job_never_needs_training_evaluation_or_simulation() -> None:
    """What the Slicer module and the command ``run`` can reach by imports, file by file."""
    start = [MODULE] if MODULE.exists() else []
    reached, todo = set[Path](), [*start, LIBRARY / "job.py", LIBRARY / "delivery.py"]
    while todo:
        path = todo.pop()
        if path not in reached:
            reached.add(path)
            todo += [found for name in imports(path) for found in _files_of(name)]
    rooms = {room_of_file(p) for p in reached if p.is_relative_to(LIBRARY)}
    assert rooms & HEAVY_ROOMS == set()


def _files_of(name: str) -> list[Path]:
    """The file of a dotted name of the library, if it is one."""
    if not name.startswith(f"{PACKAGE}."):
        return []
    stem = LIBRARY.joinpath(*name.split(".")[1:])
    return [p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()]


def test_the_slicer_module_imports_no_third_party_package_at_file_scope() -> None:
    if not MODULE.exists():
        pytest.skip("the Slicer module is not there yet")
    tree = ast.parse(MODULE.read_text(encoding="utf-8"))
    names = {alias.name.split(".")[0] for n in tree.body if isinstance(n, ast.Import) for alias in n.names}
    names |= {(n.module or "").split(".")[0] for n in tree.body if isinstance(n, ast.ImportFrom)}
    assert names & {"torch", "SimpleITK", "pydicom", "scipy", "matplotlib", "jinja2"} == set()


def test_the_rules_are_not_empty() -> None:
    """The reader of imports sees relative imports and those within functions."""
    found = set(imports(LIBRARY / "delivery.py"))
    assert f"{PACKAGE}.destination" in found
    assert f"{PACKAGE}.scene.write_scene" in found


def test_every_package_is_named_for_the_wheel() -> None:
    listed = set(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {p.parent.relative_to(LIBRARY.parent) for p in LIBRARY.rglob("__init__.py")}
    assert listed == {".".join(f.parts) for f in folders} | {f"{PACKAGE}.weights"}
