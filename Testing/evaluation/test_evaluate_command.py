"""The command: single lines for what is wrong, and a page whose numbers are those of the rows."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.commands.evaluate import command_line

PICTURE_BYTES = 150_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["{empty}"], "found none"),
        (["{set}", "--model", "nobody"], "it is neither"),
        (["{set}", "--model", "mean-pose", "--model", "mean-pose"], "different names"),
        (["{set}", "--model", "template", "--template-from", "{empty}"], "volumes.csv"),
        (["{set}", "--model", "mean-pose", "--out", "{file}"], "this is a file"),
        (["{set}", "--jobs", "0"], "jobs"),
        ([], "SET"),
    ],
)
def test_what_is_wrong_is_one_line(
    options: list[str], message: str, simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    told = [o.format(empty=tmp_path / "empty", file=tmp_path / "file", set=simulated) for o in options]
    out = [] if "--out" in told else ["--out", str(tmp_path / "out")]
    assert main(["evaluate", *told, *out]) == 2
    assert not (tmp_path / "out").exists(), "nothing is left behind"
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_the_page_tells_what_was_measured(
    simulated: Path, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("MSSTUNetReorientLib.evaluation.timing.ROUNDS", 1)
    out = tmp_path / "out"
    arguments = [str(simulated), f"shells={real}", "--model", "compact", "--model", "mean-pose", "--out", str(out)]
    assert main(["evaluate", *arguments, "--quiet"]) == 0
    page = (out / "results.md").read_text(encoding="utf-8")
    rows = list(csv.DictReader((out / "measurements.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 8
    ours = [r for r in rows if r["data_set"] == "spect" and r["method"].startswith("MS-ST-UNet")]
    expected = {name: np.array([float(r[name]) for r in ours]) for name in ("long_axis_deg", "centre_mm", "rot_mse")}
    angles = expected["long_axis_deg"]
    told = f"{np.median(angles):.1f}; {np.percentile(angles, 95):.1f}; {angles.max():.1f}"
    assert told in page
    rot = 100 * expected["rot_mse"]
    assert f"{rot.mean():.2f} [{rot.min():.2f}, {rot.max():.2f}]" in page
    lost = sum((a > 15) | (c > 20) for a, c in zip(angles, expected["centre_mm"], strict=True))
    assert f"| {lost}/3 |" in page
    found, true = ([float(r[f"{who}_beta"]) for r in ours] for who in ("found", "true"))
    assert f"{np.corrcoef(found, true)[0, 1]:.3f}" in page
    word = "reached" if np.median(angles) <= 3.5 else "**missed**"
    assert f"| long axis, median (deg) | ≤ 3.5 | {np.median(angles):.1f} {word} |" in page
    shown = re.findall(r"!\[[^]]*\]\((results/[^)]+)\)", page)
    assert {Path(name).name for name in shown} == {"spect_regression.png", "spect_worst.png", "shells_a.png"}
    assert max((out / name).stat().st_size for name in shown) < PICTURE_BYTES
    assert str(tmp_path) not in page
    timing = json.loads((out / "timing.json").read_text(encoding="utf-8"))
    ours, floor = timing["seconds"]
    assert 0 < timing["seconds"][ours] < timing["whole"][ours]
    assert timing["seconds"][floor] == timing["whole"][floor]
    assert f"the first method takes {timing['whole'][ours]:.2f} s" in page


def test_the_command_tells_nothing_of_the_machine() -> None:
    told = command_line(["evaluate", "/home/me/spect", "a=/data/b", "sets/czt", "--out", "/home/me/out"])
    assert told == "msstunet-reorient evaluate spect a=b sets/czt --out out"
