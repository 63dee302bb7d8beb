"""Values of a label volume."""

BACKGROUND, MYOCARDIUM, BLOOD_POOL = 0, 1, 2
"""Outside, the LV wall as it appears, and what remains inside it up to the valve plane."""
