"""How long the job takes and how much memory it needs: ``make bench``. Not a test: figures depend on the machine."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "MSSTUNetReorient"))

SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
PREDICT_LIMIT_S, PROCESS_LIMIT_S, PROCESS_LIMIT_GB = 0.5, 6.0, 1.5
"""What the job promises on two CPU cores."""
PAPER_GRID = 128

Row = tuple[str, str, str]


def main() -> None:
    """Measure and print a table of medians."""
    arguments = _arguments()
    rows = [*_process_rows(arguments.study, arguments.processes), *_model_rows(arguments.study, arguments.repeats)]
    width = max(len(name) for name, _, _ in rows)
    machine = platform.processor() or platform.machine()
    lines = [f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}"]
    lines += [f"{name:<{width}}  {value:>10}  {limit}" for name, value, limit in rows]
    sys.stdout.write("\n".join(lines) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path, default=SAMPLE)
    parser.add_argument("--repeats", type=int, default=7, help="predictions to take the median of")
    parser.add_argument("--processes", type=int, default=3, help="whole runs to take the median of")
    return parser.parse_args()


def median_seconds(job: Callable[[], object], repeats: int) -> float:
    """Median wall time of a call, after one to warm up."""
    job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _process_rows(study: Path, repeats: int) -> list[Row]:
    """The command ``run`` as a process of its own, everything written, imports included."""
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "MSSTUNetReorientLib", "run", str(study), "--out", f"{folder}/out", "-q"]
            start = time.perf_counter()
            subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": sys.path[0]})
            times.append(time.perf_counter() - start)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    peak_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e9
    return [
        ("whole process `run`", f"{statistics.median(times):.2f} s", f"<= {PROCESS_LIMIT_S:g} s"),
        ("its peak memory", f"{peak_gb:.2f} GB", f"<= {PROCESS_LIMIT_GB:g} GB"),
    ]


def _model_rows(study: Path, repeats: int) -> list[Row]:
    """The default model on a loaded volume, and one forward pass of the paper-size model for the ratio."""
    import torch
    from MSSTUNetReorientLib.io import read_study
    from MSSTUNetReorientLib.networks.configurations import build
    from MSSTUNetReorientLib.prediction.predictor import predict

    volume = read_study(study)
    ours = median_seconds(lambda: predict(volume, device="cpu"), repeats)
    paper, cube = build("paper-msstunet").eval(), torch.zeros(1, 1, PAPER_GRID, PAPER_GRID, PAPER_GRID)
    with torch.inference_mode():
        theirs = median_seconds(lambda: paper(cube), repeats=1)
    return [
        ("predict pose and labels, default model", f"{ours:.2f} s", f"<= {PREDICT_LIMIT_S:g} s"),
        ("one forward pass, paper-size model", f"{theirs:.2f} s", "random weights, 128 voxels an edge"),
        ("ratio", f"{theirs / ours:.1f}", ""),
    ]


if __name__ == "__main__":
    main()
