"""The sample study that the extension ships: a simulated stress SPECT with its truth.

``python -m MSSTUNetReorientLib.simulation.sample FOLDER`` makes it again. The study that is shipped is kept as it was
first made, because cases of other file formats hold the same counts: it is a little smoother than one made now.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Cube
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..io import write_volume
from .parameters import StudyParameters
from .render import Study
from .render import render
from .truth import LABEL_SPACING

NAME = "spect_phantom"
PARAMETERS = Path(__file__).with_name("sample.json")
"""Drawn once and kept: the ranges that studies are drawn from change, the sample does not."""
STUDY_SIZE, STUDY_SPACING = (64, 64, 44), 6.4
"""Of the study, which is resampled from a finer cube."""
COUNTS_OF_HEALTHY_WALL = 900.0


def make_sample() -> Study:
    """The study on a fine cube."""
    return render(StudyParameters.from_json(PARAMETERS.read_text(encoding="utf-8")))


def write_sample(folder: Path) -> list[Path]:
    """Write study, labels (the wall as it appears) and truth; returns the files."""
    study = make_sample()
    pose, size = study.truth.pose, np.array(STUDY_SIZE)
    grid = Grid(STUDY_SIZE, np.full(3, STUDY_SPACING), study.grid.centre - (size - 1) / 2 * STUDY_SPACING)
    shown = resample(Volume(study.image, study.grid), grid, order=1).array
    counts = np.rint(np.maximum(shown, 0.0) * COUNTS_OF_HEALTHY_WALL)
    labels = Volume(study.truth.labels, Grid.centred(study.truth.labels.shape[0], LABEL_SPACING, pose))
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{NAME}{end}" for end in (".nrrd", "_labels.nrrd", "_truth.json")]
    write_volume(Volume(counts.astype(np.uint16), grid), files[0])
    write_volume(labels, files[1])
    files[2].write_text(json.dumps(_truth(study, labels, grid), indent=1) + "\n", encoding="utf-8")
    return files


def _truth(study: Study, labels: Volume, grid: Grid) -> dict[str, object]:
    pose = study.truth.pose
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
        "septum_deg": study.truth.septum_deg,
        "volumes_ml": {
            "myocardium": float((labels.array == MYOCARDIUM).sum()) * ml,
            "blood_pool": float((labels.array == BLOOD_POOL).sum()) * ml,
        },
        "resolution_fwhm_mm": study.parameters.scanner.fwhm,
        "seed": study.parameters.seed,
        "software": __version__,
    }


if __name__ == "__main__":
    for path in write_sample(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
