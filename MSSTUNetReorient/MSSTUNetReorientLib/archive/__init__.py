"""A result as DICOM objects, and the way back to the archive.

This is the one package that writes a patient's name, ID and dates, and only where a user asks for DICOM.
"""
