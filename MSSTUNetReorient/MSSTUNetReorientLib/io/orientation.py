"""Directions of the axes of an image, as letters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .technical_info import warn

Array = NDArray[np.float64]

LETTERS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
"""The LPS axis of a letter, and its sign."""


def check_letters(orientation: str) -> str:
    """Three letters in capitals, one of each axis of the patient.

    Raises:
        InputError: other letters.
    """
    letters = orientation.strip().upper()
    axes = {LETTERS[c][0] for c in letters if c in LETTERS}
    if len(letters) != 3 or len(axes) != 3:
        rule = "the orientation of i, j, k must be three letters, one of each pair R/L, A/P and S/I"
        msg = f"--orientation {orientation}: {rule}, for example LPS"
        raise InputError(msg)
    return letters


def letters_of(direction: Array) -> str:
    """The letters nearest to where the axes ``(3, 3)`` point."""
    rows = np.abs(direction).argmax(axis=0)
    signs = np.sign(direction[rows, range(3)])
    return "".join(
        next(c for c, at in LETTERS.items() if at == (row, sign)) for row, sign in zip(rows, signs, strict=True)
    )


def oriented(volume: Volume, letters: str) -> Volume:
    """The same voxels with axes in the directions of ``letters``; the centre of the study stays."""
    direction = np.zeros((3, 3))
    for column, letter in enumerate(letters):
        row, sign = LETTERS[letter]
        direction[row, column] = sign
    grid = volume.grid
    half = grid.spacing * (np.array(grid.size) - 1) / 2
    return replace(volume, grid=Grid(grid.size, grid.spacing, grid.centre - direction @ half, direction))


def settled(volume: Volume, doubt: str, orientation: str | None) -> Volume:
    """A volume with the orientation of the file, of the user, or an assumed one with a warning.

    Args:
        volume: as read, with its own axes, left-handed ones too.
        doubt: why the file does not define left and right; empty if it does.
        orientation: three letters of the user, or None.

    Raises:
        InputError: other letters.
    """
    found = letters_of(volume.grid.direction)
    info = dict(volume.info)
    if orientation is None:
        if doubt:
            warn(
                info,
                f"The file does not define left and right ({doubt}): its axes are assumed to be {found}. "
                "Check left and right, or state them with --orientation.",
            )
        return replace(volume, info=info)
    stated = check_letters(orientation)
    info["orientation"] = stated
    if not doubt and stated == found:
        return replace(volume, info=info)
    if not doubt:
        warn(info, f"The file states its axes as {found}, the user as {stated}: check left and right.")
    return oriented(replace(volume, info=info), stated)
