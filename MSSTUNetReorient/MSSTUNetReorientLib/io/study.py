"""The one door for studies: a path in, a checked volume out."""

from __future__ import annotations

from pathlib import Path

from ..volume import Volume
from ..volume import check_volume
from .dicom_file import damage_refused
from .dicom_file import is_dicom
from .dicom_file import read_header
from .dicom_folder import choose
from .dicom_folder import scan
from .dicom_folder import siblings
from .image_file import read_image_file
from .messages import quiet
from .messages import refuse
from .nuclear import read_nuclear
from .pet import read_enhanced_pet
from .pet import read_pet_series

ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
DICOM_DIRECTORY = "1.2.840.10008.1.3.10"


def read_study(
    path: str | Path,
    *,
    gate: int | None = None,
    series: str | None = None,
    window: str | None = None,
    frames: tuple[int, int] | None = None,
    orientation: str | None = None,
    short_axis: bool = False,
) -> Volume:
    """Read and check a reconstructed cardiac study.

    Args:
        path: a DICOM NM object, one image or the folder of a DICOM PET series, or an NRRD, NIfTI or MetaImage file.
        gate: of a gated study, the gate to read, counted from 1; None sums all gates.
        series: of a folder that holds several series, the one to read, as the refusal lists them.
        window: of an NM object with several energy windows, the one to read: its number from 1 or its name; None takes
            the photopeak where it can be identified.
        frames: of a dynamic study, the first and last time frame to sum, counted from 1.
        orientation: where i, j and k of an image file point, three letters such as "LPS" or "RAS"; None believes the
            file.
        short_axis: the study is already reoriented and is only segmented.

    Returns:
        float32 ``(K, J, I)`` on a right-handed grid in LPS mm. ``info`` has ``kind``, ``modality`` ("NM", "PT" or
        "unknown"), for DICOM ``patient_position``, for gated studies ``gates`` and ``gate``, and ``warnings`` where
        the header contradicts itself; nothing personal.

    Raises:
        InputError: the path cannot be read, is no reconstructed SPECT or PET study, or is an unlikely one.
    """
    path = Path(path)
    with quiet():
        if not path.exists():
            refuse(path, "there is no such file or folder; check the path")
        volume = _read_folder(path, gate, series) if path.is_dir() else _read_file(path, gate, series)
    return check_volume(volume, str(path))


def _read_folder(folder: Path, gate: int | None, series: str | None) -> Volume:
    found = choose(scan(folder), series, folder)
    with damage_refused(folder):
        return _read_dicom(found.paths, gate, str(folder))


def _read_file(path: Path, gate: int | None, series: str | None) -> Volume:
    if series is not None:
        refuse(path, "a series is chosen within a folder, but this is a file; leave --series out or give the folder")
    if is_dicom(path):
        with damage_refused(path):
            return _read_dicom(siblings(path), gate, str(path))
    if gate is not None:
        refuse(path, "only gated DICOM studies have gates, but this is an image file; leave --gate out")
    return read_image_file(path)


def _read_dicom(paths: tuple[Path, ...], gate: int | None, name: str) -> Volume:
    header = read_header(paths[0])
    sop_class = str(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID", ""))
    if sop_class == DICOM_DIRECTORY:
        refuse(name, "this is a DICOMDIR index without images; give the folder of the series instead")
    modality = str(header.get("Modality") or "none")
    if modality not in ("NM", "PT"):
        refuse(name, f"only modality NM (SPECT) or PT (PET) can be read, but found {modality}; give the SPECT or PET")
    if "Rows" not in header:
        refuse(name, f"the {modality} object holds no image; give the reconstructed images")
    if modality == "NM":
        if len(paths) > 1:
            refuse(name, f"an NM study must be one multi-frame object, but found {len(paths)} files; give one of them")
        return read_nuclear(paths[0], name, gate)
    if sop_class == ENHANCED_PET:
        if gate is not None:
            refuse(name, "of an Enhanced PET object no gate can be chosen; leave --gate out")
        return read_enhanced_pet(paths[0], name)
    return read_pet_series(paths, name, gate)
