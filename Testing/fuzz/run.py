"""Many inputs in processes of their own, and a table of what became of them."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "MSSTUNetReorient"), str(ROOT / "Testing")]

from fuzz.bases import KINDS
from fuzz.oracle import ALIKE
from fuzz.oracle import DIFFERS
from fuzz.oracle import FINDING
from fuzz.oracle import REFUSED
from fuzz.oracle import WARNED
from fuzz.oracle import Verdict
from fuzz.oracle import judge

HANG_S = 10.0
START_S = 60.0
"""A process that starts loads its libraries first."""
MAX_RSS_KB, MAX_ADDRESSES = 2_000_000, 8 * 2**30
OUTCOMES = (ALIKE, WARNED, REFUSED, DIFFERS, FINDING)


def work(pipe: Connection, judged: Any = judge) -> None:
    """Judge the seeds that come until None; says when it begins one, so that its end is missed."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESSES, MAX_ADDRESSES))
    judged(0)  # loads and makes what all inputs need
    before = _peak_kb()
    pipe.send(None)
    while (seed := pipe.recv()) is not None:
        verdict = judged(seed)
        after = _peak_kb()
        if after - before > MAX_RSS_KB:
            verdict = Verdict(seed, verdict.kind, verdict.what, FINDING, f"{(after - before) // 1000} MB of memory")
            before = after
        pipe.send(verdict)


def _peak_kb() -> int:
    """Most memory this process ever had; the system's own counter may begin with that of the parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Worker:
    """One process, and what it is at."""

    def __init__(self, judged: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=work, args=(far, judged), daemon=True)
        self.process.start()
        far.close()
        self.seed: int | None = None
        self.until = time.monotonic() + START_S

    def give(self, seed: int) -> None:
        """Judge this one next."""
        self.seed, self.until = seed, time.monotonic() + HANG_S
        self.pipe.send(seed)

    def lost(self) -> Verdict | None:
        """What is to be said where it died or hangs; it is killed then."""
        late = time.monotonic() > self.until
        if self.process.is_alive() and not late:
            return None
        code = self.process.exitcode
        self.process.kill()
        self.process.join()
        if self.seed is None:
            msg = f"a process ended before its first input, with exit code {code}"
            raise RuntimeError(msg)
        words = f"no end within {HANG_S:g} s" if late else f"the process died with exit code {code}"
        return Verdict(self.seed, "?", "?", FINDING, words)


def run(seeds: list[int], jobs: int, judged: Any = judge, report: Any = None) -> list[Verdict]:
    """Judge all seeds; a process that dies or hangs costs one of them and is replaced.

    Raises:
        RuntimeError: a process ends before its first input.
    """
    waiting, done = list(reversed(seeds)), []
    workers = [Worker(judged) for _ in range(min(jobs, len(seeds)))]
    while workers:
        ready = wait([w.pipe for w in workers], timeout=0.5)
        for worker in [w for w in workers if w.pipe in ready]:
            done += _received(worker)
            if worker.process.is_alive() and not _next(worker, waiting):
                workers.remove(worker)
        if report:
            report(done)
        for worker in list(workers):
            lost = worker.lost()
            if lost is not None:
                workers.remove(worker)
                done.append(lost)
                workers += [Worker(judged)] if waiting else []
    return done


def _received(worker: Worker) -> list[Verdict]:
    """What a process says: a verdict, that it has begun, or nothing more."""
    try:
        verdict = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(1)
        return []
    return [] if verdict is None else [verdict]


def _next(worker: Worker, waiting: list[int]) -> bool:
    """Give a process its next input; False, and it ends, where there is none."""
    if waiting:
        worker.give(waiting.pop())
        return True
    worker.pipe.send(None)
    worker.process.join()
    return False


def table(verdicts: list[Verdict]) -> str:
    """Counts by kind and outcome."""
    counts = Counter((v.kind, v.outcome) for v in verdicts)
    kinds = [*KINDS, *(["?"] if any(v.kind == "?" for v in verdicts) else [])]
    rows = [["kind", "inputs", *OUTCOMES]]
    rows += [[k, str(sum(counts[k, o] for o in OUTCOMES)), *(str(counts[k, o]) for o in OUTCOMES)] for k in kinds]
    rows.append(["all", str(len(verdicts)), *(str(sum(counts[k, o] for k in kinds)) for o in OUTCOMES)])
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]])


def main() -> int:
    """Exit code 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, help="one input, in this process")
    options = parser.parse_args()
    if options.only is not None:
        sys.stdout.write(f"{judge(options.only)}\n")
        return 0
    seeds = list(range(options.seed, options.seed + options.inputs))
    verdicts = run(seeds, options.jobs, report=lambda done: sys.stderr.write(f"\r{len(done)} of {len(seeds)}"))
    sys.stderr.write("\n")
    findings = [v for v in verdicts if v.outcome == FINDING]
    sys.stdout.write(table(verdicts) + "\n")
    sys.stdout.writelines(f"{v.seed}: {v.kind}: {v.what}: {v.detail}\n" for v in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
