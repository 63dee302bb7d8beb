"""Figures from the short axis: only NumPy and SimpleITK, no files and no networks."""
