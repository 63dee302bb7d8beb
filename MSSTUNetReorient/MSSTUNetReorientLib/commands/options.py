"""Options that several commands have, each with one name and one text."""

from __future__ import annotations

from typing import Annotated

import typer

ModelOption = Annotated[str | None, typer.Option("--model", help="Name of a shipped model, or path of a weight file.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
LimitsOption = Annotated[
    str,
    typer.Option("--limits", help="Normal limits: auto (by the header), a shipped name, a file of 'normals', or none."),
]
ColoursOption = Annotated[
    str, typer.Option("--colours", help="Colour table of the pictures: perceptual, thermal, gray, cool or 10-steps.")
]
SceneFlag = Annotated[bool, typer.Option("--scene", help="Write a scene for 3D Slicer with each result.")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Number of processes; one for each core by default.")
]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")]
DebugFlag = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
