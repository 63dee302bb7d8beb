"""Texts of the panel pass through Slicer's translation; outside Slicer they stay as they are."""

from __future__ import annotations


def tr(text: str) -> str:
    """The text in the application's language."""
    try:
        from slicer.i18n import tr as translated
    except ImportError:
        return text
    return str(translated(text))
