"""Studies and results in and out: DICOM NM and PET, NRRD, NIfTI, MetaImage."""
