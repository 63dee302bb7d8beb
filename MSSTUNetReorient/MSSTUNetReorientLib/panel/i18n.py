"""Slicer's translation, under the name that its tools look for; outside Slicer texts stay unchanged.

It is Slicer's own function, not a wrapper: the context of a translation is the file that calls it.
"""

from __future__ import annotations

try:
    from slicer.i18n import tr
except ImportError:

    def tr(text: str) -> str:
        """The text unchanged, in English."""
        return text


__all__ = ["tr"]
