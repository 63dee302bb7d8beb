"""The panel of the 3D Slicer module: its states, its live views, and what it keeps in the scene.

Pure Python: :mod:`.adjustment`, :mod:`.record`, :mod:`.reasons`, :mod:`.study_check`, :mod:`.exchange`. MRML only (also
outside 3D Slicer, through ``slicer-core``): :mod:`.session` and :mod:`.reading`, and below them the nodes. Qt:
:mod:`.child`, :mod:`.delay`, :mod:`.widget`. :mod:`.worker` is the child process that runs the networks, so that the
window never waits for them.
"""
