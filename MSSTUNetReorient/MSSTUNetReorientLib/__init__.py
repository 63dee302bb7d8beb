"""Reorientation and segmentation of the left ventricle in cardiac SPECT and PET."""

__version__ = "0.2.0"
