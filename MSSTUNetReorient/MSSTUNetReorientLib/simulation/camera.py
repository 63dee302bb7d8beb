"""A gamma camera as it is: projections with attenuation, blur, scatter and Poisson noise, then OSEM and a filter.

The projector and the reconstruction are PyTomography's (Polson 2023, doi:10.48550/arXiv.2309.01977).
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np

from .codec import parameters_class
from .scanner import BYTE
from .scanner import draw_median

MU_PER_MM = {
    "air": 0.0, "body": 0.0153, "lung": 0.0042, "liver": 0.0158, "spleen": 0.0158, "stomach": 0.0150, "bowel": 0.0145,
    "gall": 0.0153, "kidney": 0.0157, "bone": 0.0230, "blood": 0.0159, "breast": 0.0150, "arm": 0.0165,
}  # fmt: skip
"""Linear attenuation at 140 keV (NIST XCOM for ICRU 44 tissues), lung inflated; an arm with its bone."""


UNCONVERGED, RECOVERED = 1.6, 1.8
"""Blur of a reconstruction over that of the projections: few iterations of OSEM, measured on a small hot ball with six
drawn cameras (1.5 to 1.95); resolution recovery is slower still at so few iterations."""


@parameters_class
@dataclass(frozen=True)
class Camera:
    """Acquisition and reconstruction.

    Attributes:
        kind: "spect" or "conventional" (parallel holes) or "czt" (a small round field, truncated projections).
        views: over ``arc`` degrees, from ``first`` degrees (0 = anterior, positive to the patient's right).
        radius: of the orbit, mm; slope, floor: resolution FWHM = ``hypot(intrinsic, floor + slope * distance)``, mm.
        counts: detected in all; scatter: share of them that scattered, over ``scatter_fwhm`` mm.
        field: radius of the reconstructed field, mm (0: all); axial: half its height, mm (0: all).
        iterations, subsets: of OSEM; corrected: attenuation is corrected.
        recovery: resolution is modelled in the reconstruction.
        filter: "butterworth" or "gaussian"; cutoff: cycles per cm at half amplitude, or FWHM in mm; order.
        seed: of the noise; 0 counts without noise.
        median, levels: see :func:`.scanner.stored`.
        margin: voxels beyond the study's width, on each side, whose activity is projected but not reconstructed.
    """

    kind: str
    views: int
    arc: float
    first: float
    radius: float
    slope: float
    floor: float
    intrinsic: float
    counts: float
    scatter: float
    scatter_fwhm: float
    field: float
    axial: float
    iterations: int
    subsets: int
    corrected: bool
    recovery: bool
    filter: str
    cutoff: float
    order: int
    seed: int
    margin: int = 0
    median: int = 0
    levels: int = 0

    def fwhm_at(self, distance: float) -> float:
        """Of the projections at a distance from the collimator, mm."""
        return float(np.hypot(self.intrinsic, self.floor + self.slope * distance))

    @property
    def filter_fwhm(self) -> float:
        """Of the filter, mm; a Butterworth filter is taken for the Gaussian that passes as much at half amplitude."""
        if self.filter == "gaussian":
            return self.cutoff
        return 10 * 2.355 * float(np.sqrt(2 * np.log(2))) / (2 * np.pi * self.cutoff)

    @property
    def fwhm(self) -> float:
        """Of the reconstructed image at the heart, a fifth nearer than the orbit's axis, mm."""
        blur = self.fwhm_at(0.8 * self.radius) * (RECOVERED if self.recovery else UNCONVERGED)
        return float(np.hypot(blur, self.filter_fwhm))


def draw_camera(rng: np.random.Generator, kind: str) -> Camera:
    """A parallel-hole camera as clinics use it, an older one, or a small-field CZT camera."""
    seed = int(rng.integers(2**31))
    if kind == "czt":
        return Camera(
            kind, views=24, arc=180.0, first=-135.0, radius=float(rng.uniform(165, 200)),
            slope=float(rng.uniform(0.02, 0.055)),
            floor=2.0, intrinsic=3.0, counts=float(np.exp(rng.uniform(np.log(2.5e6), np.log(1.5e7)))),
            scatter=float(rng.uniform(0.1, 0.4)), scatter_fwhm=80.0, field=140.0, axial=100.0,
            iterations=int(rng.integers(4, 11)), subsets=4, corrected=False, recovery=bool(rng.random() < 0.6),
            filter="butterworth", cutoff=float(rng.uniform(0.34, 0.85)), order=7, seed=seed, margin=15,
        )  # fmt: skip
    butterworth = rng.random() < 0.6
    views = int(rng.choice([30, 32, 60, 64]))
    iterations, subsets = (int(rng.integers(3, 7)), 5) if views < 40 else (int(rng.integers(2, 4)), 10)
    parallel = Camera(
        "spect", views=views, arc=180.0, first=-135.0, radius=float(rng.uniform(190, 250)),
        slope=float(rng.uniform(0.035, 0.05)), floor=float(rng.uniform(1.4, 2.2)), intrinsic=3.8,
        counts=float(np.exp(rng.uniform(np.log(8e5), np.log(1.2e7)))), scatter=float(rng.uniform(0.1, 0.4)),
        scatter_fwhm=float(rng.uniform(70, 110)), field=0.0, axial=0.0, iterations=iterations, subsets=subsets,
        corrected=bool(rng.random() < 0.35), recovery=bool(rng.random() < 0.25),
        filter="butterworth" if butterworth else "gaussian",
        cutoff=float(rng.uniform(0.35, 0.75)) if butterworth else float(rng.uniform(5, 12)),
        order=int(rng.integers(4, 9)), seed=seed,
    )  # fmt: skip
    return _conventional(rng, parallel) if kind == "conventional" else parallel


def _conventional(rng: np.random.Generator, camera: Camera) -> Camera:
    """Neither attenuation nor resolution is corrected; a wide orbit, a smooth filter, stored as bytes (ours)."""
    return replace(
        camera, kind="conventional", radius=float(rng.uniform(210, 260)), corrected=False, recovery=False,
        filter="butterworth", cutoff=float(rng.uniform(0.3, 0.5)),
        median=draw_median(rng), levels=BYTE,
    )  # fmt: skip
