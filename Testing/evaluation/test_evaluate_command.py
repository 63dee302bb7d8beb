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
    assert main(["evaluate", *arguments, "--changed", "1", "--quiet"]) == 0
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
    word = "reached" if np.median(angles) <= 2.5 else "**missed**"
    assert f"| long axis, median (deg) | ≤ 2.5 | {np.median(angles):.1f} {word} |" in page
    septa = np.array([abs(float(r["found_septum_deg"]) - float(r["true_septum_deg"])) for r in ours])
    bounds = np.array([float(r["septum_bound_deg"]) for r in ours])
    within = int((septa <= bounds).sum())
    assert f"| {within}/3 ({100 * within / 3:.0f} %) | {np.median(bounds):.1f} |" in page
    assert f"| {np.median(septa):.1f}; {np.percentile(septa, 95):.1f}; {septa.max():.1f} |" in page
    swings = np.array([float(r["swing_deg"]) for r in ours])
    assert f"| {swings.mean():+.1f} ± {swings.std(ddof=1):.1f} |" in page
    changed = list(csv.DictReader((out / "changed.csv").read_text(encoding="utf-8").splitlines()))
    assert [r["study"] for r in changed] == ["spect_3"] * 14 + ["a"] * 14
    passed = sum(r["verdict"] == "pass" for r in changed[1:7])
    assert f"| {100 * (6 - passed) / 6:.0f} % " in page
    bare = [float(r["presence"]) for r in (*changed[7:14], *changed[21:28])]
    hearts = [float(changed[n]["presence"]) for n in (0, 14)]
    area = np.mean([h > b for h in hearts for b in bare])
    told = "reached" if area >= 0.99 else "**missed**"
    assert f"| all | {area:.3f} {told} | {np.median(bare):.3f}; {np.percentile(bare, 95):.3f} |" in page
    (one,) = [r for r in rows if r["data_set"] == "shells" and r["method"].startswith("MS-ST-UNet")]
    errors = " | ".join(f"{float(one[e]):.1f}" for e in ("ellipsoid_axis_deg", "wall_axis_deg", "long_axis_deg"))
    assert f" | {errors} |" in page
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


def test_a_method_without_a_verdict_judges_no_changed_studies(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("MSSTUNetReorientLib.evaluation.timing.ROUNDS", 1)
    out = tmp_path / "out"
    assert main(["evaluate", str(simulated), "--model", "mean-pose", "--out", str(out), "--quiet"]) == 0
    assert not (out / "changed.csv").exists()
    page = (out / "results.md").read_text(encoding="utf-8")
    assert "Turned and mirrored" not in page
    assert "without a heart" not in page
    assert "## Bounds" not in page


def test_a_study_for_looking_is_told_as_one(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("MSSTUNetReorientLib.evaluation.timing.ROUNDS", 1)
    told = json.loads((real / "reference_poses.json").read_text(encoding="utf-8"))["a"]
    (real / "reference_poses.json").unlink()
    (real / "reference_pose.json").write_text(json.dumps({"k_lps": told["k_lps"], "centre_lps": told["centre_lps_mm"]}))
    out = tmp_path / "out"
    assert main(["evaluate", f"pet={real}", "--model", "mean-pose", "--out", str(out), "--quiet"]) == 0
    page = (out / "results.md").read_text(encoding="utf-8")
    assert "**For looking only:**" in page
    assert "| pet | real, for looking |" in page
    assert "| a | " in page.split("line through the wall (deg)")[1]
    assert "**missed**" not in page.split("## Targets")[1].split("prediction (s)")[0]
