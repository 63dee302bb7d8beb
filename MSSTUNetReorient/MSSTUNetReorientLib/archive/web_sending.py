"""Sending DICOM files to an archive over the web: DICOMweb STOW-RS."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import InputError
from ..io.dicom_file import read_dataset
from .sending import TIMEOUT_S
from .sending import Sent

Printer = Callable[[str], None]

SCHEMES = ("http", "https")
UNAUTHORISED = (401, 403)


def is_web_address(text: str) -> bool:
    """Whether an archive is given as a web address."""
    return text.strip().lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def web_address(text: str) -> str:
    """The address of a DICOMweb service.

    Raises:
        InputError: it is none, or holds a password, which would be shown to others.
    """
    parts = urlsplit(text.strip())
    if parts.password or parts.username:
        msg = f"{parts.hostname}: an address must hold no user and password; put them into the file .netrc"
        raise InputError(msg)
    if parts.scheme.lower() not in SCHEMES or not parts.hostname or parts.query or parts.fragment:
        msg = f"{text}: a DICOMweb service must be given as https://HOST/PATH, for example https://pacs/dicom-web"
        raise InputError(msg)
    return text.strip().rstrip("/")


def send_over_web(
    files: Sequence[Path], url: str, *, timeout_s: float = TIMEOUT_S, progress: Printer | None = None
) -> Sent:
    """Send files, one by one.

    Args:
        files: DICOM files.
        url: the DICOMweb service; user and password are taken from ``.netrc``.
        timeout_s: without an answer for so long, the archive counts as gone.
        progress: called with each file.

    Returns:
        What the archive said, if it stored all of them; DICOMweb has no storage commitment.

    Raises:
        InputError: it cannot be reached, or refuses an object; the message says how many it has.
        ModuleNotFoundError: dicomweb-client is not installed.
    """
    client = _client(url, timeout_s)
    for number, path in enumerate(files, 1):
        if progress is not None:
            progress(f"sending {number} of {len(files)}")
        why = _store(client, path)
        if why:
            msg = f"{url}: the archive has {number - 1} of {len(files)} objects; {path.name}: {why}; "
            msg += "send the folder again"
            raise InputError(msg)
    return Sent(len(files), None)


def _client(url: str, timeout_s: float) -> Any:
    """A client that gives up after a time, and does not try again by itself."""
    from dicomweb_client.web import DICOMwebClient
    from requests import Session

    class Patient(Session):
        """Waits for an answer, but not for ever."""

        def request(self, *arguments: Any, **options: Any) -> Any:
            return super().request(*arguments, **{"timeout": timeout_s, **options})

    client = DICOMwebClient(url, session=Patient())
    client.set_http_retry_params(retry=False)
    return client


def _store(client: Any, path: Path) -> str:
    """Store one object; return why it was not stored, else nothing."""
    from requests import HTTPError
    from requests import RequestException

    try:
        answer = client.store_instances([read_dataset(path)])
    except HTTPError as error:
        code = error.response.status_code if error.response is not None else 0
        return "it needs a user and a password" if code in UNAUTHORISED else f"it was refused (HTTP status {code})"
    except RequestException as error:
        return f"no answer ({type(error).__name__})"
    failed = answer.get("FailedSOPSequence") or []
    if failed:
        return f"it was refused (reason 0x{int(failed[0].get('FailureReason', 0)):04X})"
    return ""
