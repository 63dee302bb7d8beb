"""The command ``watch``: a folder, or a DICOM listener in front of it, whose studies are processed as they come."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ..archive.archive_address import OWN_TITLE
from ..archive.archive_address import check_title
from ..errors import InputError
from .export import ANONYMOUS_HELP
from .options import ColoursOption
from .options import DebugFlag
from .options import DeviceOption
from .options import JobsOption
from .options import LimitsOption
from .options import ModelOption
from .options import QuietFlag
from .options import SceneFlag
from .send import SEND_HELP
from .send import TITLE_HELP
from .send import archive_of
from .send import send_folder
from .terminal import print_line
from .terminal import print_nothing


def watch(
    inbox: Annotated[Path, typer.Argument(help="The folder to watch; nothing in it is changed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder: a new one, or one to continue.")],
    listen: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Take studies into INBOX as a DICOM storage on this port.")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(metavar="AE", help="Title of one who may send to it; everybody by default.")
    ] = None,
    title: Annotated[str, typer.Option(help=TITLE_HELP)] = OWN_TITLE,
    send: Annotated[str | None, typer.Option(help=SEND_HELP)] = None,
    dicom_out: Annotated[
        Path | None, typer.Option(help="Keep DICOM objects here, with the patient's name, ID and dates.")
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help=ANONYMOUS_HELP)] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds without a new file after which a study may be complete.")
    ] = 30.0,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    limits: LimitsOption = "auto",
    jobs: JobsOption = None,
    colours: ColoursOption = "perceptual",
    scene: SceneFlag = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Process each study that comes into a folder, once, and send it to an archive, until this is ended.

    With --send or --dicom-out, DICOM objects are written, which hold the patient's name, ID and dates.
    """
    _check(listen, accept or [], title, send, dicom_out, anonymous)
    from ..archive.commitment import Commitments
    from ..prediction.predictor import choose_device
    from .batch_task import Making
    from .run_watch import Delivery
    from .run_watch import run_watch

    choose_device(device)
    log = print_nothing if quiet else _print_with_time
    commitments = Commitments(log)
    sending = (
        partial(send_folder, to=send, title=title, progress=print_nothing, commitments=commitments) if send else None
    )
    with ExitStack() as held:

        def begin() -> None:
            if listen is not None:
                from ..archive.listener import listening

                answers = commitments if send is not None else None
                held.enter_context(
                    listening(inbox, listen, title, accepted=accept or [], commitments=answers, note=log)
                )
                log(f"listening on port {listen} as {title}")
            log("watching")

        run_watch(
            inbox,
            out,
            Making(model, device, limits, colours, True, scene),
            Delivery(dicom_out, sending, anonymous),
            wait_s=wait,
            jobs=jobs,
            log=log,
            begin=begin,
        )


def _check(
    listen: int | None, accept: list[str], title: str, send: str | None, dicom_out: Path | None, anonymous: bool
) -> None:
    """Refuse options that do not go together, before any work.

    Raises:
        InputError: they do not, an address is none, or a package is missing.
    """
    if accept and listen is None:
        msg = "--accept belongs to the listener, but --listen is not given; add it or omit --accept"
        raise InputError(msg)
    if anonymous and send is None and dicom_out is None:
        msg = "--anonymous belongs to DICOM objects, but neither --send nor --dicom-out is given; add one or omit it"
        raise InputError(msg)
    check_title(title)
    for name in accept:
        check_title(name, "--accept")
    if send is not None:
        archive_of(send)
    if listen is not None and find_spec("pynetdicom") is None:
        msg = (
            "--listen needs the package pynetdicom, which is not installed; run pip install 'msstunet-reorient[dicom]'"
        )
        raise InputError(msg)


def _print_with_time(text: str) -> None:
    print_line(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")
