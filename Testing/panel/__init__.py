"""Tests of the panel: its shipping code and its shipping .ui on PySide6, its nodes on slicer-core."""
