"""One-line errors, and suppressed output of the underlying libraries."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import SimpleITK as sitk

from ..errors import InputError

QUOTED = re.compile(r"""b?'[^']*'|b?"[^"]*"|\[[^\]]*\]""")
MAX_REASON = 200
"""Most characters of a library's own message that an error quotes."""


def refuse(name: object, text: str, cause: BaseException | None = None) -> NoReturn:
    """Raise :class:`InputError` ``"<name>: <text>"`` on one line."""
    msg = f"{name}: {' '.join(text.split())}"
    raise InputError(msg) from cause


def reason(error: BaseException) -> str:
    """The last line of a library's error, short enough for a message.

    Quoted parts are omitted: they may be values of the header, and so personal data.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[-1] if lines else type(error).__name__
    return QUOTED.sub("...", text.removeprefix("Reason: "))[:MAX_REASON]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep ITK's and pydicom's warnings from the user's terminal; errors still come as exceptions."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def print_nothing(_: str) -> None:
    """Take a line and print nothing: what shows progress or notes where nobody asked for them."""
