"""The septum angle between what is seen and the prior, by the formula of two normal estimates."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.prediction.septum_estimate import estimate_septum
from scipy import integrate
from scipy import stats


@pytest.mark.parametrize(("seen", "sd"), [(160.0, 3.0), (185.0, 7.0), (150.0, 14.0)])
def test_it_is_the_posterior_of_two_normals(seen: float, sd: float) -> None:
    """Integrated numerically over the angle."""
    angle = np.linspace(100.0, 240.0, 14001)
    density = stats.norm.pdf(angle, 171.0, 7.0) * stats.norm.pdf(seen, angle, sd)
    total = integrate.trapezoid(density, angle)
    mean = integrate.trapezoid(density * angle, angle) / total
    spread = (integrate.trapezoid(density * (angle - mean) ** 2, angle) / total) ** 0.5
    found = estimate_septum(seen, stats.norm.ppf(0.95) * sd)
    assert found.angle_deg == pytest.approx(mean, abs=0.01)
    assert found.bound_deg == pytest.approx(1.45 * stats.norm.ppf(0.95) * spread, abs=0.01)
    assert found.seen_deg == seen


def test_what_is_not_seen_leaves_the_prior() -> None:
    found = estimate_septum(140.0, None)
    assert found.angle_deg == 171.0
    assert found.bound_deg == pytest.approx(1.45 * stats.norm.ppf(0.95) * 7.0, abs=0.01)
    assert abs(estimate_septum(140.0, 500.0).angle_deg - 171.0) < 0.1
    assert estimate_septum(140.0, 0.01).angle_deg == pytest.approx(140.0, abs=0.01)


def test_it_goes_the_short_way_round() -> None:
    """359 degrees lies 172 degrees from the prior on one side and 188 on the other."""
    assert estimate_septum(359.0, 7.0 * 1.645).angle_deg == pytest.approx(171.0 - 172.0 / 2, abs=0.01)
