"""The sample study that the extension ships: a simulated stress SPECT with its truth.

``python -m MSSTUNetReorientLib.simulation.sample FOLDER`` makes it again, voxel for voxel.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from ..io import write_volume
from ..pose import MEAN_ROTATION
from ..pose import Correction
from ..pose import Cube
from ..pose import Pose
from ..volume import Grid
from ..volume import Volume
from ..volume import resample
from .beat import Beat
from .draw import draw_spots
from .draw import draw_tissue
from .heart import ParametricShape
from .parameters import Placement
from .parameters import Raster
from .parameters import StudyParameters
from .render import Study
from .render import render
from .scanner import Scanner
from .torso import Activity
from .torso import draw_ellipsoids
from .truth import LABEL_SPACING
from .uptake import draw_perfusion

NAME = "spect_phantom"
SEED = 20231
CUBE_SIZE, CUBE_SPACING = 106, 4.0
STUDY_SIZE, STUDY_SPACING = (64, 64, 44), 6.4
STUDY_CENTRE = (0.0, 0.0, 1000.0)
"""Middle of the field of view, LPS mm; the scanner's table counts from the feet."""

HEART = ParametricShape(
    radius_i=34.0, radius_j=32.0, apex=52.0, base=36.0, tilt=(0.16, 0.02), wall=10.5, apical_wall=7.0, taper=0.1,
    wobble=0.03, wobble_phase=0.8, bulge=0.0, rv_radius=(33.0, 38.0, 44.0), rv_centre=(-31.0, -4.0, 16.0),
)  # fmt: skip
ACTIVITY = Activity(
    {"air": 0.0, "body": 0.13, "lung": 0.06, "liver": 0.5, "spleen": 0.5, "stomach": 0.2, "bowel": 0.7, "gall": 0.8,
     "kidney": 0.9, "bone": 0.14, "blood": 0.17},
    unevenness=0.16,
)  # fmt: skip
CAMERA = Scanner(
    kind="spect", fwhm=11.5, voxel=STUDY_SPACING, noise=0.075, noise_fwhm=10.0, floor=0.08, shading=0.12,
    depth_loss=0.0022, field=205.0, axial=0.0, rim=0.0, specks=0, seed=SEED,
)  # fmt: skip
COUNTS_OF_HEALTHY_WALL = 900.0


def make_sample() -> tuple[Study, Pose]:
    """The study on a fine cube, and the heart's pose in the patient."""
    rng = np.random.default_rng(SEED)
    rotation = Pose(MEAN_ROTATION, np.zeros(3)).corrected(Correction(swing=6.0, tilt=-5.0, roll=4.0)).rotation
    parameters = StudyParameters(
        "spect", SEED, HEART, draw_perfusion(rng), Beat(), draw_ellipsoids(rng), ACTIVITY, draw_spots(rng),
        draw_tissue(rng), Placement.of(rotation, np.array([34.0, -24.0, 6.0])), CAMERA,
        Raster((CUBE_SIZE,) * 3, CUBE_SPACING, STUDY_CENTRE),
    )  # fmt: skip
    study = render(parameters)
    return study, study.truth.pose


def write_sample(folder: Path) -> list[Path]:
    """Write study, labels (the wall as it appears) and truth; returns the files."""
    study, pose = make_sample()
    half = (CUBE_SIZE - 1) / 2 * CUBE_SPACING
    fine = Volume(study.image, Grid((CUBE_SIZE,) * 3, np.full(3, CUBE_SPACING), np.array(STUDY_CENTRE) - half))
    size = np.array(STUDY_SIZE)
    grid = Grid(STUDY_SIZE, np.full(3, STUDY_SPACING), np.array(STUDY_CENTRE) - (size - 1) / 2 * STUDY_SPACING)
    counts = np.rint(np.maximum(resample(fine, grid, order=1).array, 0.0) * COUNTS_OF_HEALTHY_WALL)
    labels = Volume(study.truth.labels, Grid.centred(study.truth.labels.shape[0], LABEL_SPACING, pose))
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{NAME}{end}" for end in (".nrrd", "_labels.nrrd", "_truth.json")]
    write_volume(Volume(counts.astype(np.uint16), grid), files[0])
    write_volume(labels, files[1])
    files[2].write_text(json.dumps(_truth(pose, labels, grid), indent=1) + "\n")
    return files


def _truth(pose: Pose, labels: Volume, grid: Grid) -> dict[str, object]:
    cube = Cube(tuple(grid.centre.tolist()), 190.0)
    i, j, k = pose.rotation.T.tolist()
    ml = labels.grid.voxel_ml
    return {
        "what": "simulated Tc-99m sestamibi SPECT, parametric heart and chest; no patient",
        "pose": {
            "euler_yxz_rad": list(pose.euler()),
            "translation_normalized": pose.translation(cube).tolist(),
            "cube": {"centre_lps_mm": list(cube.centre), "half_mm": cube.half},
            "centre_lps_mm": pose.centre.tolist(),
            "axes_lps": {"i": i, "j": j, "k": k},
        },
        "volumes_ml": {
            "myocardium": float((labels.array == 1).sum()) * ml,
            "blood_pool": float((labels.array == 2).sum()) * ml,
        },
        "resolution_fwhm_mm": CAMERA.fwhm,
        "seed": SEED,
        "software": __version__,
    }


if __name__ == "__main__":
    for path in write_sample(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
