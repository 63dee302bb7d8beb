"""Which subject serves for what: the list that the simulator keeps too (:mod:`..simulation.splits`)."""

from __future__ import annotations

from ..simulation.splits import COUNTS_SUBJECTS as COUNTS_SUBJECTS
from ..simulation.splits import Split as Split
from ..simulation.splits import ventricle_subjects as ventricle_subjects
