"""What a reader sees: view layouts, views that follow the pose, and overlays.

MRML and VTK only; :mod:`.slice_view` is the only access to the application's views.
"""
