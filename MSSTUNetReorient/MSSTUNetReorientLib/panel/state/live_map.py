"""The polar map of one study at any pose: what a reader's nudge does to it, without segmenting or resampling.

The labels of the last segmentation move rigidly with the pose. The counts are those of the short axis made at that
segmentation, left where it lies in the patient: read between its voxels of 2 mm, segments differ by 0.2 percent of the
maximum from a short axis made anew at the moved pose, and by 1.2 if the study itself is read, whose voxels are larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...geometry.labels import BACKGROUND
from ...geometry.pose import Pose
from ...geometry.volume import Grid
from ...geometry.volume import Volume
from ...output.perfusion_text import perfusion_of
from ...perfusion.quantification import Perfusion
from ...prediction.result import Result

EDGE_VOXELS = 0.5
"""Labels end so far outside the middle of their outer voxels."""


@dataclass(frozen=True, eq=False)
class LiveMap:
    """A study as last segmented.

    Attributes:
        result: ``labels`` on the short-axis grid of ``pose``; ``short_axis`` on any grid in the patient.
    """

    result: Result

    def at(self, pose: Pose) -> Perfusion:
        """The perfusion with the labels moved to a pose: the command line's own figures where nothing was moved."""
        return perfusion_of(replace(self.result, pose=pose, labels=self._labels_at(pose), short_axis=self.counts(pose)))

    def counts(self, pose: Pose) -> Volume:
        """The volume that is read at a pose: the short axis, or the study where the LV leaves the short axis."""
        grid = self.result.short_axis.grid
        index, end = grid.index_of(pose.apply(self._corners)), np.array(grid.size) - 1
        inside = (index >= -EDGE_VOXELS) & (index <= end + EDGE_VOXELS)
        return self.result.short_axis if inside.all() else self.result.study

    def _labels_at(self, pose: Pose) -> Volume:
        labels, motion = self.result.labels, pose @ self.result.pose.inverse()
        grid = labels.grid
        moved = Grid(grid.size, grid.spacing, motion.apply(grid.origin), motion.rotation @ grid.direction)
        return Volume(labels.array, moved, labels.info)

    @cached_property
    def _corners(self) -> NDArray[np.float64]:
        """``(8, 3)`` of the box round the labels, SA mm; the LV centre where nothing is labelled."""
        labels, pose = self.result.labels, self.result.pose
        index = np.argwhere(labels.array != BACKGROUND)[:, ::-1]
        if not len(index):
            return np.zeros((8, 3))
        box = product(*np.stack([index.min(axis=0), index.max(axis=0)], axis=1).tolist())
        return pose.apply_inverse(labels.grid.at(list(box)))
