"""The command line: what a user types, reads and gets back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib import __version__
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from places import REPOSITORY
from results import FOUND
from results import make_result

CORE = {"short_axis.nrrd", "segmentation.seg.nrrd", "labels.nrrd", "pose.tfm", "polar_map.csv", "polar_map.npz",
        "result.json"}  # fmt: skip
QUICK = ["--no-scene", "--no-report"]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    sitk.WriteImage(make_result().study.to_sitk(), str(folder / "study.nrrd"))
    return folder / "study.nrrd"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A predictor with a fixed result, and its calls."""
    made: list[dict[str, Any]] = []

    def predict(
        volume: Volume, *, model: object, device: str, keep_axes: bool, progress: Callable[[str], None]
    ) -> Result:
        made.append({"volume": volume, "model": model, "device": device, "keep_axes": keep_axes})
        progress("finding the left ventricle")
        return make_result()

    install_predictor(monkeypatch, predict)
    return made


def install_predictor(monkeypatch: pytest.MonkeyPatch, predict: Callable[..., Result]) -> None:
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", SimpleNamespace(predict=predict))  # type: ignore[arg-type]


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def only_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text.strip()


def refused(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """The one line of a refusal."""
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    line = only_line(err)
    assert line.startswith("msstunet-reorient: error: ")
    assert "Traceback" not in line
    return line


def test_run_writes_the_result_and_prints_where(
    study: Path, tmp_path: Path, calls: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(study), "--out", str(tmp_path / "out"), *QUICK]) == 0
    out, err = capfd.readouterr()
    assert names(tmp_path / "out") == CORE
    assert "quality: review" in out
    assert "The shell is synthetic." in out
    assert str(tmp_path / "out") in out
    assert err == ""
    assert calls[0]["device"] == "auto"
    assert calls[0]["model"] is None
    assert np.allclose(calls[0]["volume"].array, make_result().study.array)


def test_run_prints_the_bounds(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install_predictor(monkeypatch, lambda *_, **__: make_result(quality=Quality("pass", (), FOUND)))
    assert main(["run", str(study), "--out", str(tmp_path / "out"), *QUICK]) == 0
    assert capfd.readouterr().out.splitlines()[1] == (
        "long axis good to 4 deg, centre to 3 mm (9 in 10 studies); septum at 172 deg, good to 10 deg"
    )
    summary = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert summary["septum"]["angle_deg"] == 172.0
    assert summary["good_to"] == {"axis_deg": 3.2, "centre_mm": 2.4}


def test_run_prints_no_bounds_that_are_not_there(
    study: Path, tmp_path: Path, calls: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(study), "--out", str(tmp_path / "out"), *QUICK]) == 0
    assert "good to" not in capfd.readouterr().out
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["septum"] is None


def test_json_prints_the_summary_and_nothing_else(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def chatty(*_: object, **__: object) -> Result:
        print("a library prints")  # noqa: T201
        os.write(1, b"and one in C++\n")
        return make_result()

    install_predictor(monkeypatch, chatty)
    assert main(["run", str(study), "--out", str(tmp_path / "out"), "--json", *QUICK]) == 0
    out, err = capfd.readouterr()
    assert out == (tmp_path / "out" / "result.json").read_text(encoding="utf-8")
    assert json.loads(out)["qc"]["status"] == "review"
    assert "a library prints" in err
    assert "and one in C++" in err


def test_quiet_prints_nothing(
    study: Path, tmp_path: Path, calls: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(study), "--out", str(tmp_path / "out"), "--quiet", *QUICK]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_line_per_step(
    study: Path,
    tmp_path: Path,
    calls: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["run", str(study), "--out", str(tmp_path / "out"), *QUICK]) == 0
    lines = capsys.readouterr().err.splitlines()
    for step in ("reading", "finding the left ventricle", "writing pose.tfm"):
        assert sum(step in line for line in lines) == 1


def test_options_reach_the_predictor(study: Path, tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    options = ["--model", "weights/mine.npz", "--device", "cpu", "--quiet", *QUICK]
    assert main(["run", str(study), "--out", str(tmp_path / "out"), *options]) == 0
    assert calls[0]["model"] == "weights/mine.npz"
    assert calls[0]["device"] == "cpu"


def _nothing(path: Path) -> None:
    """The file is missing."""


def _image(array: Any, spacing: tuple[float, ...] = (5.0, 5.0, 5.0), vector: bool = False) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        image = sitk.GetImageFromArray(array, isVector=vector)
        image.SetSpacing(spacing[: image.GetDimension()])
        sitk.WriteImage(image, str(path))

    return write


def _truncated(path: Path) -> None:
    _image(np.random.default_rng(0).random((40, 40, 40), dtype=np.float32))(path)
    path.write_bytes(path.read_bytes()[:20000])


GOOD = np.pad(np.ones((20, 20, 20), np.float32), 10)


def _with(value: float) -> Any:
    array = GOOD.copy()
    array[3, 3, 3] = value
    return array


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_nothing, "no such file"),
        (lambda p: p.write_bytes(b""), "empty"),
        (_truncated, ""),
        (lambda p: p.write_text("Dear reader,\nthis is no image.\n"), ""),
        (_image(GOOD[0]), ""),
        (_image(np.stack([GOOD] * 33), (5, 5, 5, 1)), "gates"),
        (_image(np.stack([GOOD] * 3, axis=-1), vector=True), ""),
        (_image(_with(np.nan)), "finite"),
        (_image(_with(np.inf)), "finite"),
        (_image(0 * GOOD), "every voxel is 0"),
        (_image(0 * GOOD + 7), "every voxel is 7"),
        (_image(-GOOD), "positive counts"),
        (_image(GOOD, (25.0, 5.0, 5.0)), "spacing"),
        (_image(GOOD[:8], (5.0, 5.0, 20.0)), "voxels"),
        (_image(GOOD, (2.0, 2.0, 2.0)), "field of view"),
    ],
    ids=[
        "missing", "empty", "truncated", "text", "2D", "4D", "RGB", "NaN", "infinite", "zero", "constant", "negative",
        "spacing", "size", "field",
    ],
)  # fmt: skip
def test_bad_study_is_one_line_exit_2_and_nothing_written(
    tmp_path: Path,
    calls: list[dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
    make: Callable[[Path], None],
    words: str,
) -> None:
    path = tmp_path / "bad.nrrd"
    make(path)
    before = names(tmp_path)
    line = refused(["run", str(path), "--out", str(tmp_path / "out")], capfd)
    assert "bad.nrrd" in line
    assert words in line
    assert names(tmp_path) == before
    assert calls == []


def test_projections_are_refused_with_what_to_do(
    shared_data: Path, tmp_path: Path, calls: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    path = shared_data / "rimd_projections" / "stress_tomo_projections.dcm"
    line = refused(["run", str(path), "--out", str(tmp_path / "out")], capfd)
    assert path.name in line
    assert "reconstruct" in line
    assert names(tmp_path) == set()


def test_some_negative_counts_are_allowed(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    _image(_with(-3.0))(tmp_path / "study.nrrd")
    assert main(["run", str(tmp_path / "study.nrrd"), "--out", str(tmp_path / "out"), "-q", *QUICK]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no command given"),
        (["frob"], "No such command 'frob'"),
        (["run"], "Missing"),
        (["run", "study.nrrd"], "--out"),
        (["run", "study.nrrd", "--out", "x", "--frob"], "--frob"),
        (["run", "study.nrrd", "--out", "x", "--device", "tpu"], "tpu"),
        (["run", "study.nrrd", "--out", "x", "--gate", "0"], "--gate"),
        (["run", "study.nrrd", "--out", "x", "--gate", "two"], "--gate"),
        (["run", "one.nrrd", "two.nrrd", "--out", "x"], "two.nrrd"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in refused(arguments, capfd)
    assert names(tmp_path) == set()


def test_a_former_result_is_refused_before_the_study_is_read(
    study: Path, tmp_path: Path, calls: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    run = ["run", str(study), "--out", str(tmp_path / "out"), *QUICK]
    assert main([*run, "--quiet"]) == 0
    study.unlink()
    assert "--overwrite" in refused(run, capfd)
    assert len(calls) == 1


def test_overwrite_replaces_a_former_result(study: Path, tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    run = ["run", str(study), "--out", str(tmp_path / "out"), "--quiet", *QUICK]
    assert main(run) == 0
    first = (tmp_path / "out" / "result.json").stat().st_ino
    assert main([*run, "--overwrite"]) == 0
    assert (tmp_path / "out" / "result.json").stat().st_ino != first


def test_a_damaged_weight_file_is_one_line(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def predict(*_: object, **__: object) -> Result:
        msg = "weights.npz: sha256 must be\n  aa, found bb"
        raise InputError(msg)

    install_predictor(monkeypatch, predict)
    line = refused(["run", str(study), "--out", str(tmp_path / "out")], capfd)
    assert line.endswith("sha256 must be aa, found bb")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "msstunet-reorient: interrupted"),
        (ZeroDivisionError("a bug"), 1, "internal error: ZeroDivisionError: a bug"),
        (ModuleNotFoundError("no", name="scipy"), 2, "needs the package scipy, which is not installed; pip install"),
        (ModuleNotFoundError("no", name="MSSTUNetReorientLib.x"), 1, "internal error: ModuleNotFoundError"),
    ],
)
def test_other_ends_are_one_line_too(
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    words: str,
) -> None:
    def predict(*_: object, **__: object) -> Result:
        raise error

    install_predictor(monkeypatch, predict)
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == code
    assert words in only_line(capfd.readouterr().err)
    assert names(tmp_path) == {"in"}


def test_debug_shows_the_traceback_above_the_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "none.nrrd"), "--out", str(tmp_path / "out"), "--debug"]) == 2
    err = capfd.readouterr().err
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("msstunet-reorient: error: ")


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out.strip() == f"msstunet-reorient {__version__}"


def test_help_names_every_option_and_loads_no_torch() -> None:
    code = (
        "import sys; from MSSTUNetReorientLib.commands.cli import main; code = main(['run', '--help']);"
        "sys.exit(code or ('torch' in sys.modules) or ('matplotlib' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=_environment(), capture_output=True, encoding="utf-8", check=True
    )
    for option in ("--out", "--gate", "--series", "--model", "--device", "--overwrite", "--quiet", "--json", "--debug"):
        assert option in done.stdout


def test_module_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "MSSTUNetReorientLib", "run", str(tmp_path / "none"), "--out", str(tmp_path / "o")]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no such file" in only_line(done.stderr)
    assert names(tmp_path) == set()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_the_middle_of_writing_leaves_nothing(tmp_path: Path, number: int, code: int) -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
        "from types import SimpleNamespace\n"
        "import MSSTUNetReorientLib.output.result_files as delivery\n"
        "from MSSTUNetReorientLib.commands.cli import main\n"
        "from results import make_result\n"
        "predictor = SimpleNamespace(predict=lambda *_, **__: make_result())\n"
        "sys.modules['MSSTUNetReorientLib.prediction.predictor'] = predictor\n"
        "import MSSTUNetReorientLib.io as io\n"
        "io.read_gates = lambda *_, **__: io.GatedStudy(None, ())\n"
        "def slow(result, path):\n"
        "    path.write_text('half')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
        "delivery.PRODUCTS = (delivery.Product('pose.tfm', slow),)\n"
        f"sys.exit(main(['run', 'study', '--out', {str(tmp_path / 'new' / 'out')!r}]))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], env=_environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(timeout=20) == code
    assert names(tmp_path) == set()


def _environment() -> dict[str, str]:
    path = os.pathsep.join(str(REPOSITORY / folder) for folder in ("MSSTUNetReorient", "Testing"))
    return {**os.environ, "PYTHONPATH": path}
