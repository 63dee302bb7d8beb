"""Lengths shared by the networks and their callers: cubes, scales, label spacing, mean orientation."""

from __future__ import annotations

CUBE_SIZE, CUBE_SPACING = 96, 4.0
"""The input: voxels along an edge, and mm."""
HALF_MM = (CUBE_SIZE - 1) * CUBE_SPACING / 2
"""Half the distance between the centres of the cube's corner voxels: the unit of translations."""
WIDE_SIZE, WIDE_SCALE = 40, (40 - 1) * 4.8 / 2 / HALF_MM
"""Scale 2: 40^3 voxels of 4.8 mm."""
CLOSE_SIZE, CLOSE_SCALE = 48, (48 - 1) * 3.2 / 2 / HALF_MM
"""Scale 3 and the labels: 48^3 voxels of 3.2 mm, 154 mm round the LV."""
LABEL_SPACING, LABEL_HALF_MM = 3.2, CLOSE_SCALE * HALF_MM
"""Of the labels: mm, and half the distance between the centres of their corner voxels."""
SHIFT_UNIT = 20.0 / HALF_MM
"""A residual shift of one is 20 mm."""
MEAN_SA_AXES = ((0.87, -0.23, -0.43), (0.47, 0.17, 0.86), (-0.12, -0.96, 0.26))
"""The mean pose's SA axes (columns) that rotations are relative to; a test compares it with :mod:`..geometry.pose`."""
