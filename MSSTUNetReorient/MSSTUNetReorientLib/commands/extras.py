"""The optional packages that a command needs, checked before any work."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import InputError

PACKAGES = {
    "train": ("lightning_fabric", "monai"),
    "evaluate": ("monai", "jinja2", "matplotlib", "PIL"),
}
"""Extra of pyproject.toml, and the packages that show that it is installed."""


def require(extra: str) -> None:
    """Check that the packages of an extra are installed.

    Raises:
        InputError: one is not; the message names it and the command that installs it.
    """
    missing = [name for name in PACKAGES[extra] if find_spec(name) is None]
    if missing:
        msg = f"this command needs packages that are not installed: {', '.join(missing)}; run "
        msg += f"pip install 'msstunet-reorient[{extra}]'"
        raise InputError(msg)
