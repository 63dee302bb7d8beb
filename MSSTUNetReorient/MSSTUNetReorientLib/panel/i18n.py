"""Slicer's translation, under the name that its tools look for; outside Slicer texts stay as they are.

It is Slicer's own function, not one of ours round it: the translation's context is the file that calls it.
"""

from __future__ import annotations

try:
    from slicer.i18n import tr
except ImportError:

    def tr(text: str) -> str:
        """The text in the application's language, which is English here."""
        return text


__all__ = ["tr"]
