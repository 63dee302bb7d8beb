"""What a result is good to: among the measures, rounded for readers, and in the file of the result."""

from __future__ import annotations

import math

import pytest
from MSSTUNetReorientLib.prediction.good_to import GoodTo
from MSSTUNetReorientLib.prediction.good_to import whole
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.septum_estimate import Septum
from results import FOUND
from results import make_result


@pytest.mark.parametrize(
    ("bound", "told"), [(3.2, 4), (3.9, 4), (4.0, 4), (4.04, 4), (4.06, 5), (11.515, 12), (0.3, 1), (90.0, 90)]
)
def test_a_bound_is_rounded_up_so_that_it_holds(bound: float, told: int) -> None:
    assert whole(bound) == told


def test_bounds_and_septum_are_read_off_the_measures() -> None:
    quality = Quality("pass", (), FOUND)
    assert quality.good_to == GoodTo(axis_deg=3.2, centre_mm=2.4)
    assert quality.septum == Septum(angle_deg=172.0, bound_deg=9.6, seen_deg=176.0)


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_what_is_missing_or_no_number_is_not_known(unknown: float | None) -> None:
    measures = {name: value if unknown is None else unknown for name, value in FOUND.items() if unknown is not None}
    quality = Quality("pass", (), measures)
    assert quality.good_to == GoodTo(None, None)
    assert quality.septum is None
    assert Quality("pass", (), {"axis_bound_deg": 5.0}).good_to == GoodTo(axis_deg=5.0)


def test_the_file_of_the_result_tells_tenths() -> None:
    measures = {**FOUND, "axis_bound_deg": 3.2468, "septum_deg": 171.96}
    told = make_result(quality=Quality("pass", (), measures)).as_dict()
    assert told["good_to"] == {"axis_deg": 3.2, "centre_mm": 2.4}
    assert told["septum"] == {"angle_deg": 172.0, "good_to_deg": 9.6, "seen_deg": 176.0}


def test_the_file_of_the_result_tells_what_is_not_known() -> None:
    told = make_result(quality=Quality("fail", ("No left ventricle was found in this study.",))).as_dict()
    assert told["good_to"] == {"axis_deg": None, "centre_mm": None}
    assert told["septum"] is None
