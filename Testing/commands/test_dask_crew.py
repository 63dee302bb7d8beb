"""A batch by the workers of a Dask scheduler: the same bytes, and a worker that dies costs a retry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.commands.crew import DiedError
from MSSTUNetReorientLib.commands.dask_crew import by_scheduler
from test_batch import contents
from test_batch import seen  # noqa: F401 -- a fixture
from test_batch import studies  # noqa: F401 -- a fixture
from test_crew import nothing
from test_crew import work

distributed: Any = pytest.importorskip("distributed", reason="a scheduler needs the extra 'dask'")


@pytest.fixture
def threads() -> Iterator[str]:
    """A scheduler with two workers in this process."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_the_same_bytes_as_without(studies: Path, tmp_path: Path, seen: list[int], threads: str) -> None:  # noqa: F811
    (studies / "empty.nrrd").touch()
    for out, how in (("alone", ["--jobs", "1"]), ("many", ["--scheduler", threads])):
        assert main(["batch", str(studies), "--out", str(tmp_path / out), "--no-pictures", "--quiet", *how]) == 3
    assert contents(tmp_path / "many") == contents(tmp_path / "alone")
    assert len(seen) == 8
    assert (
        main(["batch", str(studies), "--out", str(tmp_path / "many"), "--no-pictures", "-q", "--scheduler", threads])
        == 3
    )
    assert len(seen) == 8  # finished ones are kept


def test_an_error_ends_it(tmp_path: Path, threads: str) -> None:
    """As a full disk does: in its own words."""
    with pytest.raises(ValueError, match="not for long"):
        list(by_scheduler(threads, work, [("raises", str(tmp_path))], nothing))


@pytest.mark.slow
def test_a_worker_that_dies_costs_a_retry(tmp_path: Path) -> None:
    """It kills itself within a task; one that kills every worker gets an outcome too, and the others are done."""
    names = ["a", "dies once", "b", "dies always", "c"]
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        jobs = [(name, str(tmp_path)) for name in names]
        found = {job[0]: done for job, done in by_scheduler(cluster.scheduler_address, work, jobs, nothing)}
    died = found.pop("dies always")
    assert isinstance(died, DiedError)
    assert str(died) == "2 workers ended while they worked on it alone"
    assert found == {name: name.upper() for name in names if name != "dies always"}
    assert len((tmp_path / "dies once").read_text()) >= 2  # once more where its result died with its worker


def test_nobody_at_the_address(
    studies: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from MSSTUNetReorientLib.commands import dask_crew

    monkeypatch.setattr(dask_crew, "TIMEOUT_S", 1)
    for address in ("tcp://127.0.0.1:9", "nowhere"):
        assert main(["batch", str(studies), "--out", str(tmp_path / "out"), "-q", "--scheduler", address]) == 2
        assert f"--scheduler {address}: a Dask scheduler must answer" in capfd.readouterr().err.splitlines()[-1]
