"""Frames, poses, volumes, labels and views: NumPy and SimpleITK alone, no files and no networks."""
