"""The small picture of a result: which way up its three views are, by a heart with a known defect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from MSSTUNetReorientLib.output.thumbnail import EDGE
from MSSTUNetReorientLib.output.thumbnail import thumbnail
from MSSTUNetReorientLib.output.thumbnail import write_thumbnail
from numpy.typing import NDArray
from results import make_result


def views() -> list[NDArray[np.float64]]:
    """Brightness of the short axis, HLA and VLA."""
    return np.split(thumbnail(make_result(), "gray").mean(axis=2), 3, axis=1)


def brightest(rows: NDArray[np.float64]) -> float:
    return float(rows.max())


def test_the_defect_is_inferior_and_the_cavity_dark() -> None:
    short_axis, _, _ = views()
    middle, third = EDGE // 2, EDGE // 3
    column = short_axis[:, middle - 2 : middle + 2]
    assert brightest(column[:third]) > 240  # anterior, up
    assert brightest(column[-third:]) < 130  # inferior, with the defect of 45 %
    assert short_axis[middle, middle] < 60


def test_the_apex_is_up_in_hla_and_right_in_vla() -> None:
    _, hla, vla = views()
    half, third = EDGE // 2, EDGE // 4
    assert brightest(hla[:third, half - 4 : half + 4]) > 240 > 60 > brightest(hla[-third:, half - 4 : half + 4])
    assert brightest(vla[half - 4 : half + 4, -third:]) > 240 > 60 > brightest(vla[half - 4 : half + 4, :third])


def test_it_is_a_picture(tmp_path: Path) -> None:
    from PIL import Image

    write_thumbnail(make_result(), tmp_path / "t.png")
    with Image.open(tmp_path / "t.png") as picture:
        assert picture.size == (3 * EDGE, EDGE)
        assert np.array_equal(np.asarray(picture), thumbnail(make_result()))
