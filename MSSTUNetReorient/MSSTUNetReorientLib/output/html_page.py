"""A page in one HTML file: a template of the folder ``templates``, with its pictures inside."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUICK_PNG = {"compress_level": 2}
"""Files are hardly larger, and written in a quarter of the time."""


def write_page(path: Path, template: str, content: dict[str, Any]) -> None:
    """Write :func:`page_text`."""
    path.write_text(page_text(template, content), encoding="utf-8")


def page_text(template: str, content: dict[str, Any]) -> str:
    """Fill a template; what it asks for and the content lacks is an error."""
    from jinja2 import Environment
    from jinja2 import PackageLoader
    from jinja2 import StrictUndefined

    loader = PackageLoader("MSSTUNetReorientLib.output", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return str(environment.get_template(template).render(content))


def figure_png(figure: Figure, dpi: int) -> bytes:
    """A figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, pil_kwargs=QUICK_PNG)
    return buffer.getvalue()


def embedded(picture: bytes) -> str:
    """A picture as text for a page (base64)."""
    return base64.b64encode(picture).decode("ascii")
