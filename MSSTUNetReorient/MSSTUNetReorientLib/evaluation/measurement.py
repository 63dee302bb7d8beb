"""One result on one study compared with the truth: a row of the measurements."""

from __future__ import annotations

from dataclasses import dataclass

from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.pose import angle_between
from ..geometry.pose import wrap_degrees
from ..geometry.volume import Volume
from ..geometry.volume import resample_labels
from .method import Answer
from .metrics import angles_of
from .metrics import comparison_grid
from .metrics import dice
from .metrics import hausdorff_95
from .metrics import is_failure
from .metrics import rot_mse
from .perfusion_figures import PerfusionFigures
from .perfusion_figures import as_text
from .perfusion_figures import figures_of
from .references import Reference
from .true_study import TrueStudy

PARAMETERS = ("tx", "ty", "tz", "alpha", "beta", "gamma")
"""The rigid parameters in the order of Zhu's Table 1; translations are normalised, angles radians."""


@dataclass(frozen=True)
class Measurement:
    """Measures of one method on one study; None if the method does not return it or the truth does not contain it.

    Attributes:
        data_set, study, subject, kind, modality: see :class:`.true_study.TrueStudy`.
        study_sha256: of the study with its truth; method, method_sha256: who answered, and from which weights.
        measured: when, UTC; software: version of this program.
        refused: why the method gave no answer at all, empty where it did; counts as a failure.
        long_axis_deg, roll_deg, rotation_deg, centre_mm, rot_mse: errors of the pose.
        swing_deg, tilt_deg: how the long axis is turned, signed, in the frame of the truth. With a positive swing its
            apex is too septal (image left), with a positive tilt too inferior.
        septum_deg: error of the septum angle, without sign; true_septum_deg, found_septum_deg: the angles.
        ellipsoid_axis_deg, wall_axis_deg: errors of the long axis against each estimate of a real study's reference.
        true_tx to found_gamma: the six parameters.
        dsc_*, hd95_*: overlaps of LV-MY and LV-BP; infinite distances where a label is missing.
        myocardium_ml, true_myocardium_ml: volumes of LV-MY, each on its own grid.
        verdict: "pass", "review" or "fail" of the method's own quality control, empty where it has none.
        uncertainty_deg: of a reference axis; None for an exact one.
        bound_deg, centre_bound_mm, septum_bound_deg: see :class:`.method.Answer`.
        found_*, true_*: figures of perfusion, from the pose and the labels of the method and of the truth; see
            :class:`.perfusion_figures.PerfusionFigures`. The segments are 17 numbers in one text.
        known_segments, known_wall_ml: what the simulator knows; drawn_defects: numbers of their segments, "none" in a
            healthy heart; drawn_territory: of the worst defect, if it is marked. See :class:`.known_heart.KnownHeart`.
    """

    data_set: str
    study: str
    subject: str
    kind: str
    modality: str
    study_sha256: str
    method: str
    method_sha256: str
    measured: str
    software: str
    refused: str = ""
    long_axis_deg: float | None = None
    roll_deg: float | None = None
    rotation_deg: float | None = None
    centre_mm: float | None = None
    rot_mse: float | None = None
    swing_deg: float | None = None
    tilt_deg: float | None = None
    septum_deg: float | None = None
    true_septum_deg: float | None = None
    found_septum_deg: float | None = None
    ellipsoid_axis_deg: float | None = None
    wall_axis_deg: float | None = None
    true_tx: float | None = None
    true_ty: float | None = None
    true_tz: float | None = None
    true_alpha: float | None = None
    true_beta: float | None = None
    true_gamma: float | None = None
    found_tx: float | None = None
    found_ty: float | None = None
    found_tz: float | None = None
    found_alpha: float | None = None
    found_beta: float | None = None
    found_gamma: float | None = None
    dsc_myocardium: float | None = None
    hd95_myocardium_mm: float | None = None
    dsc_blood_pool: float | None = None
    hd95_blood_pool_mm: float | None = None
    myocardium_ml: float | None = None
    true_myocardium_ml: float | None = None
    verdict: str = ""
    uncertainty_deg: float | None = None
    bound_deg: float | None = None
    centre_bound_mm: float | None = None
    septum_bound_deg: float | None = None
    found_summed_score: float | None = None
    true_summed_score: float | None = None
    found_scar_percent: float | None = None
    true_scar_percent: float | None = None
    found_cavity_ml: float | None = None
    true_cavity_ml: float | None = None
    found_wall_ml: float | None = None
    true_wall_ml: float | None = None
    known_wall_ml: float | None = None
    found_territory: str = ""
    true_territory: str = ""
    found_segments: str = ""
    true_segments: str = ""
    known_segments: str = ""
    drawn_defects: str = ""
    drawn_territory: str = ""

    @property
    def failed(self) -> bool | None:
        """Whether the LV was lost; None for a method that answers no pose."""
        if self.refused:
            return True
        if self.long_axis_deg is None or self.centre_mm is None:
            return None
        return is_failure(self.long_axis_deg, self.centre_mm)


def errors_of(
    answer: Answer, study: TrueStudy, counts: Volume, true_labels: Volume | None, true_figures: PerfusionFigures | None
) -> dict[str, float | str | None]:
    """The measured fields of :class:`Measurement`, by name.

    Args:
        counts: of the study; true_figures: its :func:`figures_of_truth`.
    """
    found: dict[str, float | str | None] = {
        "uncertainty_deg": study.uncertainty_deg,
        "bound_deg": answer.bound_deg,
        "centre_bound_mm": answer.centre_bound_mm,
        "septum_bound_deg": answer.septum_bound_deg,
        **known_fields(study),
        "verdict": answer.verdict,
        "true_septum_deg": study.septum_deg,
        "found_septum_deg": answer.septum_deg,
    }
    if answer.septum_deg is not None and study.septum_deg is not None:
        found["septum_deg"] = abs(float(wrap_degrees(answer.septum_deg - study.septum_deg)))
    if answer.pose is not None:
        found |= pose_errors(answer.pose, study)
    if answer.labels is not None and true_labels is not None:
        found |= label_errors(answer.labels, true_labels, exact=study.exact)
    if answer.pose is not None and answer.labels is not None and true_figures is not None:
        verdict = answer.verdict or "pass"
        seen = figures_of(counts, answer.labels, answer.pose, verdict=verdict, cut_off=answer.cut_off)
        found |= perfusion_fields(seen, true_figures)
    return found


def figures_of_truth(study: TrueStudy, counts: Volume, true_labels: Volume | None) -> PerfusionFigures | None:
    """Perfusion at the true pose with the true labels; None where the truth does not hold both."""
    return figures_of(counts, true_labels, study.pose) if study.exact and true_labels is not None else None


def perfusion_fields(found: PerfusionFigures, true: PerfusionFigures) -> dict[str, float | str | None]:
    """Figures of perfusion beside those of the truth."""
    names = ("summed_score", "scar_percent", "cavity_ml", "wall_ml")
    fields = {f"{who}_{n}": getattr(f, n) for who, f in (("found", found), ("true", true)) for n in names}
    fields |= {"found_segments": as_text(found.segments), "true_segments": as_text(true.segments)}
    return fields | {"found_territory": found.territory, "true_territory": true.territory}


def known_fields(study: TrueStudy) -> dict[str, float | str | None]:
    """What the simulator knows of the heart, whether a method answers or not."""
    known = study.known
    if known is None:
        return {}
    return {
        "known_wall_ml": known.wall_ml,
        "known_segments": as_text(known.segments),
        "drawn_defects": " ".join(str(n) for n in known.drawn) or "none",
        "drawn_territory": known.territory if known.marked else "",
    }


def pose_errors(pose: Pose, study: TrueStudy) -> dict[str, float | str | None]:
    """Errors of a pose; roll and the six parameters only where the truth holds them."""
    turned = study.pose.correction_to(pose)
    found: dict[str, float | str | None] = {
        "long_axis_deg": pose.long_axis_error(study.pose),
        "centre_mm": pose.centre_error(study.pose),
        "swing_deg": turned.swing,
        "tilt_deg": turned.tilt,
    }
    if study.reference is not None:
        found |= reference_errors(pose, study.reference)
    if study.cube is None:
        return found
    seen, expected = angles_of(pose, study.pose)
    both = {
        "found": [*pose.translation(study.cube), *seen],
        "true": [*study.pose.translation(study.cube), *expected],
    }
    found |= {f"{who}_{p}": float(v) for who, six in both.items() for p, v in zip(PARAMETERS, six, strict=True)}
    return found | {
        "roll_deg": pose.roll_error(study.pose),
        "rotation_deg": pose.rotation_error(study.pose),
        "rot_mse": rot_mse(pose, study.pose),
    }


def reference_errors(pose: Pose, reference: Reference) -> dict[str, float | str | None]:
    """Of the long axis, against each estimate by itself."""
    wall = None if reference.wall is None else angle_between(pose.long_axis, reference.wall)
    return {"ellipsoid_axis_deg": angle_between(pose.long_axis, reference.ellipsoid), "wall_axis_deg": wall}


def label_errors(found: Volume, true: Volume, *, exact: bool) -> dict[str, float | str | None]:
    """Overlaps on the common grid, and the volumes of LV-MY.

    Args:
        exact: the truth holds all labels; otherwise it is a drawn wall, whose volume is no truth.
    """
    grid = comparison_grid(true.grid)
    a, b = resample_labels(found, grid).array, resample_labels(true, grid).array
    out: dict[str, float | str | None] = {}
    for name, value in (("myocardium", MYOCARDIUM), ("blood_pool", BLOOD_POOL)):
        if value == MYOCARDIUM or exact:
            out[f"dsc_{name}"] = dice(a == value, b == value)
            out[f"hd95_{name}_mm"] = hausdorff_95(a == value, b == value, grid.spacing)
    if exact:
        out["myocardium_ml"] = float((found.array == MYOCARDIUM).sum()) * found.grid.voxel_ml
        out["true_myocardium_ml"] = float((true.array == MYOCARDIUM).sum()) * true.grid.voxel_ml
    return out
