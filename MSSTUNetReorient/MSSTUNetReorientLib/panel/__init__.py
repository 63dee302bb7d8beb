"""The panel of the 3D Slicer module: its states, its live views, and its data in the scene.

Pure Python: :mod:`.state`. MRML only (also outside 3D Slicer, through ``slicer-core``): :mod:`.session` and
:mod:`.study_review`, :mod:`.nodes` and :mod:`.screen`. Qt: :mod:`.widget`, :mod:`.correction_sliders`,
:mod:`.keyboard`, :mod:`.delay`. :mod:`.worker` is the child process that runs the networks, so that the application
never blocks.
"""
