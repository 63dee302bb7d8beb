"""The command ``run STRESS --rest REST``: what is printed, written and refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.commands.run_pair import run_pair
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result

QUICK = ["--no-scene", "--no-report"]


@pytest.fixture
def studies(tmp_path: Path) -> tuple[Path, Path]:
    """Two image files with other counts."""
    folder = tmp_path / "in"
    folder.mkdir()
    study = make_result().study
    for name, factor in (("stress", 1.0), ("rest", 0.7)):
        noise = np.random.default_rng(1).uniform(0, 5, study.array.shape) * (study.array < 50) * (factor < 1)
        counts = (factor * study.array + noise).astype(np.float32)
        sitk.WriteImage(Volume(counts, study.grid).to_sitk(), str(folder / f"{name}.nrrd"))
    return folder / "stress.nrrd", folder / "rest.nrrd"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A predictor with a fixed result; the largest count of each study that it was given."""
    found: list[float] = []

    def predict(
        volume: Volume, *, model: object, device: str, keep_axes: bool, progress: Callable[[str], None]
    ) -> Result:
        found.append(float(volume.array.max()))
        return make_result()

    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", SimpleNamespace(predict=predict))  # type: ignore[arg-type]
    return found


def command(studies: tuple[Path, Path], out: Path, *more: str) -> list[str]:
    return ["run", str(studies[0]), "--rest", str(studies[1]), "--out", str(out), *QUICK, *more]


def test_both_results_and_the_pair_are_written(
    studies: tuple[Path, Path], tmp_path: Path, seen: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(command(studies, tmp_path / "out")) == 0
    out, err = capfd.readouterr()
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"stress", "rest", "pair.json"}
    assert all((tmp_path / "out" / name / "result.json").is_file() for name in ("stress", "rest"))
    assert seen == pytest.approx([100.0, 70.1], abs=0.5)
    assert out.splitlines()[0] == "pair: review"
    assert "stress: review\n  - The shell is synthetic.\nrest: review" in out
    assert out.endswith(f"written to {tmp_path / 'out'}\n")
    assert err == ""


def test_json_is_the_file_and_nothing_else(
    studies: tuple[Path, Path], tmp_path: Path, seen: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(command(studies, tmp_path / "out", "--json")) == 0
    out = capfd.readouterr().out
    assert out == (tmp_path / "out" / "pair.json").read_text(encoding="utf-8")
    assert json.loads(out, parse_constant=pytest.fail)["schema"] == 1


def test_overwrite_is_needed_to_replace_a_pair(
    studies: tuple[Path, Path], tmp_path: Path, seen: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    run = command(studies, tmp_path / "out", "--quiet")
    assert main(run) == 0
    assert main(run) == 2
    assert "already contains a pair; add --overwrite" in capfd.readouterr().err
    assert main([*run, "--overwrite"]) == 0
    assert len(seen) == 4


def test_python_gives_the_pair(studies: tuple[Path, Path], tmp_path: Path, seen: list[float]) -> None:
    pair = run_pair(*studies, tmp_path / "out", scene=False, report=False)
    assert pair.as_dict() == json.loads((tmp_path / "out" / "pair.json").read_text(encoding="utf-8"))


def test_refusals_are_one_line_and_leave_nothing(
    studies: tuple[Path, Path], tmp_path: Path, seen: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    stress, rest = studies
    copy = rest.with_name("copy.nrrd")
    copy.write_bytes(stress.read_bytes())
    other_unit = rest.with_name("unit.nrrd")
    image = sitk.ReadImage(str(stress))
    sitk.WriteImage(sitk.Cast(sitk.Round(image * 7.3), sitk.sitkInt16), str(other_unit))
    out = tmp_path / "out"
    for arguments, words in (
        (command((stress, stress), out), "the same file is given twice"),
        (command((stress, copy), out), "both files have the same counts"),
        (command((stress, other_unit), out), "both files have the same counts"),
        (command((stress, rest.with_name("none")), out), "no such file"),
        (command((stress, rest), out, "--colours", "pink"), "one of thermal, gray"),
        (["run", str(stress), "--rest-series", "3", "--out", str(out)], "--rest is not given"),
    ):
        assert main(arguments) == 2
        printed, err = capfd.readouterr()
        assert printed == ""
        assert words in err
        assert err.count("\n") == 1
        assert not out.exists()
    assert seen == []
