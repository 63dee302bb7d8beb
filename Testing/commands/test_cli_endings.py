"""How a run ends under adverse conditions: streams, signals, folders and names; each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.output import destination
from MSSTUNetReorientLib.output.result_files import deliver
from places import REPOSITORY
from results import make_result

CORE = {"short_axis.nrrd", "segmentation.seg.nrrd", "labels.nrrd", "pose.tfm", "polar_map.csv", "polar_map.npz",
        "result.json"}  # fmt: skip
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX only")

QUICK_RUN = """
import sys
from types import SimpleNamespace
from MSSTUNetReorientLib.commands.terminal import open_standard_streams
open_standard_streams()
from results import make_result
sys.modules['MSSTUNetReorientLib.prediction.predictor'] = SimpleNamespace(predict=lambda *_, **__: make_result())
import MSSTUNetReorientLib.io as io
io.read_gates = lambda *_, **__: io.GatedStudy(None, ())
from MSSTUNetReorientLib.commands.cli import main
sys.exit(main(['run', 'study', '--no-scene', '--no-report', *sys.argv[1:]]))
"""
"""The whole command with a fixed result: nothing is read and no network runs."""


def environment(**changes: str) -> dict[str, str]:
    path = os.pathsep.join(str(REPOSITORY / folder) for folder in ("MSSTUNetReorient", "Testing"))
    return {**os.environ, "PYTHONPATH": path, **changes}


def shell(command: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command line of ``sh`` in which ``$RUN`` is the quick run."""
    script = folder / "quick_run.py"
    script.write_text(QUICK_RUN)
    run = f"'{sys.executable}' '{script}'"
    return subprocess.run(
        ["sh", "-c", command.replace("$RUN", run)], cwd=folder, env=environment(**changes), capture_output=True,
        text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


@POSIX
@pytest.mark.parametrize(
    ("command", "changes"),
    [
        ("$RUN --out out", {"PYTHONIOENCODING": "ascii"}),
        ("$RUN --out out", {"PYTHONIOENCODING": "latin-1"}),
        ("$RUN --out out", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ("$RUN --out out >&-", {}),
        ("$RUN --out out 2>&-", {}),
        ("$RUN --out out >&- 2>&- <&-", {}),
        ("$RUN --out out > /dev/full", {}),
        ("$RUN --out out 2> /dev/full", {}),
        ("$RUN --out out --quiet >&-", {}),
        ("$RUN --out out --json", {"PYTHONIOENCODING": "ascii"}),
    ],
)
def test_a_written_result_is_a_success(command: str, changes: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "Ergebnis é ☃"
    place.mkdir()
    done = shell(command.replace("--out out", f"--out '{place / 'out'}'"), tmp_path, **changes)
    assert done.returncode == 0, done.stderr
    assert names(place / "out") == CORE
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@POSIX
@pytest.mark.parametrize("stream", ["> /dev/full"])
def test_json_that_cannot_be_printed_is_reported(stream: str, tmp_path: Path) -> None:
    done = shell(f"$RUN --out out --json {stream}", tmp_path)
    assert done.returncode == 2
    assert "the result was written, but its JSON could not be printed (No space left on device)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert names(tmp_path / "out") == CORE


@POSIX
def test_a_reader_that_went_away(tmp_path: Path) -> None:
    done = shell("($RUN --out out; echo code $? >&2) | true", tmp_path)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "code 0" in done.stderr
    assert names(tmp_path / "out") == CORE


@POSIX
def test_closed_streams_do_not_end_in_result_files(tmp_path: Path) -> None:
    """The first file opened would get number 1, and whatever a library prints would end in it."""
    shell("$RUN --out out >&- 2>&-", tmp_path)
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["qc"]["status"] == "review"
    assert sitk.ReadImage(str(tmp_path / "out" / "labels.nrrd")).GetDimension() == 3


@POSIX
@pytest.mark.parametrize("command", ["--help", "train --list"])
@pytest.mark.parametrize(("stream", "code"), [("> /dev/full", 2), (">&-", 0), ("| true", 0)])
def test_other_commands_into_the_same_streams(command: str, stream: str, code: int, tmp_path: Path) -> None:
    program = f"'{sys.executable}' -m MSSTUNetReorientLib {command}"
    done = shell(
        f"({program}; echo code $? >&2) {stream}" if "|" in stream else f"{program} {stream}; echo code $? >&2",
        tmp_path,
    )
    *printed, last = done.stderr.splitlines()
    assert last == f"code {code}"
    assert len(printed) == (code == 2)
    assert all("cannot be read or written: No space left on device" in line for line in printed)


SLOW_RUN = QUICK_RUN.replace(
    "from MSSTUNetReorientLib.commands.cli import main",
    "import signal, time\n"
    "seconds = float(sys.argv.pop())\n"
    "import MSSTUNetReorientLib.output.result_files as delivery\n"
    "def slow(result, path):\n"
    "    path.write_text('half')\n"
    "    print('writing', flush=True)\n"
    "    time.sleep(seconds)\n"
    "delivery.PRODUCTS = (delivery.Product('pose.tfm', slow),)\n"
    "from MSSTUNetReorientLib.commands.cli import main",
)


def slow(tmp_path: Path, before: str, seconds: float) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", before + SLOW_RUN, "--out", str(tmp_path / "out"), str(seconds)]
    process = subprocess.Popen(arguments, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.1)
    return process


@POSIX
def test_a_hang_up_leaves_nothing(tmp_path: Path) -> None:
    process = slow(tmp_path, "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n", 60)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (129, "msstunet-reorient: terminated\n")
    assert names(tmp_path) == set()


@POSIX
def test_a_hang_up_under_nohup_is_ignored(tmp_path: Path) -> None:
    process = slow(tmp_path, "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n", 0.5)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert names(tmp_path / "out") == {"pose.tfm"}


@POSIX
def test_ctrl_c_while_the_program_is_loading(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import time; print('loading', flush=True); time.sleep(60)\n")
    start = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from MSSTUNetReorientLib.__main__ import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "msstunet-reorient: interrupted\n")


def test_the_installed_command_is_the_guarded_one() -> None:
    assert 'msstunet-reorient = "MSSTUNetReorientLib.__main__:main"' in (REPOSITORY / "pyproject.toml").read_text(
        encoding="utf-8"
    )


@POSIX
def test_a_working_folder_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = shell("cd gone && rmdir ../gone && $RUN --out out", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("msstunet-reorient: error: the working folder no longer exists")
    assert done.stderr.count("\n") == 1


@POSIX
def test_a_pipe_as_study(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "MSSTUNetReorientLib", "run", str(tmp_path / "pipe"), "--out", str(tmp_path / "o")]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "regular file" in done.stderr
    assert names(tmp_path) == {"pipe"}


class TestDestination:
    @pytest.mark.parametrize("name", ["x" * 300, "y" * 200 + "/" + "x" * 300])
    def test_a_name_that_is_too_long_is_found_before_the_run(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot write here"):
            destination.check_destination(tmp_path / name, overwrite=False)
        assert names(tmp_path) == set()

    def test_the_longest_name(self, tmp_path: Path) -> None:
        deliver(make_result(), tmp_path / ("x" * 255), scene=False, report=False)
        assert names(tmp_path) == {"x" * 255}

    @pytest.fixture
    def fixed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder that is there and cannot be renamed: its parent is read-only, or it is a mount point."""
        out = tmp_path / "out"
        out.mkdir()
        monkeypatch.setattr(destination, "_cannot_be_renamed", lambda folder: folder == out)
        return out

    def test_a_folder_that_must_stay_is_filled(self, fixed: Path) -> None:
        before = fixed.stat().st_ino
        deliver(make_result(), fixed, scene=False, report=False)
        assert names(fixed) == CORE
        deliver(make_result(), fixed, scene=False, report=False, overwrite=True)
        assert names(fixed) == CORE
        assert fixed.stat().st_ino == before

    def test_nothing_is_lost_where_filling_it_fails(self, fixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        deliver(make_result(), fixed, scene=False, report=False)
        former = (fixed / "result.json").read_bytes()
        rename, count = Path.rename, [0]

        def failing(path: Path, target: Path) -> Path:
            count[0] += 1
            if count[0] == 8:
                raise KeyboardInterrupt
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", failing)
        with pytest.raises(KeyboardInterrupt):
            deliver(make_result(), fixed, scene=False, report=False, overwrite=True)
        assert names(fixed) == CORE
        assert (fixed / "result.json").read_bytes() == former

    @POSIX
    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become somebody else")
    def test_a_real_read_only_parent(self, tmp_path: Path) -> None:
        out = tmp_path / "parent" / "out"
        out.mkdir(parents=True)
        os.chown(out, 65534, 65534)
        for folder in (out.parent, *tmp_path.parents[:-2], tmp_path):
            folder.chmod(0o755 if folder.stat().st_uid == 0 and folder != Path("/tmp") else folder.stat().st_mode)
        child = os.fork()
        if child == 0:
            os.setgid(65534)
            os.setuid(65534)
            code = 1
            with suppress(BaseException):
                deliver(make_result(), out, scene=False, report=False)
                code = 0
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert names(out) == CORE
        assert names(out.parent) == {"out"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--frames", "x"], "--frames x: time frames must be given as A-B"),
        (["--frames", "5-2"], "counted from 1"),
        (["--frames", "0-2"], "counted from 1"),
        (["--orientation", "XYZ"], "three letters"),
        (["--window", "2"], "--window applies only to DICOM studies"),
        (["--frames", "1-2"], "--frames applies only to DICOM studies"),
        (["--series", "2"], "omit --series or give the folder"),
        (["--gate", "2"], "not gated"),
    ],
)
def test_options_that_do_not_fit(
    options: list[str], words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study.nrrd"
    sitk.WriteImage(make_result().study.to_sitk(), str(study))
    assert main(["run", str(study), "--out", str(tmp_path / "out"), *options]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
    assert names(tmp_path) == {"study.nrrd"}
