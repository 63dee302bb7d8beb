"""How long studies take and how much memory they need: ``python Testing/bench/simulation.py``. Not a test."""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "MSSTUNetReorient"))

FAST_LIMIT_S, PHYSICS_LIMIT_S, LIMIT_GB = 0.25, 30.0, 2.0
"""What the simulator promises: per 64^3 study, on one core and on two."""
SEEDS = 5


def main() -> None:
    """Print process and wall time of studies of 64 voxels an edge."""
    import torch

    torch.set_num_threads(1)
    rows = [("image space", True, FAST_LIMIT_S), ("projections and OSEM", False, PHYSICS_LIMIT_S)]
    for name, fast, limit in rows:
        times = [_time(seed, fast) for seed in range(SEEDS if fast else 2)]
        cpu, wall = (max(column) for column in zip(*times, strict=True))
        sys.stdout.write(f"{name:<22}  worst of {len(times)}: {cpu:6.2f} s CPU, {wall:6.2f} s wall  <= {limit:g} s\n")
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    sys.stdout.write(f"peak memory {peak:.2f} GB <= {LIMIT_GB:g} GB, {os.cpu_count()} cores\n")


def _time(seed: int, fast: bool) -> tuple[float, float]:
    from MSSTUNetReorientLib.simulation.draw import draw_parameters
    from MSSTUNetReorientLib.simulation.parameters import Raster
    from MSSTUNetReorientLib.simulation.render import render

    drawn = draw_parameters("spect", seed, fast=fast)
    cube = replace(drawn, raster=Raster((64, 64, 64), 6.4, drawn.raster.centre))
    if fast:
        render(cube)
    cpu, wall = time.process_time(), time.perf_counter()
    render(cube)
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    main()
