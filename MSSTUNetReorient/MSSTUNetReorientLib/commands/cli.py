"""The command line. Each command is a thin layer over a function that Python can call as well."""

from __future__ import annotations

import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..errors import InputError
from ..prediction.result import Result
from .evaluate import evaluate
from .simulate import simulate
from .stability import stability
from .terminal import PROGRAM
from .terminal import TerminatedError
from .terminal import progress_lines
from .terminal import stdout_reserved
from .terminal import tell
from .terminal import tell_error
from .terminal import termination_raises
from .terminal import write
from .train import blend
from .train import calibrate
from .train import pool
from .train import train
from .train import validate

EXIT_BUG, EXIT_INPUT, EXIT_INTERRUPTED, EXIT_SIGNAL = 1, 2, 130, 128

PACKAGE = __name__.split(".")[0]
app = typer.Typer(
    help="Reorient and segment the left ventricle in cardiac SPECT and PET. Research software, not a medical device.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Device(StrEnum):
    """Where the network runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        msg = f"no command given; see {PROGRAM} --help"
        raise InputError(msg)


@app.command()
def run(
    study: Annotated[
        Path, typer.Argument(help="Reconstructed transaxial study: DICOM file or folder, NRRD, NIfTI or MetaImage.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write the result into.")],
    gate: Annotated[int | None, typer.Option(min=1, help="One gate of a gated study; the sum by default.")] = None,
    series: Annotated[str | None, typer.Option(help="One series of a folder that holds several.")] = None,
    window: Annotated[
        str | None, typer.Option(help="Energy window of an NM study, by number or name; the photopeak by default.")
    ] = None,
    frames: Annotated[str | None, typer.Option(help="Time frames A-B of a dynamic study, to sum.")] = None,
    orientation: Annotated[
        str | None, typer.Option(help="Where i, j, k of an image file point, for example LPS or RAS.")
    ] = None,
    short_axis: Annotated[
        bool, typer.Option("--short-axis", help="The study is already short axis: only segment it.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Name of a shipped model or path of a weight file.")] = None,
    device: Annotated[Device, typer.Option(help="Where the network runs.")] = Device.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a former result in the folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print result.json to stdout and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    no_scene: Annotated[bool, typer.Option("--no-scene", help="Leave scene.mrb out.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Leave report.html and overview.png out.")] = False,
) -> None:
    """Make the short axis, the segmentation, the pose, a report and a 3D Slicer scene of one study."""
    from .run_study import run_study

    with stdout_reserved() if json or quiet else nullcontext():
        result = run_study(
            study,
            out,
            gate=gate,
            series=series,
            window=window,
            frames=frame_range(frames),
            orientation=orientation,
            short_axis=short_axis,
            model=model,
            device=device.value,
            overwrite=overwrite,
            scene=not no_scene,
            report=not no_report,
            progress=progress_lines(quiet or json),
            note=_ignore if quiet else tell,
        )
    _show(result, out, json=json, quiet=quiet)


app.command()(simulate)
app.command()(evaluate)
app.command()(stability)
app.command()(train)
app.command()(pool)
app.command()(validate)
app.command()(blend)
app.command()(calibrate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; ``sys.argv`` by default.

    Returns:
        The exit code: 0 done (also with a doubtful result, which says so, and where only the closing words could not
        be printed), 1 a fault of the program, 2 an input or an option that breaks a rule, or what could not
        be read or printed (JSON of a result that is written, too); 129 hung up, 130 interrupted, 143 terminated.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    try:
        with termination_raises(), warnings.catch_warnings():
            if not debug:
                warnings.simplefilter("ignore")
            _check_working_folder()
            code = app(arguments, prog_name=PROGRAM, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):  # older versions of Typer let the first or the second through
        code = EXIT_INTERRUPTED
    except TerminatedError as error:
        tell("terminated")
        return EXIT_SIGNAL + error.number
    except (SystemExit, BrokenPipeError):  # whoever read the output went away; Click tells it by the first
        write(sys.stdout, "")  # what waits there goes nowhere
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _explain(error)
    if code == EXIT_INTERRUPTED:
        tell("interrupted")
    return code if isinstance(code, int) else 0


def _check_working_folder() -> None:
    """A folder that was deleted under the shell makes every relative path meaningless.

    Raises:
        InputError: it is gone.
    """
    try:
        Path.cwd()
    except OSError as error:
        msg = "the working folder is gone; change to another one"
        raise InputError(msg) from error


def _explain(error: Exception) -> int:
    """Say in one line what went wrong; the exit code."""
    if isinstance(error, InputError):
        tell_error(error)
        return EXIT_INPUT
    usage = getattr(error, "format_message", None)  # a wrong option: Click's own or Typer's inlined exception
    if usage is not None:
        tell_error(f"{usage()} (see {PROGRAM} --help)")
        return EXIT_INPUT
    if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] != PACKAGE:
        brings = f"pip install '{PROGRAM}[evaluate]' brings all that commands need"
        tell_error(f"this command needs the package {error.name}, which is not installed; {brings}")
        return EXIT_INPUT
    if isinstance(error, OSError) and error.strerror:
        write(sys.stdout, "")  # most often it is full: what waits there goes nowhere
        place = f"{error.filename}: " if error.filename else "the output: "
        tell_error(f"{place}it cannot be read or written: {error.strerror}")
        return EXIT_INPUT
    tell_error(f"a fault of the program: {type(error).__name__}: {error} (--debug shows where)")
    return EXIT_BUG


def _show(result: Result, out: Path, *, json: bool, quiet: bool) -> None:
    """What stdout gets at the end."""
    if json:
        from ..output.result_files import summary_text

        problem = write(sys.stdout, summary_text(result))
        if problem:
            msg = f"{out}: the result is written, but its JSON could not be printed ({problem}); read {out}/result.json"
            raise InputError(msg)
    elif not quiet:
        lines = [f"quality: {result.quality.status}", *(f"  - {reason}" for reason in result.quality.reasons)]
        volumes = result.volumes_ml
        lines.append(f"LV myocardium {volumes['myocardium']:.0f} ml, blood pool {volumes['blood_pool']:.0f} ml")
        lines.append(f"written to {out}")
        problem = write(sys.stdout, "\n".join(lines) + "\n")
        if problem:
            tell(f"the result is written to {out}, but this could not be printed ({problem})")


def frame_range(text: str | None) -> tuple[int, int] | None:
    """First and last frame of ``A-B``, or of one number.

    Raises:
        InputError: the text is neither.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        msg = f"--frames {text}: time frames must be given as A-B, counted from 1, for example 12-20"
        raise InputError(msg)
    return first, last


def _ignore(_: str) -> None:
    """Say nothing."""
