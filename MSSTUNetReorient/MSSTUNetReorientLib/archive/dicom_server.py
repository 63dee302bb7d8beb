"""A DICOM service of our own that others connect to."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import InputError


@contextmanager
def serving(entity: Any, port: int, handlers: Sequence[Any], option: str) -> Iterator[int]:
    """Serve within the block, in threads.

    Args:
        entity: a pynetdicom ``AE`` with its contexts.
        port: on all interfaces; 0 for a free one.
        handlers: pairs of event and function.
        option: for the message.

    Yields:
        The port.

    Raises:
        InputError: the port is taken, or may not be used.
    """
    try:
        server = entity.start_server(("", port), block=False, evt_handlers=list(handlers))
    except OSError as error:
        msg = f"{option} {port}: nobody can listen there ({error.strerror}); choose another port"
        raise InputError(msg) from error
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
