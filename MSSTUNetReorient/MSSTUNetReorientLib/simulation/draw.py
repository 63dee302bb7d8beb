"""Drawing the parameters of a study. Nothing is rendered here and nothing random happens elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.pose import rotation_from_long_axis
from .beat import draw_beat
from .bodywall import draw_round_map
from .camera import Camera
from .camera import draw_camera
from .ellipsoids import draw_ellipsoids
from .heart import MeasuredHeart
from .heart import ParametricShape
from .heart import draw_measured_heart
from .heart import draw_parametric_shape
from .parameters import KINDS
from .parameters import CountedHeart
from .parameters import Kind
from .parameters import PlacedMap
from .parameters import Placement
from .parameters import Raster
from .parameters import Spot
from .parameters import StudyParameters
from .parameters import Tissue
from .poses import Poses
from .poses import check_poses
from .poses import draw_pose_rotation
from .poses import draw_published_rotation
from .poses import draw_rotation as draw_rotation
from .poses import own_frame
from .scanner import Scanner
from .scanner import draw_scanner
from .sources import Sources
from .sources import gate_names
from .torso import Ellipsoids
from .torso import draw_activity
from .torso import draw_deformation
from .uptake import AS_IN_PATIENTS
from .uptake import Unevenness
from .uptake import draw_perfusion

Array = NDArray[np.float64]

PHASES = 4
"""Phases of the cycle that an ungated study of a physical camera averages."""
TABLE_MM = 1000.0
"""Height of the middle of the field of view: the scanner's table counts from the feet."""


def draw_offset(rng: np.random.Generator, kind: str) -> Array:
    """LV centre relative to the middle of the field of view, mm LPS: near it for a dedicated camera."""
    if kind == "czt":
        return rng.normal([-15.0, 10.0, -8.0], [22.0, 22.0, 18.0])
    return rng.normal([42.0, -10.0, -5.0], [30.0, 32.0, 38.0])


CLEARANCE_MM = (-4.0, 7.0)
"""Soft tissue between the heart and its neighbours; below zero they touch, as they do in patients."""


def draw_spots(rng: np.random.Generator) -> tuple[Spot, ...]:
    """Gut, stomach and liver edge below the inferior wall, often touching it, now and then hotter than the heart."""
    count = int(rng.choice([0, 1, 2, 3, 5], p=[0.25, 0.3, 0.2, 0.15, 0.1]))
    spots = []
    for _ in range(count):
        centre = (float(rng.uniform(-90, 90)), float(rng.uniform(-60, 70)), -float(rng.uniform(34, 105)))
        a, b, c = (float(x) for x in np.exp(rng.normal(np.log([22, 13, 11]), 0.45)))
        value = float(np.clip(0.9 * np.exp(rng.normal(0, 0.9)), 0.1, 6.0))
        spots.append(Spot(centre, (a, b, c), float(rng.uniform(-1.5, 1.5)), value))
    if rng.random() < DOME_SHARE:
        spots.append(_draw_dome(rng))
    return tuple(spots)


DOME_SHARE = 0.3
"""Studies in which the liver comes up beside the heart, whatever chest it has."""


def _draw_dome(rng: np.random.Generator) -> Spot:
    """The right dome of the diaphragm with the liver in it, at the septal and inferior side."""
    centre = (float(rng.uniform(-95, -45)), float(rng.uniform(-40, 30)), float(rng.uniform(-65, -20)))
    a, b, c = (float(x) for x in rng.uniform((28, 28, 22), (60, 55, 50)))
    value = float(np.clip(0.6 * np.exp(rng.normal(0, 0.6)), 0.15, 3.0))
    return Spot(centre, (a, b, c), float(rng.uniform(-0.5, 0.5)), value)


def draw_tissue(rng: np.random.Generator) -> Tissue:
    """Fat a little colder than the body, an RV wall of about a third, neighbours that may touch the heart."""
    right = float(np.clip(rng.normal(0.3, 0.15), 0.0, 0.8))
    return Tissue(float(rng.uniform(0.7, 1.2)), right, float(rng.uniform(*CLEARANCE_MM)), int(rng.integers(2**31)))


def draw_chest(rng: np.random.Generator, sources: Sources) -> Ellipsoids | PlacedMap:
    """An organ map in two of three studies where there are any, else ellipsoids."""
    names = sorted(sources.chests)
    if names and rng.random() < 0.65:
        name, deformation = names[int(rng.integers(len(names)))], draw_deformation(rng)
        return PlacedMap(name, deformation, *draw_round_map(sources.chests[name], deformation))
    return draw_ellipsoids(rng)


def draw_parameters(
    kind: Kind,
    seed: int,
    sources: Sources | None = None,
    *,
    fast: bool = False,
    gates: int = 0,
    poses: Poses = "cta",
    placement: Placement | None = None,
    healthy: bool = False,
    unevenness: Unevenness = AS_IN_PATIENTS,
) -> StudyParameters:
    """The parameters of the study of a seed.

    Args:
        kind: "spect", "conventional", "czt", "pet", or "composite" (a real heart's counts in a simulated chest).
        seed: same seed, kind, options and names in the sources: same parameters.
        sources: real anatomy; the parametric one serves without.
        fast: the image-space model instead of projections and OSEM. PET and composite studies always use it.
        gates: 8 or 16 for a gated study; of a composite one, as many as the real hearts have.
        poses: which real ones the drawn ones follow, see :mod:`.poses`; all else is drawn alike.
        placement: of the heart, instead of a drawn one; all else is drawn as without.
        healthy: no heart has a defect, and none an aneurysm; unevenness: of the healthy wall.

    Raises:
        InputError: an unknown kind or poses, an impossible number of gates, a composite study without real hearts.
    """
    sources = sources or Sources()
    _check(kind, gates, sources)
    check_poses(poses)
    rng = np.random.default_rng(seed)
    activity = draw_activity(rng, tracer="ammonia" if kind == "pet" else "sestamibi")
    camera_kind = (
        str(rng.choice(["spect", "conventional", "czt"], p=[0.4, 0.25, 0.35])) if kind == "composite" else kind
    )
    projected = not fast and kind in ("spect", "conventional", "czt")
    scanner: Scanner | Camera = draw_camera(rng, kind) if projected else draw_scanner(rng, camera_kind)
    chest = draw_chest(rng, sources)
    heart, rotation = _draw_heart(rng, kind, sources, gates)
    if healthy and isinstance(heart, ParametricShape):
        heart = replace(heart, bulge=0.0)
    if poses == "table2":
        rotation = draw_published_rotation(np.random.default_rng((seed, 2)), "pet" if kind == "pet" else "spect")
    aneurysm = isinstance(heart, ParametricShape) and heart.bulge > 0
    perfusion = draw_perfusion(rng, aneurysm=aneurysm, healthy=healthy, unevenness=unevenness)
    beat = draw_beat(rng, gates, PHASES if projected else 1)
    spots, tissue, offset = draw_spots(rng), draw_tissue(rng), _offset_in_view(rng, camera_kind)
    placed = placement or Placement.of(rotation, offset)
    if isinstance(heart, CountedHeart):  # technologists leave the roll alone
        placed = Placement.of(rotation_from_long_axis(np.array(placed.rotation)[:, 2]), np.array(placed.offset))
    return StudyParameters(
        kind, seed, heart, perfusion, beat, chest, activity, spots, tissue, placed, scanner,
        draw_raster(rng, camera_kind, scanner),
    )  # fmt: skip


def _check(kind: str, gates: int, sources: Sources) -> None:
    if kind not in KINDS:
        msg = f"the kind of study must be one of {', '.join(KINDS)}, but found {kind}; choose one of them"
        raise InputError(msg)
    if gates not in (0, 8, 16):
        msg = f"a gated study must have 8 or 16 gates, but found {gates}; choose one of them or omit it"
        raise InputError(msg)
    if kind == "composite" and not sources.counts:
        msg = "a composite study needs a folder of real hearts, but found none; give it with --hearts"
        raise InputError(msg)
    if kind == "composite" and gates and not gated_hearts(sources, gates):
        msg = f"a gated composite study needs real hearts of {gates} gates, but found none; omit --gates or change it"
        raise InputError(msg)


def gated_hearts(sources: Sources, gates: int) -> list[str]:
    """Names of the summed real hearts that have this many gates."""
    return [name for name in sorted(sources.counts) if len(gate_names(name, sources.counts)) == gates]


def _draw_heart(
    rng: np.random.Generator, kind: str, sources: Sources, gates: int
) -> tuple[ParametricShape | MeasuredHeart | CountedHeart, Array]:
    if kind == "composite":
        names = gated_hearts(sources, gates) if gates else sorted(sources.counts)
        name = names[int(rng.integers(len(names)))]
        spacing = sources.counts[name].spacing * float(rng.uniform(0.9, 1.1))
        return CountedHeart(name, spacing, float(rng.uniform(8, 16))), draw_pose_rotation(rng)
    subjects = sorted(sources.ventricles)
    if subjects and rng.random() < 0.6:
        subject = subjects[int(rng.integers(len(subjects)))]
        mean = sources.ventricles[subject].pose.rotation
        own = rng.random() < 0.5
        rotation = draw_rotation(rng, mean, 5.0) if own else own_frame(rng, draw_pose_rotation(rng))
        return draw_measured_heart(rng, subject), rotation
    shape = draw_parametric_shape(rng)
    return shape, own_frame(rng, draw_pose_rotation(rng), shape.rv_centre[:2])


def _offset_in_view(rng: np.random.Generator, kind: str) -> Array:
    """The heart is centred at acquisition: drawn again until it is well inside."""
    limit = np.array(
        [70.0, 70.0, 35.0] if kind == "czt" else [95.0, 80.0, 60.0 if kind in ("spect", "conventional") else 35.0]
    )
    while True:
        offset = draw_offset(rng, kind)
        if (np.abs(offset) < limit).all() and np.hypot(*offset[:2]) < limit[0]:
            return offset


def draw_raster(rng: np.random.Generator, kind: str, scanner: Scanner | Camera) -> Raster:
    """Voxel sizes of the cameras."""
    centre = (0.0, 0.0, TABLE_MM + float(np.round(rng.uniform(-150, 150))))
    if kind == "czt":
        return Raster((70, 70, 50), 4.0, centre)
    if kind == "pet":
        spacing = scanner.voxel if isinstance(scanner, Scanner) else 3.0
        plane = int(min(128, round(340 / spacing / 2) * 2))
        return Raster((plane, plane, round(200 / spacing)), spacing, centre)
    spacing = scanner.voxel if isinstance(scanner, Scanner) else float(rng.choice([4.8, 5.9, 6.4, 6.6, 6.8]))
    plane = 128 if spacing == 4.8 and rng.random() < 0.3 else 64
    return Raster((plane, plane, int(min(64, round(270 / spacing)))), spacing, centre)
