"""The report on pages of paper: as PDF, and each page as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .left_out import LeftOutError

DPI = 120
"""Of the pictures: small letters can be read, and a page takes 4 MB."""
POINTS_TO_AN_INCH = 72


def report_pdf(report: Path) -> bytes:
    """The report as PDF, as a browser would print it.

    Args:
        report: ``report.html`` of a result; its pictures are inside, and nothing else is loaded.

    Raises:
        ModuleNotFoundError: WeasyPrint is not installed.
        LeftOutError: the library Pango is not.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        msg = "WeasyPrint needs the library Pango, which is not installed (Debian: apt-get install libpango-1.0-0 "
        msg += "libpangoft2-1.0-0; others: see WeasyPrint's documentation)"
        raise LeftOutError(msg) from error

    text = report.read_text(encoding="utf-8")
    content: bytes = HTML(string=text, url_fetcher=URLFetcher(allowed_protocols=["data"])).write_pdf()
    return content


def page_pictures(pdf: bytes) -> list[NDArray[np.uint8]]:
    """Each page of a PDF as ``(rows, columns, 3)`` RGB.

    Raises:
        ModuleNotFoundError: pypdfium2 is not installed.
    """
    from pypdfium2 import PdfDocument

    document = PdfDocument(pdf)
    try:
        return [np.array(page.render(scale=DPI / POINTS_TO_AN_INCH).to_pil().convert("RGB")) for page in document]
    finally:
        document.close()
