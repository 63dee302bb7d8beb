"""The tables of figures of a study: those of the perfusion at once, the others once the child process has them."""

from __future__ import annotations

from collections.abc import Callable

from ..output.perfusion_text import perfusion_of
from ..output.scene_figures import perfusion_rows
from ..output.scene_figures import segment_rows
from ..prediction.result import Result
from ..scene.figure_tables import FigureRow
from ..scene.figure_tables import Figures
from ..scene.figure_tables import read_figures
from .nodes.study_nodes import StudyNodes
from .worker.worker_client import WorkerClient


def put_figures(client: WorkerClient, nodes: StudyNodes, result: Result, then: Callable[[str], None]) -> None:
    """Write the figures of a result as it stands in the scene.

    ``then`` is called when all are there, with the reason why some are missing, or with nothing.

    Raises:
        InputError: the result cannot be written for the child process.
    """
    perfusion = perfusion_of(result)
    nodes.put_figures(Figures(segment_rows(perfusion), perfusion_rows(perfusion)))

    def take(found: Figures | str) -> None:
        if isinstance(found, Figures):
            nodes.put_figures(found)
        then("" if isinstance(found, Figures) else found)

    client.ask_figures(nodes.study, result, take)


def figures_of(nodes: StudyNodes | None) -> tuple[FigureRow, ...]:
    """The figures as their table has them; empty where there is none."""
    table = nodes.node("figures") if nodes is not None else None
    return read_figures(table) if table is not None else ()
