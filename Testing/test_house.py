"""The rules of docs/layout.md, read off the imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import REPOSITORY

PACKAGE = "MSSTUNetReorientLib"
LIBRARY = REPOSITORY / "MSSTUNetReorient" / PACKAGE
MODULES = sorted((REPOSITORY / "MSSTUNetReorient").glob("*.py"))
"""The files that 3D Slicer makes modules of: the panel's, and the DICOM plugin's."""
PLAN = REPOSITORY / "docs" / "layout.md"

CORE = {"errors", "geometry"}
RESULT = CORE | {"io", "prediction"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "geometry": {"errors"},
    "io": CORE,
    "networks": CORE,
    "perfusion": CORE,
    "prediction": CORE | {"networks"},
    "simulation": CORE | {"io"},
    "scene": RESULT,
    "output": RESULT | {"scene", "perfusion"},
    "archive": RESULT | {"output"},
    "evaluation": RESULT | {"networks", "output", "perfusion", "simulation"},
    "training": RESULT | {"networks", "simulation", "evaluation"},
    "panel": RESULT | {"scene", "archive", "output", "perfusion"},
    "commands": RESULT | {"output", "archive", "simulation", "evaluation", "training"},
    "__main__": {"commands"},
}
"""Room to the rooms it may know; each stands above those. A room is a module or a package right under the library."""

SLICER = {"slicer", "qt", "ctk", "PythonQt", "vtk", "mrml"}
KNOW_SLICER = {"scene", "panel"}
WITHOUT_TORCH = ("errors", "geometry", "io", "perfusion", "scene", "output", "archive", "panel")
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
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 and parts[1] in MAY_IMPORT else None


def files() -> list[Path]:
    return sorted(p for p in LIBRARY.rglob("*.py") if p != LIBRARY / "__init__.py")


def room_of_file(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


each_file = pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(LIBRARY)))


@each_file
def test_every_file_is_in_a_room(path: Path) -> None:
    assert room_of_file(path) in MAY_IMPORT, "a new room: say here and in docs/layout.md which rooms it may know"


@each_file
def test_rooms_import_only_what_they_may(path: Path) -> None:
    room = room_of_file(path)
    found = {other for name in imports(path) if (other := room_of(name)) not in (None, room)}
    assert found <= MAY_IMPORT[room]


def test_no_room_stands_above_itself() -> None:
    """Rooms can be built one after the other, each from those before it."""
    built: set[str] = set()
    while len(built) < len(MAY_IMPORT):
        ready = {room for room, below in MAY_IMPORT.items() if room not in built and below <= built}
        assert ready, f"a circle among {sorted(set(MAY_IMPORT) - built)}"
        built |= ready


def test_rooms_that_are_named_are_there() -> None:
    for room in MAY_IMPORT:
        assert (LIBRARY / room / "__init__.py").is_file() or (LIBRARY / f"{room}.py").is_file(), room
    text = PLAN.read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)/?`", text, flags=re.MULTILINE))
    assert told | {"errors", "__main__"} == set(MAY_IMPORT)
    named = set(re.findall(r"\b([\w/]+\.py)\b", text))
    files_there = {p.relative_to(LIBRARY).as_posix() for p in files()}
    missing = {name for name in named if not any(f"/{there}".endswith(f"/{name}") for there in files_there)}
    assert missing <= {path.name for path in MODULES} | {"Testing/test_house.py", "test_house.py"}


def test_no_two_files_have_one_name() -> None:
    names = [path.name for path in files() if path.name not in ("__init__.py", "__main__.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_no_module_imports_itself_by_a_circle() -> None:
    """Also through imports within functions."""
    known = {path: _known_to(path) for path in files()}
    done: set[Path] = set()

    def walk(path: Path, way: tuple[Path, ...]) -> None:
        assert path not in way, " -> ".join(p.name for p in (*way[way.index(path) :], path))
        if path not in done:
            for other in sorted(known.get(path, ())):
                walk(other, (*way, path))
            done.add(path)

    for path in known:
        walk(path, ())


@each_file
def test_only_scene_and_panel_know_slicer(path: Path) -> None:
    if room_of_file(path) not in KNOW_SLICER:
        assert {name.split(".")[0] for name in imports(path)} & SLICER == set()


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_rooms_that_know_no_torch(room: str) -> None:
    for path in (p for p in files() if room_of_file(p) == room):
        assert "torch" not in {name.split(".")[0] for name in imports(path)}, path


def test_pose_knows_numpy_only() -> None:
    foreign = {name.split(".")[0] for name in imports(LIBRARY / "geometry" / "pose.py")}
    assert foreign <= {"numpy", "__future__", "dataclasses", "itertools"}


def test_the_job_never_needs_training_evaluation_or_simulation() -> None:
    """What the Slicer module and the command ``run`` can reach by imports, file by file."""
    reached, todo = set[Path](), [*MODULES, LIBRARY / "commands" / "run_study.py"]
    while todo:
        path = todo.pop()
        if path not in reached:
            reached.add(path)
            todo += [found for name in imports(path) for found in _files_of(name)]
    rooms = {room_of_file(p) for p in reached if p.is_relative_to(LIBRARY)}
    assert rooms & HEAVY_ROOMS == set()


def _known_to(path: Path) -> set[Path]:
    """The files that a file imports, but for the packages that it lies in itself."""
    own = {folder / "__init__.py" for folder in path.parents}
    return {found for name in imports(path) for found in _files_of(name)} - own - {path}


def _files_of(name: str) -> list[Path]:
    """The file of a dotted name of the library, if it is one."""
    if not name.startswith(f"{PACKAGE}."):
        return []
    stem = LIBRARY.joinpath(*name.split(".")[1:])
    return [p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()]


@pytest.mark.parametrize("module", MODULES, ids=lambda p: p.name)
def test_the_slicer_modules_import_no_third_party_package_at_file_scope(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = {alias.name.split(".")[0] for n in tree.body if isinstance(n, ast.Import) for alias in n.names}
    names |= {(n.module or "").split(".")[0] for n in tree.body if isinstance(n, ast.ImportFrom)}
    assert names & {"torch", "SimpleITK", "pydicom", "scipy", "matplotlib", "jinja2"} == set()


def test_the_rules_are_not_empty() -> None:
    """The reader of imports sees relative imports and those within functions."""
    found = set(imports(LIBRARY / "output" / "result_files.py"))
    assert f"{PACKAGE}.output.destination" in found
    assert f"{PACKAGE}.scene.write_scene" in found


def test_every_package_is_named_for_the_wheel() -> None:
    listed = set(
        tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    )
    folders = {p.parent.relative_to(LIBRARY.parent) for p in LIBRARY.rglob("__init__.py")}
    assert listed == {".".join(f.parts) for f in folders} | {f"{PACKAGE}.weights"}


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_lock_has_the_versions_of_the_constraints_with_hashes(name: str) -> None:
    """``make lock`` writes it; torch and the CUDA packages stay out, for the CPU build has a hash of its own."""
    pinned = dict(_pins(REPOSITORY / "constraints.txt"))
    lock = (REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    locked = dict(_pins(REPOSITORY / "requirements" / f"{name}.txt"))
    assert locked.items() <= pinned.items()
    assert {"setuptools", "numpy", "vtk"} <= set(locked)
    assert not [package for package in locked if package.startswith(("nvidia", "cuda", "triton")) or package == "torch"]
    blocks = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked)
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_lock_of_the_tests_has_all_that_is_pinned() -> None:
    pinned = dict(_pins(REPOSITORY / "constraints.txt"))
    assert set(pinned) - set(dict(_pins(REPOSITORY / "requirements" / "test.txt"))) == {"torch", "uv"}


def _pins(path: Path) -> list[tuple[str, str]]:
    """Names, as PyPI normalises them, and versions of a file of requirements."""
    found = re.findall(r"^([A-Za-z][\w.-]*)==([\w.]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in found]


@each_file
def test_references_in_docstrings_lead_somewhere(path: Path) -> None:
    """Every relative ``:mod:``, ``:class:`` and ``:func:`` names a file that is there, and what stands in it."""
    text = path.read_text(encoding="utf-8")
    for kind, dots, dotted in re.findall(r":(mod|class|func|data|attr):`~?(\.+)([\w.]+)`", text):
        folder = path.parent
        for _ in dots[1:]:
            folder = folder.parent
        parts = dotted.split(".")
        places = [folder.joinpath(*parts[:n]) for n in range(len(parts), 0, -1)]
        found = next((p for p in places if p.with_suffix(".py").is_file() or (p / "__init__.py").is_file()), None)
        assert found is not None, f"{dots}{dotted}"
        rest = parts[len(found.relative_to(folder).parts) :]
        assert not (kind == "mod" and rest), f"{dots}{dotted}"
        if rest:
            file = found.with_suffix(".py") if found.with_suffix(".py").is_file() else found / "__init__.py"
            assert re.search(rf"\b{rest[0]}\b", file.read_text(encoding="utf-8")), f"{dots}{dotted}"


DOCS = [
    *sorted(REPOSITORY.glob("*.md")),
    REPOSITORY / "weights" / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]


@pytest.mark.parametrize("page", DOCS, ids=lambda p: p.name)
def test_docs_name_files_and_modules_that_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    there = {
        p.relative_to(REPOSITORY).as_posix()
        for folder in ("MSSTUNetReorient", "Testing")
        for p in (REPOSITORY / folder).rglob("*.py")
    }
    for name in re.findall(r"`([\w/]+\.py)`", text):
        assert any(f"/{path}".endswith(f"/{name}") for path in there), name
    for dotted in re.findall(rf"\b{PACKAGE}\.([\w.]+?) import", text):
        assert _files_of(f"{PACKAGE}.{dotted}"), dotted
    for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link
