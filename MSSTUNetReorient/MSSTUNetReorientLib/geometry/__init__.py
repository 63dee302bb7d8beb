"""Frames, poses, volumes, labels and views: only NumPy and SimpleITK, no files and no networks."""
