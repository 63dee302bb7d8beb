"""A pool of simulated studies on disk that one process keeps renewing while another trains from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..errors import InputError
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.pose import rotation_from_long_axis
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..io.atomic_file import atomic_file
from ..io.atomic_file import write_text
from ..prediction.search import antialiased
from ..prediction.search import cube_round
from ..prediction.search import read_cube
from ..simulation.beat import Beat
from ..simulation.draw import draw_chest
from ..simulation.draw import draw_offset
from ..simulation.draw import draw_parameters
from ..simulation.draw import draw_rotation
from ..simulation.draw import draw_spots
from ..simulation.draw import draw_tissue
from ..simulation.heart import MeasuredHeart
from ..simulation.heart import ParametricShape
from ..simulation.heart import draw_measured_heart
from ..simulation.heart import draw_parametric_shape
from ..simulation.odd_hearts import odd_heart
from ..simulation.parameters import CUBE
from ..simulation.parameters import CountedHeart
from ..simulation.parameters import Kind
from ..simulation.parameters import Placement
from ..simulation.parameters import StudyParameters
from ..simulation.render import Study
from ..simulation.render import render
from ..simulation.render import share_in_view
from ..simulation.scanner import draw_scanner
from ..simulation.sources import Sources
from ..simulation.sources import load_chests
from ..simulation.sources import load_counts
from ..simulation.sources import load_ventricles
from ..simulation.splits import COUNTS_SUBJECTS
from ..simulation.splits import Split
from ..simulation.splits import ventricle_subjects
from ..simulation.torso import draw_activity
from ..simulation.torso import draw_random_activity
from ..simulation.truth import LABEL_SIZE
from ..simulation.truth import LABEL_SPACING
from ..simulation.uptake import FOR_TRAINING
from ..simulation.uptake import draw_perfusion

Cameras = Literal["fast", "physical"]

MIN_IN_VIEW = 0.93
"""Share of the LV wall where a training study must have counts."""
SAMPLES_PER_STUDY = 3
"""Samples made of one study of a physical camera, which costs as much as seventy fast ones: unchanged, and rotated."""
TURN_DEG = 9.0
"""Standard deviation of such a turn, about a random axis."""
CAMERA_KINDS: tuple[Kind, ...] = ("spect", "conventional", "czt", "pet")
CAMERA_SHARES = (0.25, 0.25, 0.3, 0.2)
"""Kinds of studies that come on their own voxels, and how often each is drawn."""
WIDE_HEARTS = (7.0, 18.0)
"""Standard deviation and least of the outer radius of parametric hearts, mm: very small and very large ones."""
RANDOM_SHARE = 1 / 3
"""Studies whose organs have random activities."""
WIDEST = 70
"""Columns of a projected study; one of 128 takes minutes, and is read at 4 mm all the same."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One study of the pool.

    Attributes:
        cube: ``(96, 96, 96)`` float16 counts at 4 mm, healthy myocardium about 1.
        rotation: ``(3, 3)`` SA axes in the cube's axes; centre: ``(3,)`` mm from the cube's middle.
        labels: ``(48, 48, 48)`` uint8 in the SA frame, 3.2 mm.
        kind: e.g. "spect-parametric".
        septum_deg: see :mod:`..geometry.septum`; nan where it is not known.
    """

    cube: NDArray[np.float16]
    rotation: NDArray[np.float64]
    centre: NDArray[np.float64]
    labels: NDArray[np.uint8]
    kind: str
    septum_deg: float = float("nan")


def training_sources(data: Path | None, split: Split) -> Sources:
    """Real anatomy and hearts of one split; without a folder, the parametric anatomy serves alone."""
    if data is None:
        return Sources()
    ventricles, counts = data / "cta_ventricles", data / "lvseg_short_axis"
    _check_truth(counts)
    return Sources(
        load_chests(data / "torso"),
        load_ventricles(ventricles, ventricle_subjects(ventricles, split)),
        load_counts(counts, set(COUNTS_SUBJECTS[split])),
    )


def _check_truth(counts: Path) -> None:
    images = sorted(counts.glob("*_image.nrrd"))
    bare = [f for f in images if not f.with_name(f.name.replace("_image", "_label")).exists()]
    if bare:
        msg = f"{bare[0]}: a count volume must have its labels (..._label.nrrd) beside it, but there are none; add them"
        raise InputError(msg)


def draw_samples(seed: int, sources: Sources, cameras: Cameras = "fast") -> list[Sample]:
    """The study of a seed: one sample by the fast cameras, :data:`SAMPLES_PER_STUDY` by a physical one."""
    return [draw_sample(seed, sources)] if cameras == "fast" else draw_physical_samples(seed, sources)


def draw_physical_samples(seed: int, sources: Sources) -> list[Sample]:
    """A study as a camera gives it, on its own voxels, read in cubes turned at random.

    SPECT and CZT come by projections and OSEM, PET by the fast model.
    """
    rng = np.random.default_rng((seed, 1))
    kind = CAMERA_KINDS[int(rng.choice(len(CAMERA_KINDS), p=CAMERA_SHARES))]
    study = None
    while study is None:
        parameters = draw_parameters(kind, int(rng.integers(2**31)), sources, unevenness=FOR_TRAINING)
        if rng.random() < RANDOM_SHARE:
            parameters = replace(parameters, activity=draw_random_activity(rng))
        parameters = odd_heart(parameters, np.random.default_rng((parameters.seed, 3)))
        narrow = kind == "pet" or parameters.raster.size[0] <= WIDEST
        study = try_render(parameters, sources) if narrow else None
    image, pose = Volume(study.image, study.grid), study.truth.pose
    labels = Volume(study.truth.labels, Grid.centred(LABEL_SIZE, LABEL_SPACING, pose))
    turns = [
        np.eye(3),
        *(Rotation.from_rotvec(np.deg2rad(rng.normal(0, TURN_DEG / 3**0.5, (SAMPLES_PER_STUDY - 1, 3)))).as_matrix()),
    ]
    septum = study.truth.septum_deg
    return [sample_of(image, labels, pose, f"{kind}-physical", turn, septum) for turn in turns]


def sample_of(
    image: Volume,
    labels: Volume,
    pose: Pose,
    kind: str,
    turn: NDArray[np.float64] | None = None,
    septum_deg: float | None = None,
) -> Sample:
    """A study of any grid as a sample, its healthy wall about 1.

    Args:
        labels: on any grid.
        turn: ``(3, 3)`` axes of the cube in LPS, those of LPS by default.
        septum_deg: None where it is not known.

    Raises:
        InputError: no counts where the labels have the wall.
    """
    turn = np.eye(3) if turn is None else turn
    middle = cube_round(image, pose.centre).centre
    grid = Grid.centred(CUBE.size[0], CUBE.spacing, Pose(turn, middle))
    cube = read_cube(antialiased(image), grid)[0, 0].numpy()
    upright = resample(labels, Grid.centred(LABEL_SIZE, LABEL_SPACING, pose), order=0).array.astype(np.uint8)
    there = resample(labels, grid, order=0).array == MYOCARDIUM
    wall = float(np.median(cube[there])) if there.any() else 0.0
    if wall <= 0:
        msg = "the image must have counts inside the labelled wall, but it has none; check the geometry"
        raise InputError(msg)
    counts = np.clip(cube / wall, 0, 1000).astype(np.float16)
    place = turn.T @ (pose.centre - middle)
    return Sample(counts, turn.T @ pose.rotation, place, upright, kind, _or_nan(septum_deg))


def draw_sample(seed: int, sources: Sources) -> Sample:
    """The study of a seed: parametric or measured anatomy, or a real heart's counts in a chest."""
    rng = np.random.default_rng(seed)
    while True:
        parameters, heart = draw_training_parameters(rng, seed, sources)
        parameters = odd_heart(parameters, np.random.default_rng((seed, 3)))
        study = try_render(parameters, sources)
        if study is not None:
            break
    truth, kind = study.truth, f"{parameters.scanner.kind}-{heart}"
    pose, counts = truth.pose, study.image.astype(np.float16)
    return Sample(counts, pose.rotation, pose.centre, truth.labels, kind, _or_nan(truth.septum_deg))


def _or_nan(septum_deg: float | None) -> float:
    """As an array holds it."""
    return float("nan") if septum_deg is None else septum_deg


def draw_training_parameters(rng: np.random.Generator, seed: int, sources: Sources) -> tuple[StudyParameters, str]:
    """Wider than what :func:`..simulation.draw.draw_parameters` draws, and every study on the same cube."""
    activity = draw_random_activity(rng) if rng.random() < RANDOM_SHARE else draw_activity(rng)
    scanner = draw_scanner(rng)
    offset, chest = draw_offset(rng, scanner.kind), draw_chest(rng, sources)
    heart, rotation, name = _draw_heart(rng, sources)
    kind: Kind = "composite" if name == "counts" else scanner.kind  # type: ignore[assignment]
    aneurysm = isinstance(heart, ParametricShape) and heart.bulge > 0
    perfusion = draw_perfusion(rng, aneurysm=aneurysm, unevenness=FOR_TRAINING)
    parameters = StudyParameters(
        kind, seed, heart, perfusion, Beat(), chest, activity, draw_spots(rng),
        draw_tissue(rng), Placement.of(rotation, offset), scanner, CUBE,
    )  # fmt: skip
    return parameters, name


def _draw_heart(
    rng: np.random.Generator, sources: Sources
) -> tuple[ParametricShape | MeasuredHeart | CountedHeart, NDArray[np.float64], str]:
    which = rng.random()
    if sources.counts and which < 0.35:
        ungated = rng.random() < 0.5
        names = [name for name in sorted(sources.counts) if not ungated or name.endswith("_sum")]
        name = names[int(rng.integers(len(names)))]
        spacing = sources.counts[name].spacing * float(rng.uniform(0.82, 1.12))
        rotation = rotation_from_long_axis(draw_rotation(rng)[:, 2])
        return CountedHeart(name, spacing, float(rng.uniform(8, 16))), rotation, "counts"
    if sources.ventricles and which < 0.7:
        subjects = sorted(sources.ventricles)
        subject = subjects[int(rng.integers(len(subjects)))]
        own = rng.random() < 0.5
        rotation = draw_rotation(rng, sources.ventricles[subject].pose.rotation, 8.0) if own else draw_rotation(rng)
        return draw_measured_heart(rng, subject), rotation, "ventricles"
    return draw_parametric_shape(rng, *WIDE_HEARTS), draw_rotation(rng), "parametric"


def try_render(parameters: StudyParameters, sources: Sources) -> Study | None:
    """The study, or None where too little of the LV lies in the field of view."""
    try:
        study = render(parameters, sources, anatomy=False)
    except InputError:
        return None
    seen = share_in_view(parameters, study.truth, study.grid)
    return study if seen >= MIN_IN_VIEW else None


def write_sample(sample: Sample, path: Path) -> None:
    """One file, complete or not there."""
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, cube=sample.cube, rotation=sample.rotation, centre=sample.centre, labels=sample.labels,
                 kind=np.array(sample.kind), septum_deg=sample.septum_deg)  # fmt: skip


def read_sample(path: Path) -> Sample:
    """Inverse of :func:`write_sample`."""
    with np.load(path, allow_pickle=False) as f:
        septum = float(f["septum_deg"])
        return Sample(f["cube"], f["rotation"], f["centre"], f["labels"], str(f["kind"]), septum)


def fill_pool(
    folder: Path,
    sources: Sources,
    *,
    slots: int,
    first_seed: int,
    count: int | None = None,
    cameras: Cameras = "fast",
    keep_going: Callable[[], bool] = lambda: True,
) -> None:
    """Make studies into a folder, replacing the oldest when it is full; a folder begun before is gone on with.

    Args:
        slots: studies that the folder holds.
        first_seed: of the first study; the others follow.
        count: stop when so many were made in all; None continues until ``keep_going`` returns False.
        cameras: "physical" makes :data:`SAMPLES_PER_STUDY` samples of each study.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    record = folder / "made.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = int(record.read_text(encoding="utf-8")) if record.exists() else 0
        while (count is None or made < count) and keep_going():
            for n, sample in enumerate(draw_samples(first_seed + made, sources, cameras)):
                write_sample(sample, folder / f"{made % slots:05d}{f'_{n}' if n else ''}.npz")
            made += 1
            write_text(record, f"{made}\n")
    except OSError as error:
        msg = f"{folder}: the pool cannot be written ({error.strerror or error}); free disk space or name another"
        raise InputError(msg) from error
