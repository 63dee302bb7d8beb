"""A process of its own that keeps making studies while another trains from them; it ends with its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from ..errors import InputError
from ..simulation.splits import Split
from .pool import fill_pool
from .pool import training_sources

NICENESS = 5
"""Studies are made with what training leaves of the machine."""


@contextmanager
def pool_being_made(
    folder: Path, data: Path | None, *, slots: int, first_seed: int, split: Split = "train"
) -> Iterator[Callable[[], None]]:
    """Studies are made into ``folder`` within the block.

    Yields:
        A function that raises what stopped the process, if anything did.

    Raises:
        InputError: the data cannot be used.
    """
    training_sources(data, split)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_make, args=(theirs, folder, data, split, slots, first_seed), daemon=True)
    process.start()
    theirs.close()

    def check() -> None:
        if not process.is_alive():
            reason = "it ended"
            with suppress(EOFError):
                reason = ours.recv() if ours.poll() else reason
            msg = f"the process that makes studies has stopped: {reason}"
            raise InputError(msg)

    try:
        yield check
    finally:
        process.terminate()
        process.join()


def _make(told: Connection, folder: Path, data: Path | None, split: Split, slots: int, first_seed: int) -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that trains hears it, and ends this process when it is done
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    try:
        fill_pool(
            folder, training_sources(data, split), slots=slots, first_seed=first_seed,
            keep_going=lambda: parent is not None and parent.is_alive(),
        )  # fmt: skip
    except InputError as error:
        told.send(str(error))


def wait_for(folder: Path, count: int, check: Callable[[], None], say: Callable[[str], None]) -> None:
    """Until a pool holds ``count`` studies.

    Args:
        check: raises when no process makes any more.
    """
    said = 0.0
    while (there := len(list(folder.glob("*.npz")))) < count:
        check()
        if time.monotonic() - said > 10:
            say(f"making the first studies: {there} of {count}")
            said = time.monotonic()
        time.sleep(0.2)
