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
from typing import TYPE_CHECKING
from typing import Annotated
from typing import Any

import typer

from .. import __version__
from ..archive.archive_address import OWN_TITLE
from ..errors import InputError
from ..prediction.result import Result
from .batch_command import batch
from .compare import compare
from .evaluate import evaluate
from .export import ANONYMOUS_HELP
from .export import export
from .normals import normals
from .options import ColoursOption
from .options import DebugFlag
from .options import LimitsOption
from .options import ModelOption
from .options import QuietFlag
from .pose_cost import pose_cost
from .send import SEND_HELP
from .send import check_archive
from .send import send
from .send import send_folder
from .send import sent_line
from .simulate import simulate
from .stability import stability
from .terminal import PROGRAM
from .terminal import TerminatedError
from .terminal import print_error
from .terminal import print_line
from .terminal import print_nothing
from .terminal import progress_lines
from .terminal import stdout_reserved
from .terminal import termination_raises
from .terminal import write
from .train import blend
from .train import bounds
from .train import calibrate
from .train import pool
from .train import train
from .train import validate
from .watch import watch

if TYPE_CHECKING:
    from ..output.pair import Pair

EXIT_BUG, EXIT_INPUT, EXIT_INTERRUPTED, EXIT_SIGNAL = 1, 2, 130, 128

PACKAGE = __name__.split(".")[0]
app = typer.Typer(
    help="Reorient and segment the left ventricle in cardiac SPECT and PET. Research software, not a medical device.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Device(StrEnum):
    """Device that runs the network."""

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
        msg = f"no command given; run {PROGRAM} --help"
        raise InputError(msg)


@app.command()
def run(
    study: Annotated[
        Path, typer.Argument(help="Reconstructed transaxial study: DICOM file or folder, NRRD, NIfTI or MetaImage.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder.")],
    rest: Annotated[
        Path | None, typer.Option(help="The rest study of the same patient: both in one report; STUDY is the stress.")
    ] = None,
    gate: Annotated[int | None, typer.Option(min=1, help="One gate of a gated study; the sum by default.")] = None,
    series: Annotated[str | None, typer.Option(help="Series to read from a folder with several.")] = None,
    rest_series: Annotated[str | None, typer.Option(help="Series of the rest study, as --series.")] = None,
    window: Annotated[
        str | None, typer.Option(help="Energy window of an NM study, by number or name; the photopeak by default.")
    ] = None,
    frames: Annotated[str | None, typer.Option(help="Time frames A-B of a dynamic study, to sum.")] = None,
    orientation: Annotated[
        str | None, typer.Option(help="Directions of i, j, k of an image file, for example LPS or RAS.")
    ] = None,
    short_axis: Annotated[
        bool, typer.Option("--short-axis", help="The study is already in short-axis orientation: only segment it.")
    ] = False,
    model: ModelOption = None,
    device: Annotated[Device, typer.Option(help="Device that runs the network.")] = Device.auto,
    limits: LimitsOption = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing result in the folder.")] = False,
    quiet: QuietFlag = False,
    json: Annotated[bool, typer.Option("--json", help="Print only result.json, or pair.json, to stdout.")] = False,
    debug: DebugFlag = False,
    colours: ColoursOption = "perceptual",
    no_scene: Annotated[bool, typer.Option("--no-scene", help="Do not write scene.mrb.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Do not write report.html and overview.png.")] = False,
    dicom_out: Annotated[
        Path | None,
        typer.Option(help="Also write DICOM objects, with the patient's name, ID and dates; more options: 'export'."),
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help=ANONYMOUS_HELP)] = False,
    send_to: Annotated[str | None, typer.Option("--send", help=SEND_HELP)] = None,
) -> None:
    """Reorient and segment one study; write the short axis, labels, pose, report and 3D Slicer scene."""
    options: dict[str, Any] = {
        "gate": gate,
        "series": series,
        "window": window,
        "frames": frame_range(frames),
        "orientation": orientation,
        "short_axis": short_axis,
        "model": model,
        "device": device.value,
        "limits": limits,
        "overwrite": overwrite,
        "scene": not no_scene,
        "report": not no_report,
        "colours": colours,
        "dicom_out": dicom_out,
        "anonymous": anonymous,
        "progress": progress_lines(quiet or json),
        "note": print_nothing if quiet else print_line,
    }
    if rest is None and rest_series is not None:
        msg = "--rest-series needs a rest study, but --rest is not given; add --rest or omit it"
        raise InputError(msg)
    check_archive(send_to, dicom_out)
    with stdout_reserved() if json or quiet else nullcontext():
        if rest is not None:
            from .run_pair import run_pair

            pair = run_pair(study, rest, out, rest_series=rest_series, **options)
        else:
            from .run_study import run_study

            result = run_study(study, out, **options)
    if rest is not None:
        _show_pair(pair, out, json=json, quiet=quiet)
    else:
        _show(result, out, json=json, quiet=quiet)
    if send_to is not None and dicom_out is not None:
        sent = send_folder(dicom_out, send_to, OWN_TITLE, progress_lines(quiet or json))
        if not (quiet or json):
            print_line(sent_line(sent, send_to))


app.command()(batch)
app.command()(watch)
app.command()(export)
app.command()(send)
app.command()(simulate)
app.command()(normals)
app.command()(evaluate)
app.command()(stability)
app.command()(pose_cost)
app.command()(compare)
app.command()(train)
app.command()(pool)
app.command()(validate)
app.command()(blend)
app.command()(calibrate)
app.command()(bounds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; ``sys.argv`` by default.

    Returns:
        The exit code: 0 success (also if the verdict is not pass, or if only the summary could not be printed),
        1 internal error, 2 invalid input or option, or a file or output that could not be read or written
        (including the JSON of a written result), 3 a batch is complete but studies are without result; 129 hung up,
        130 interrupted, 143 terminated.
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
        print_line("terminated")
        return EXIT_SIGNAL + error.number
    except (SystemExit, BrokenPipeError):  # the reader of the output is gone; Click raises the first
        write(sys.stdout, "")  # discards what is buffered
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _explain(error)
    if code == EXIT_INTERRUPTED:
        print_line("interrupted")
    return code if isinstance(code, int) else 0


def _check_working_folder() -> None:
    """Refuse a working folder that was deleted: no relative path would work.

    Raises:
        InputError: it no longer exists.
    """
    try:
        Path.cwd()
    except OSError as error:
        msg = "the working folder no longer exists; change to another one"
        raise InputError(msg) from error


def _explain(error: Exception) -> int:
    """Print the error in one line; return the exit code."""
    if isinstance(error, InputError):
        print_error(error)
        return EXIT_INPUT
    usage = getattr(error, "format_message", None)  # a wrong option: Click's own or Typer's inlined exception
    if usage is not None:
        print_error(f"{usage()} (run {PROGRAM} --help)")
        return EXIT_INPUT
    if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] != PACKAGE:
        remedy = f"pip install '{PROGRAM}[evaluate]' installs all that the commands need"
        print_error(f"this command needs the package {error.name}, which is not installed; {remedy}")
        return EXIT_INPUT
    if isinstance(error, OSError) and error.strerror:
        write(sys.stdout, "")  # it is probably full: discards what is buffered
        place = f"{error.filename}: " if error.filename else "output: "
        print_error(f"{place}cannot be read or written: {error.strerror}")
        return EXIT_INPUT
    print_error(f"internal error: {type(error).__name__}: {error} (run with --debug for the traceback)")
    return EXIT_BUG


def _show(result: Result, out: Path, *, json: bool, quiet: bool) -> None:
    """Print the summary or the JSON to stdout."""
    if json:
        from ..output.result_files import summary_text

        _print_json(summary_text(result), out, "result.json")
    elif not quiet:
        from ..output.good_to_text import one_line

        lines = [f"quality: {result.quality.status}", *(f"  - {reason}" for reason in result.quality.reasons)]
        volumes = result.volumes_ml
        if good_to := one_line(result.quality):
            lines.append(good_to)
        seen = f"LV myocardium {volumes['myocardium']:.0f} ml, blood pool {volumes['blood_pool']:.0f} ml"
        lines.append(f"{seen} (as they appear)")
        _print_lines(lines, out)


def _show_pair(pair: Pair, out: Path, *, json: bool, quiet: bool) -> None:
    """Print the summary or the JSON of a pair to stdout."""
    if json:
        from ..output.pair_files import pair_text

        _print_json(pair_text(pair), out, "pair.json")
    elif not quiet:
        sides = (("stress", pair.stress), ("rest", pair.rest))
        lines = [f"pair: {pair.verdict}", *(f"  - {warning}" for warning in pair.warnings)]
        for name, side in sides:
            quality = side.result.quality
            lines += [f"{name}: {quality.status}", *(f"  - {reason}" for reason in quality.reasons)]
        reversible = pair.figures["reversible_extent_percent"]
        found = f"{reversible.value:.0f} % of the LV surface" if reversible.value is not None else "withheld"
        lines.append(f"reversible: {found}")
        _print_lines(lines, out)


def _print_json(text: str, out: Path, name: str) -> None:
    problem = write(sys.stdout, text)
    if problem:
        msg = f"{out}: the result was written, but its JSON could not be printed ({problem}); read {out}/{name}"
        raise InputError(msg)


def _print_lines(lines: list[str], out: Path) -> None:
    problem = write(sys.stdout, "\n".join([*lines, f"written to {out}"]) + "\n")
    if problem:
        print_line(f"the result was written to {out}, but the summary could not be printed ({problem})")


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
