"""Simulated transaxial studies with known truth: heart -> torso -> scanner -> study.

Drawing random parameters (``draw_*``) and rendering them are separate. Lengths are mm, the frame is LPS with its
origin at the LV centre unless a docstring states otherwise; activity is relative to healthy myocardium (1.0).
"""
