"""One file is written as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io.atomic_file import atomic_file
from MSSTUNetReorientLib.io.atomic_file import write_bytes
from MSSTUNetReorientLib.io.atomic_file import write_text


def test_the_former_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"former")
    with atomic_file(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"former"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def stop_halfway(path: Path, error: BaseException) -> None:
    with atomic_file(path) as temporary:
        temporary.write_bytes(b"ha")
        raise error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), InputError),
        (RuntimeError("write failed\nframe 0"), InputError),
        (ValueError("no number"), ValueError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_an_interrupted_write_leaves_the_former_file_alone(
    tmp_path: Path, error: BaseException, raised: type[BaseException]
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"former")
    with pytest.raises(raised) as caught:
        stop_halfway(path, error)
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]
    if raised is InputError:
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert ("No space left" if isinstance(error, OSError) else "write failed") in str(caught.value)


def test_text_is_utf8_and_lines_keep_their_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "46 °\nb\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"46 \xc2\xb0\nb\r\n"


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory"):
        write_bytes(tmp_path / "none" / "a.bin", b"")
