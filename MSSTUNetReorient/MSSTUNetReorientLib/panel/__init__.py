"""The panel of the 3D Slicer module: its states, its live views, and what it keeps in the scene.

Pure Python: :mod:`.adjustment`, :mod:`.record`, :mod:`.study_check`, :mod:`.exchange`. MRML only (also outside 3D
Slicer, through ``slicer-core``): :mod:`.record_node`, :mod:`.record_table`, :mod:`.live_views`, :mod:`.labels_node`,
:mod:`.transform_node`, :mod:`.layout`, :mod:`.hint`, :mod:`.session`. Qt: :mod:`.child`, :mod:`.delay`,
:mod:`.widget`. :mod:`.worker` is the child process that runs the networks, so that the window never waits for them.
"""
