"""One folder is written as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from MSSTUNetReorientLib.io.atomic_folder import atomic_folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A former folder with one file."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("old")
    return tmp_path / "out"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_the_former_folder_stays_until_the_end(place: Path, temporary: Path) -> None:
    with atomic_folder(place, temporary) as fresh:
        (fresh / "new").write_text("new")
        assert tree(place) == {"old"}
    assert tree(place.parent) == {"out", "out/new"}


def test_a_new_folder(tmp_path: Path, temporary: Path) -> None:
    with atomic_folder(tmp_path / "none", temporary) as fresh:
        (fresh / "new").write_text("new")
    assert tree(tmp_path) == {"none", "none/new"}


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_the_former_folder(error: type[BaseException], place: Path, temporary: Path) -> None:
    def write() -> None:
        with atomic_folder(place, temporary) as fresh:
            (fresh / "new").write_text("new")
            raise error

    with pytest.raises(error):
        write()
    assert tree(place.parent) == {"out", "out/old"}


def test_a_rename_that_fails_puts_the_former_folder_back(
    place: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError), atomic_folder(place, temporary):  # noqa: PT011
        pass
    assert tree(place.parent) == {"out", "out/old"}


def test_a_file_in_its_place_is_not_replaced(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OSError), atomic_folder(tmp_path / "file", temporary):  # noqa: PT011
        pass
    assert (tmp_path / "file").read_text() == "kept"
    assert tree(tmp_path) == {"file"}
