"""How many studies of 64 voxels an edge a batch does per second and core, without pictures, and where the time goes.

Processor time, which other programs on the machine lengthen much less than the clock: ``make bench``.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "MSSTUNetReorient"))

from MSSTUNetReorientLib.commands import batch_task
from MSSTUNetReorientLib.commands.crew import by_processes
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io import write_volume
from MSSTUNetReorientLib.io.study_search import find_studies
from MSSTUNetReorientLib.output import result_files

SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
EDGE, AIM = 64, 2.5


def main() -> None:
    """Make the studies, and print what a process of a batch does with them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=6)
    count = parser.parse_args().studies
    with tempfile.TemporaryDirectory() as name:
        make_studies(Path(name) / "in", count + 1)
        [(_, text)] = by_processes(measured, [Path(name)], 1, batch_task.start_worker, ())
    sys.stdout.write(f"{text}\n")


def measured(folder: Path) -> str:
    """What a process of a batch does with the studies of a folder, and the shares of each step."""
    found = find_studies([folder / "in"]).studies
    making = batch_task.Making(device="cpu", pictures=False)
    tasks = [batch_task.Task((study,), folder / "out", making) for study in found]
    batch_task.work(tasks[0])  # loads the network
    before, count = peak_mb(), len(tasks) - 1
    steps, seconds = timed(lambda: [batch_task.work(task) for task in tasks[1:]])
    per_study = seconds / count
    lines = [f"{1 / per_study:.2f} studies a second and core (aim {AIM}); {1000 * per_study:.0f} ms each:"]
    lines.append(f"peak memory {before:.0f} MB after the first study, {peak_mb():.0f} MB after {count} more")
    lines += [f"  {100 * spent / seconds:3.0f} %  {step}" for step, spent in steps.most_common()]
    return "\n".join(lines)


def make_studies(folder: Path, count: int) -> None:
    """The sample on a grid of 64 voxels an edge, each with other noise."""
    folder.mkdir()
    sample = read_study(SAMPLE)
    first = -(EDGE - np.array(sample.grid.size)) / 2
    grid = type(sample.grid)((EDGE,) * 3, sample.grid.spacing, sample.grid.at(first), sample.grid.direction)
    counts = resample(sample, grid, order=1).array
    for n in range(count):
        noisy = np.random.default_rng(n).poisson(counts).astype(np.float32)
        write_volume(Volume(noisy, grid), folder / f"{n}.nrrd")


def peak_mb() -> float:
    """Of this process."""
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def timed(job: Callable[[], object]) -> tuple[Counter[str], float]:
    """Processor seconds by step, and in all."""
    steps: Counter[str] = Counter()
    inner = [0.0]

    def clocked(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **kwargs: Any) -> Any:
            outer, inner[0] = inner[0], 0.0
            start = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                steps[step] += spent - inner[0]
                inner[0] = outer + spent

        return measured

    from MSSTUNetReorientLib import io
    from MSSTUNetReorientLib.output import polar_map_files
    from MSSTUNetReorientLib.prediction import predictor

    places: list[tuple[Any, str, str]] = [
        (io, "read_files", "reading"),
        (predictor, "search", "network: search of pose"),
        (predictor, "label_shares", "network: labels"),
        (predictor, "resample", "short axis"),
        (predictor.qc, "assess", "verdict"),
        (batch_task, "result_of", "pose and labels, otherwise"),
        (polar_map_files, "perfusion_of", "perfusion"),
        (result_files, "pose_stability_section", "pose stability"),
        (result_files, "anatomical_section", "anatomical volumes"),
        (result_files, "write_product", "writing files"),
        (batch_task, "rows_of", "row of the table"),
    ]
    with ExitStack() as stack:
        for module, name, step in places:
            stack.enter_context(mock.patch.object(module, name, clocked(step, getattr(module, name))))
        start = time.process_time()
        job()
        seconds = time.process_time() - start
    steps["otherwise"] = seconds - sum(steps.values())
    return steps, seconds


if __name__ == "__main__":
    main()
