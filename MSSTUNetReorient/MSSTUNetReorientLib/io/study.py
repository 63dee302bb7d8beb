"""The entry point for studies: a path in, a checked volume out."""

from __future__ import annotations

from pathlib import Path

from ..geometry.volume import Volume
from ..geometry.volume import check_volume
from .choice import Choice
from .dicom_file import is_dicom
from .dicom_file import is_dicom_file
from .dicom_file import read_header
from .dicom_folder import choose
from .dicom_folder import scan
from .dicom_folder import siblings
from .dicom_values import text
from .dicom_values import whole
from .enhanced_pet import read_enhanced_pet
from .gated_study import GatedStudy
from .gated_study import added
from .gated_study import numbered
from .image_file import read_image_gates
from .messages import quiet
from .messages import refuse
from .nuclear import read_nuclear
from .pet import read_pet_series
from .reoriented import kept

NUCLEAR = "1.2.840.10008.5.1.4.1.1.20"
ENHANCED_PET = ("1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.128.1")
"""Enhanced PET and Legacy Converted Enhanced PET."""
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
        series: of a folder with several series, the one to read, as listed in the error message.
        window: of an NM object with several energy windows, the one to read: its number from 1 or its name; None takes
            the photopeak where it can be identified.
        frames: of a dynamic study, the first and last time frame to sum, counted from 1.
        orientation: directions of i, j and k of an image file, three letters such as "LPS" or "RAS"; None uses those
            of the file.
        short_axis: the study is already reoriented and is only segmented.

    Returns:
        float32 ``(K, J, I)`` on a right-handed grid in LPS mm. ``info`` has ``kind``, ``modality`` ("NM", "PT" or
        "unknown"), for DICOM ``patient_position``, ``camera``, ``attenuation_corrected``, ``sex``, ``study_phase`` and
        ``tracer`` where the header states it; of gated studies ``gates`` and ``gate``, of several energy windows
        ``windows`` and ``window``, of dynamic studies ``time_frames`` and ``frames``; ``reoriented`` of a study that
        already is; ``warnings`` where something must be checked. No personal data.

    Raises:
        InputError: the path cannot be read, or is not a plausible reconstructed SPECT or PET study.
    """
    volumes = _read_volumes(Path(path), series, Choice(gate, window, frames, short_axis), orientation)
    return check_volume(added(volumes, path), str(path))


def read_gates(
    path: str | Path,
    *,
    series: str | None = None,
    window: str | None = None,
    frames: tuple[int, int] | None = None,
    orientation: str | None = None,
    short_axis: bool = False,
) -> GatedStudy:
    """Read a study once, and keep its gates beside their sum.

    Args:
        path, series, window, frames, orientation, short_axis: as for :func:`read_study`.

    Returns:
        The sum, which is what :func:`read_study` gives, and the gates, whose ``info`` has their number as ``gate``.
        Only the sum is checked: a gate may be empty. ``info`` has ``interval_ms`` where the R-R interval is stated.

    Raises:
        InputError: as :func:`read_study`; also gates that do not lie on one grid.
    """
    volumes = _read_volumes(Path(path), series, Choice(None, window, frames, short_axis), orientation)
    return GatedStudy(check_volume(added(volumes, path), str(path)), numbered(volumes))


def read_files(paths: tuple[Path, ...]) -> GatedStudy:
    """A study whose files are known, as :func:`.study_search.find_studies` finds it.

    Args:
        paths: all images of one DICOM series, or one file.

    Raises:
        InputError: as :func:`read_gates`.
    """
    if len(paths) == 1 and not is_dicom_file(paths[0]):
        return read_gates(paths[0])
    with quiet():
        volumes = _read_dicom(paths, Choice(), str(paths[0]))
    return GatedStudy(check_volume(added(volumes, paths[0]), str(paths[0])), numbered(volumes))


def _read_volumes(path: Path, series: str | None, choice: Choice, orientation: str | None) -> list[Volume]:
    """The chosen gates, not yet summed or checked; one volume of an ungated study."""
    with quiet():
        if not path.exists():
            refuse(path, "no such file or folder; check the path")
        if path.is_dir():
            return _read_dicom(choose(scan(path), series, path).paths, choice, str(path))
        return _read_file(path, series, choice, orientation)


def _read_file(path: Path, series: str | None, choice: Choice, orientation: str | None) -> list[Volume]:
    if not path.is_file():
        refuse(path, "a study must be a regular file or a folder, but this is a device or a pipe; give a file")
    if series is not None:
        refuse(path, "a series can be selected only in a folder, but this is a file; omit --series or give the folder")
    if is_dicom(path):
        if orientation is not None:
            refuse(path, "a DICOM file states its orientation; omit --orientation")
        return _read_dicom(siblings(path), choice, str(path))
    for value, option in ((choice.window, "window"), (choice.frames, "frames")):
        if value is not None:
            refuse(path, f"--{option} applies only to DICOM studies, but this is an image file; omit it")
    volumes = read_image_gates(path, orientation=orientation, gate=choice.gate)
    return [kept(volume, None, path) for volume in volumes] if choice.short_axis else volumes


def _read_dicom(paths: tuple[Path, ...], choice: Choice, name: str) -> list[Volume]:
    header = read_header(paths[0])
    meta = getattr(header, "file_meta", {})
    sop_class = text(header, "SOPClassUID", name) or text(meta, "MediaStorageSOPClassUID", name)
    if sop_class == DICOM_DIRECTORY:
        refuse(name, "this is a DICOMDIR index without images; give the folder of the series instead")
    modality = text(header, "Modality", name)
    if modality not in ("NM", "PT"):
        found = modality if modality.isalpha() and len(modality) <= 16 else "none"
        refuse(name, f"only modality NM (SPECT) or PT (PET) can be read, but found {found}; give the SPECT or PET")
    if whole(header, "Rows", name) == 0:
        refuse(name, f"the {modality} object has no image; give the reconstructed images")
    if sop_class in ENHANCED_PET:
        return read_enhanced_pet(paths, name, choice)
    if modality == "NM" or sop_class == NUCLEAR:
        return read_nuclear(paths, name, choice)
    return read_pet_series(paths, name, choice)
