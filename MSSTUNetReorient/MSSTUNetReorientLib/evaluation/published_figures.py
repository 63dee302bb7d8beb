"""What both papers report of their networks, by the name of our recipe, and the order of their tables."""

from __future__ import annotations

from typing import NamedTuple

from .measurement import PARAMETERS


class Ni(NamedTuple):
    """Means of Ni 2023, Table 3: DSC in %, HD95 in mm, Rot-MSE in 10^-2 rad^2; None where the paper has none."""

    wall_dsc: float
    wall_hd95: float | None
    pool_dsc: float
    pool_hd95: float | None
    rot_mse: float | None = None


SEPARATE = "separate"
"""Ni's "Sep Rot Op2-Seg Op2": the pose of ``small-rot-op2``, the labels of ``small-msunet``."""

NI_TABLE_3: dict[str, dict[str, Ni]] = {
    "small-seg-op1": {"PET": Ni(81.18, 9.75, 93.48, 4.48), "SPECT": Ni(77.05, 10.33, 82.73, 5.59)},
    "small-seg-op2": {"PET": Ni(85.95, 8.78, 94.52, 4.76), "SPECT": Ni(88.72, 9.91, 92.62, 4.36)},
    "small-rot-op1-seg-op1": {
        "PET": Ni(87.03, 8.92, 95.19, 6.58, 1.53),
        "SPECT": Ni(89.09, 9.03, 92.62, 5.15, 4.27),
    },
    "small-msstunet": {"PET": Ni(91.48, 8.34, 96.70, 4.38, 1.33), "SPECT": Ni(94.81, 8.30, 96.21, 4.24, 1.38)},
    "small-rot-op1": {},
    "small-rot-op2": {},
    SEPARATE: {"PET": Ni(90.03, 8.26, 96.88, 4.62, 3.62), "SPECT": Ni(93.83, 8.61, 96.26, 4.10, 6.11)},
    "small-msunet": {"PET": Ni(92.31, None, 96.23, None), "SPECT": Ni(93.35, None, 96.90, None)},
}
"""Table 3, the localisers alone of Figure 4, and the upright segmenter, whose figures are those of Table 4."""

NI_TABLE_4: dict[str, dict[str, Ni]] = {
    "small-omega-net": {"PET": Ni(87.25, None, 94.91, None), "SPECT": Ni(92.19, None, 92.61, None)},
    "small-v-net": {"PET": Ni(88.03, None, 95.25, None), "SPECT": Ni(91.11, None, 94.74, None)},
    "small-dense-unet": {"PET": Ni(88.66, None, 96.00, None), "SPECT": Ni(90.11, None, 91.63, None)},
    "small-nn-unet": {"PET": Ni(88.19, None, 95.93, None), "SPECT": Ni(91.98, None, 93.99, None)},
    "small-msstunet-pyramid": {},
}
"""What Table 4 adds, and the other reading of the scales of Ni 2023."""

ZHU_TABLE_1: dict[str, dict[str, float]] = {
    name: dict(zip(PARAMETERS, r, strict=True))
    for name, r in {
        "small-vgg": (0.978, 0.985, 0.974, 0.976, 0.988, 0.979),
        "small-resnet": (0.986, 0.987, 0.989, 0.982, 0.991, 0.989),  # z_m is printed as 9.989
        "small-cnn-stn": (0.988, 0.992, 0.983, 0.989, 0.993, 0.991),
        "small-vgg-three-stages": (0.977, 0.993, 0.988, 0.980, 0.990, 0.992),
        "small-resnet-three-stages": (0.995, 0.996, 0.997, 0.992, 0.996, 0.997),
        "small-cascade": (0.994, 0.996, 0.996, 0.992, 0.997, 0.998),
    }.items()
}
"""r of the six parameters, Zhu 2022, Table 1."""

COMPARISONS = tuple(name for name in (*NI_TABLE_3, *ZHU_TABLE_1, *NI_TABLE_4) if name != SEPARATE)
"""Recipes in the order in which they are trained."""
