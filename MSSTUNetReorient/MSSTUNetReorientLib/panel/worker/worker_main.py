"""The child process of the panel: it loads the networks and answers requests one after the other.

Requests are lines of JSON on standard input: ``{"op": "predict" | "segment", "study": path, "answer": path, ...}``, or
``{"op": "figures", "study": path, "state": path}`` for the figures of a result as it stands in the scene.
Answers are lines on standard output that begin with :data:`MARK`: ``progress`` (words), then ``done`` or ``error``.
The end of standard input ends it at once, whatever it is doing. That is how a run is cancelled: what the panel can
kill may be no more than the launcher of this process, whose end closes its standard input all the same.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from ...errors import InputError
from ...geometry.pose import Pose
from ...prediction.result import Result
from ..state.loaded_study import LoadedStudy
from .worker_files import figures_content
from .worker_files import read_answer
from .worker_files import read_loaded
from .worker_files import write_answer

MARK = "@reorient "
"""Begins every line that is ours; libraries may print others."""

Say = Callable[[str], None]


def main() -> None:
    """Answer until standard input ends."""
    requests: SimpleQueue[str] = SimpleQueue()
    Thread(target=_listen, args=(requests,), daemon=True).start()
    while True:
        handle(json.loads(requests.get()), _tell)


def _listen(requests: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        if line.strip():
            requests.put(line)
    os._exit(0)


def handle(request: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Answer one request; every error is reported, and the process continues."""
    try:
        done = _figures(request) if request["op"] == "figures" else _answer(request, tell)
    except InputError as error:
        tell({"error": str(error)})
    except Exception as error:  # reported to the reader: no error may be lost
        tell({"error": f"{type(error).__name__}: {error}", "unexpected": True})
    else:
        tell(done)


def _answer(request: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    tell({"progress": "starting the network"})
    result = _job(request)(lambda text: tell({"progress": text}))
    write_answer(result, Path(request["answer"]))
    return {"done": request["answer"]}


def _figures(request: dict[str, Any]) -> dict[str, Any]:
    """They take longer than a window may wait; of a gated study all gates are segmented."""
    from ...output.scene_figures import scene_figures

    loaded = _study(request["study"])
    result = read_answer(Path(request["state"])).with_study(loaded.volume)
    if loaded.gates:
        from ...prediction.gates import with_gates

        result = with_gates(result, loaded.gates, model=request.get("model"))
    return {"done": request["state"], "figures": figures_content(scene_figures(result, loaded.fault))}


def _job(request: dict[str, Any]) -> Callable[[Say], Result]:
    from ...prediction.predictor import predict
    from ...prediction.predictor import segment_at

    study, model = _study(request["study"]).volume, request.get("model")
    if request["op"] == "predict":
        return lambda say: predict(study, model=model, centre_hint=request.get("hint"), progress=say)
    pose, spread = Pose.from_matrix(request["pose"]), request.get("axis_spread_deg", 0.0)
    return lambda say: segment_at(study, pose, model=model, axis_spread_deg=spread, progress=say)


@lru_cache(maxsize=2)
def _study(path: str) -> LoadedStudy:
    return read_loaded(Path(path))


def _tell(content: dict[str, Any]) -> None:
    sys.stdout.write(MARK + json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
