"""The page of comparisons: figures beside the papers', what is missing, and the words that follow from figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.evaluation.comparison_tables import in_words
from MSSTUNetReorientLib.evaluation.comparison_tables import ni_table
from MSSTUNetReorientLib.evaluation.comparison_tables import training_table
from MSSTUNetReorientLib.evaluation.comparison_tables import zhu_table
from MSSTUNetReorientLib.evaluation.measurement import PARAMETERS
from MSSTUNetReorientLib.evaluation.measurement import Measurement
from MSSTUNetReorientLib.evaluation.paired import difference
from MSSTUNetReorientLib.evaluation.published_figures import NI_TABLE_3
from MSSTUNetReorientLib.evaluation.published_figures import ZHU_TABLE_1
from MSSTUNetReorientLib.evaluation.summary import Summary
from MSSTUNetReorientLib.networks.registry import architecture_of
from MSSTUNetReorientLib.prediction.models import save_weights

TITLES = {"small-rot-op1": "Rot Op1", "small-rot-op2": "Rot Op2", "small-vgg": "3DVGG", "small-msstunet": "Joint"}


def summary(axis: float, dsc: float = 0.8, count: int = 12, seed: int = 0) -> Summary:
    """Studies of as many subjects, with noise of their own."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(count):
        true = dict(zip((f"true_{p}" for p in PARAMETERS), np.random.default_rng(n).normal(size=6), strict=True))
        found = {k.replace("true", "found"): v + rng.normal(0, 0.1) for k, v in true.items()}
        known = ("SPECT", f"s{n}", f"p{n}", "simulated", "SPECT", "", "m", "", "", "")
        errors = {"long_axis_deg": axis + rng.normal(0, 0.3), "centre_mm": 5.0, "rot_mse": 0.01}
        overlaps = {"dsc_myocardium": dsc, "hd95_myocardium_mm": 6.0, "dsc_blood_pool": 0.7, "hd95_blood_pool_mm": 5.0}
        rows.append(Measurement(*known, **errors, **overlaps, **true, **found))
    return Summary("SPECT", "m", tuple(rows))


def test_differences_are_paired_by_study() -> None:
    worse, better = summary(6.0, seed=1), summary(4.0, seed=2)
    found = difference(worse, better, "long_axis_deg")
    assert found is not None
    assert found.mean == pytest.approx(-2, abs=0.3)
    assert found.low is not None
    assert found.low < found.mean < (found.high or 0) < 0
    assert found.sure
    same = difference(worse, summary(6.0, seed=3), "long_axis_deg")
    assert same is not None
    assert not same.sure
    some = replace(better.rows[0], study="another")
    assert difference(worse, Summary("SPECT", "m", (some,)), "long_axis_deg") is None
    few = difference(summary(6.0, count=3), summary(4.0, count=3), "long_axis_deg")
    assert few is not None
    assert not few.sure


def test_words_follow_from_figures() -> None:
    answers = {"small-rot-op1": summary(6.0, seed=1), "small-rot-op2": summary(4.0, seed=2)}
    told = in_words("small-rot-op1", "small-rot-op2", TITLES, answers, ("long_axis_deg", "centre_mm"))
    assert told.startswith("Rot Op2 against Rot Op1: long axis ")
    assert "**better** (-" in told
    assert "centre 5.0 to 5.0, no sure difference" in told
    back = in_words("small-rot-op2", "small-rot-op1", TITLES, answers, ("long_axis_deg",))
    assert "**worse** (+" in back


def test_figures_stand_beside_the_published_ones() -> None:
    answers = {"small-msstunet": summary(5.0)}
    (row,) = ni_table(list(NI_TABLE_3), TITLES, answers, NI_TABLE_3, "SPECT").rows
    assert row[:2] == ("Joint", "80.00 (94.81)")
    assert row[5] == "1.00 (1.38)"
    assert row[-1] == "0/12"
    (row,) = zhu_table(list(ZHU_TABLE_1), TITLES, {"small-vgg": summary(5.0)}, ZHU_TABLE_1).rows
    assert row[0] == "3DVGG"
    assert row[1].endswith("(0.978)")
    assert 0.9 < float(row[1].split()[0]) < 1


def test_what_was_not_trained_to_the_end_is_said() -> None:
    told = {"parameters": 10, "steps": 4000, "batch": 4, "minutes": 3.0}
    trained = {"small-rot-op1": {**told, "flat": True}, "small-rot-op2": {**told, "flat": False}}
    ends = {row[1]: row[-1] for row in training_table(TITLES, trained).rows}
    assert ends["`small-rot-op1`"] == "flat"
    assert ends["`small-rot-op2`"] == "**by the limit**"
    assert ends["`small-vgg`"] == "**not trained yet**"


def test_the_command_writes_the_page_of_what_is_there(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"size": 32, "levels": 1, "backbone_width": 4, "backbone_blocks": [1, 1, 1, 1]}
    torch.manual_seed(0)
    network = architecture_of("msstn", sizes, "").build()
    identity = {
        "title": "Rot Op1", "frame": "transaxial", "architecture": "msstn", "network": sizes,
        "training": {"steps": 9, "batch": 4, "minutes": 0.1, "flat": False},
    }  # fmt: skip
    (tmp_path / "runs" / "small-rot-op1").mkdir(parents=True)
    save_weights(network, json.dumps(identity), tmp_path / "runs" / "small-rot-op1" / "weights.npz")
    assert main(["compare", str(tmp_path / "runs"), f"SPECT={simulated}", "--out", str(tmp_path), "--quiet"]) == 0
    page = (tmp_path / "comparisons.md").read_text(encoding="utf-8")
    assert "| Rot Op1 | `small-rot-op1` |" in page
    assert "| 9 x 4 | 0.1 | **by the limit** |" in page
    assert "not trained yet: Seg Op1, Seg Op2, Rot Op2, " in page
    assert str(tmp_path) not in page
    assert main(["compare", str(tmp_path / "none"), str(simulated), "--out", str(tmp_path)]) == 2
    assert "must contain NAME/weights.npz" in capsys.readouterr().err


def test_a_measured_network_stays_on_the_page_without_its_weights(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"size": 32, "levels": 1, "backbone_width": 4, "backbone_blocks": [1, 1, 1, 1]}
    network = architecture_of("msstn", sizes, "").build()
    spent = {"steps": 9, "batch": 4, "minutes": 0.1, "flat": True}
    identity = {"title": "", "frame": "transaxial", "architecture": "msstn", "network": sizes, "training": spent}
    weights = tmp_path / "runs" / "small-rot-op2" / "weights.npz"
    weights.parent.mkdir(parents=True)
    save_weights(network, json.dumps(identity), weights)
    asked = ["--out", str(tmp_path), "--rows", str(tmp_path / "rows"), "--quiet"]
    runs = str(tmp_path / "runs")
    assert main(["compare", runs, f"SPECT={simulated}", *asked]) == 0
    page = (tmp_path / "comparisons.md").read_text(encoding="utf-8")
    weights.unlink()
    assert main(["compare", runs, f"SPECT={simulated}", *asked]) == 0
    assert main(["compare", runs, f"SPECT={simulated}", *asked, "--simulated-again"]) == 0
    assert (tmp_path / "comparisons.md").read_text(encoding="utf-8") == page
    other = tmp_path / "runs" / "small-rot-op1" / "weights.npz"
    other.parent.mkdir()
    save_weights(network, json.dumps(identity), other)
    assert main(["compare", runs, f"SPECT={simulated}", *asked, "--again"]) == 0
    other.unlink()
    assert set(json.loads((tmp_path / "rows" / "networks.json").read_text())) == {"small-rot-op1", "small-rot-op2"}
    assert main(["compare", runs, f"OTHER={simulated}", *asked]) == 2
    assert "none has its weights; train them again" in capsys.readouterr().err
    (tmp_path / "rows" / "networks.json").write_text("{}]", encoding="utf-8")
    assert main(["compare", runs, f"SPECT={simulated}", *asked]) == 2
    assert "the list of measured networks cannot be read" in capsys.readouterr().err
