"""Camera, attenuation correction and sex, as headers tell them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.acquisition_facts import acquisition_facts
from pydicom.dataset import Dataset


def facts(modality: str = "NM", collimators: tuple[str, ...] = (), **attributes: Any) -> dict[str, Any]:
    ds = Dataset()
    ds.Modality = modality
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    if collimators:
        ds.DetectorInformationSequence = [Dataset() for _ in collimators]
        for item, collimator in zip(ds.DetectorInformationSequence, collimators, strict=True):
            item.CollimatorType = collimator
    return acquisition_facts(ds, "a study")


def test_what_is_not_told_is_left_out() -> None:
    assert facts() == {}
    assert facts(PatientSex="O", CorrectedImage="", SeriesDescription="Rest", ManufacturerModelName="x") == {}


@pytest.mark.parametrize(
    ("told", "camera"),
    [
        ({"ManufacturerModelName": "Discovery NM 530c"}, "czt"),
        ({"ManufacturerModelName": "NM530C"}, "czt"),
        ({"ManufacturerModelName": "D-SPECT"}, "czt"),
        ({"collimators": ("PINH",)}, "czt"),
        ({"collimators": ("PARA", "PARA")}, "spect"),
        ({"collimators": ("PARA", "PINH")}, None),
        ({"collimators": ("FANB",)}, None),
        ({"ManufacturerModelName": "NM 670"}, None),
        ({"modality": "PT", "collimators": ("PARA",)}, None),
    ],
)
def test_camera(told: dict[str, Any], camera: str | None) -> None:
    assert facts(**told).get("camera") == camera


@pytest.mark.parametrize(
    ("told", "corrected"),
    [
        ({"CorrectedImage": ["UNIF", "ATTN"]}, True),
        ({"CorrectedImage": ["UNIF", "SCAT"]}, False),
        ({"CorrectedImage": ["UNIF"], "SeriesDescription": "AC"}, False),
        ({"AttenuationCorrectionMethod": "measured,CT"}, True),
        ({"AttenuationCorrectionMethod": "none"}, False),
        ({"SeriesDescription": "STRESS_IRAC"}, True),
        ({"SeriesDescription": "Rest [AC]"}, True),
        ({"ImageID": "IRNC_Rest"}, False),
        ({"SeriesDescription": "NAC stress"}, False),
        ({"SeriesDescription": "no AC"}, False),
        ({"SeriesDescription": "back cardiac"}, None),
    ],
)
def test_attenuation_correction(told: dict[str, Any], corrected: bool | None) -> None:
    assert facts(**told).get("attenuation_corrected") is corrected


@pytest.mark.parametrize(("value", "sex"), [("F", "F"), ("m", "M"), ("O", None), ("", None), ("Frederick", None)])
def test_sex_is_repeated_only_as_a_code(value: str, sex: str | None) -> None:
    assert facts(PatientSex=value).get("sex") == sex


@pytest.mark.real_data
def test_real_studies_tell_their_pinholes(shared_data: Path) -> None:
    for name in ("102843", "113412", "117076", "118564"):
        info = read_study(shared_data / "physionet_mps" / f"{name}.dcm").info
        assert info["camera"] == "czt"
        assert "sex" not in info
