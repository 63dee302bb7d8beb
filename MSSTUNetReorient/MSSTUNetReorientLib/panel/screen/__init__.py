"""What a reader sees: the view layouts, the views as they follow the pose, and what is drawn over them.

MRML and VTK only; :mod:`.slice_view` is the one door to the application's views.
"""
