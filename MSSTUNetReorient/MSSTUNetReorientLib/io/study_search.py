"""The studies below folders: each DICOM series and each image file, with what tells stress and rest together.

Only headers are read. What is plainly no reconstructed study is left out and counted, and results of this program are
not searched; whatever may be a study is found, also if it cannot be read later.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from ..errors import InputError
from .acquisition_facts import attenuation_corrected
from .dicom_file import is_dicom_file
from .dicom_file import read_header
from .dicom_folder import TAGS
from .dicom_folder import object_of
from .dicom_folder import siblings
from .dicom_values import text
from .dicom_values import texts
from .dicom_values import value_of
from .dicom_values import whole
from .folder_walk import walk
from .header_words import DESCRIPTIONS
from .header_words import PHASE_TAGS
from .header_words import phase_of_words
from .header_words import study_phase
from .header_words import without_phase
from .image_file import CHECKS
from .image_file import check_header
from .interfile import SUFFIXES
from .messages import quiet
from .nuclear import GATED
from .nuclear import UNGATED
from .reoriented import stated_view
from .study_identity import IDENTITY_TAGS
from .study_identity import UNKNOWN
from .study_identity import StudyIdentity
from .study_identity import identity_of

KEY_DIGITS = 16
SEARCH_TAGS = [*TAGS, *IDENTITY_TAGS, *PHASE_TAGS, "SOPClassUID", "StudyInstanceUID"]
IMAGE_SUFFIXES = (*(suffix for suffixes in CHECKS for suffix in suffixes), *SUFFIXES)
SEGMENTATION = ".seg.nrrd"
OWN_FILES, OWN_NAME = ("result.json", "pair.json", "batch.json"), b"msstunet-reorient"
"""Files of a result or a batch, and what they contain."""
TRUTH, SIMULATED, SIMULATED_DICOM = "truth.json", "image.nrrd", "dicom"
"""A simulated study is its DICOM folder where it has one, else its image; its labels and gates are none."""


@dataclass(frozen=True)
class FoundStudy:
    """A study that was found, not yet read.

    Attributes:
        key: first digits of a SHA-256: of the object UIDs of a DICOM series, of the bytes of an image file. Copies of a
            study have the same.
        paths: its files.
        phase: "stress", "rest" or empty, by the header's words, or by those of the path of an image file.
        kind: what a partner must have in common: modality, image type, gates, attenuation correction.
        examination: of which it is part; partners have the same, or the same patient.
        words: its description without the phase.
        identity: what its header states besides.
    """

    key: str
    paths: tuple[Path, ...]
    phase: str = ""
    kind: str = ""
    examination: str = ""
    words: str = ""
    identity: StudyIdentity = UNKNOWN


@dataclass(frozen=True)
class Search:
    """What was found.

    Attributes:
        studies: each once, in the order of their first files.
        left_out: what is no study, and how many series or files are so.
    """

    studies: tuple[FoundStudy, ...]
    left_out: dict[str, int]


def find_studies(places: Iterable[Path]) -> Search:
    """The studies among files and below folders.

    A file that is given is always a study, one below a folder only if it is DICOM or has the ending of an image.

    Raises:
        InputError: a place does not exist.
    """
    found: dict[str, FoundStudy] = {}
    left_out: Counter[str] = Counter()
    series: dict[tuple[str, str], _Series] = {}
    with quiet():
        for path, given in _files(places, left_out):
            study = _study_of_file(path, given, series, left_out)
            if study is not None:
                _keep(study, found, left_out)
        for members in series.values():
            _keep(members.study(), found, left_out)
    return Search(tuple(sorted(found.values(), key=lambda study: study.paths[0])), dict(sorted(left_out.items())))


def _keep(study: FoundStudy, found: dict[str, FoundStudy], left_out: Counter[str]) -> None:
    if study.key in found:
        left_out["copies of another study"] += found[study.key].paths != study.paths
    else:
        found[study.key] = study


def _files(places: Iterable[Path], left_out: Counter[str]) -> Iterator[tuple[Path, bool]]:
    """Each file that may be a study or a part of one, and whether it was given itself."""
    given: set[Path] = set()
    for place in places:
        if place.is_dir():
            yield from ((path, False) for path in _files_below(place, left_out))
        elif place.exists():
            images = siblings(place) if place not in given and is_dicom_file(place) else (place,)
            yield from ((path, True) for path in images if path not in given)
            given.update(images)
        else:
            msg = f"{place}: no such file or folder; check the path"
            raise InputError(msg)


def _files_below(folder: Path, left_out: Counter[str]) -> Iterator[Path]:
    def closed(_: OSError) -> None:
        left_out["folders that cannot be opened"] += 1

    for place, folders, names in walk(folder, hidden=False, onerror=closed):
        if any(_made_here(place / own) for own in OWN_FILES if own in names):
            left_out["results of this program"] += 1
            folders.clear()
        elif TRUTH in names and (SIMULATED in names or SIMULATED_DICOM in folders):
            folders[:] = [f for f in folders if f == SIMULATED_DICOM]
            yield from () if folders else (place / SIMULATED,)
        else:
            yield from (path for name in names if (path := place / name).is_file())


def _made_here(path: Path) -> bool:
    try:
        return OWN_NAME in path.read_bytes()
    except OSError:
        return False


def _study_of_file(
    path: Path, given: bool, series: dict[tuple[str, str], _Series], left_out: Counter[str]
) -> FoundStudy | None:
    """A study in one file; None where it is none, or an image of a series, which is then added to that."""
    name = path.name.lower()
    if not is_dicom_file(path):
        if name.endswith(SEGMENTATION) and not given:
            left_out["segmentations"] += 1
        elif name.endswith(IMAGE_SUFFIXES) or given:
            return _image_study(path)
        elif path.stat().st_size == 0:
            left_out["empty files"] += 1
        else:
            left_out["other files"] += 1
        return None
    try:
        header = read_header(path, SEARCH_TAGS)
        why = _no_study(header, path)
        if why and not given:
            left_out[why] += 1
            return None
        key = text(header, "SeriesInstanceUID", path), object_of(path, header)
        if key not in series:
            series[key] = _Series.of(header, path)
        series[key].add(text(header, "SOPInstanceUID", path), path)
    except InputError:  # reading it as a study will say why
        return FoundStudy(_digest_of_files((path,)), (path,))
    return None


def _no_study(header: Any, path: Path) -> str:
    """Why an object is plainly no reconstructed SPECT or PET; empty if it may be one."""
    modality, image_type = text(header, "Modality", path), texts(header, "ImageType", path)
    if "DirectoryRecordSequence" in header or (not modality and whole(header, "Rows", path) == 0):
        return "DICOM files without images"
    if modality not in ("NM", "PT"):
        return f"modality {modality}" if modality.isalpha() and len(modality) <= 16 else "no modality"
    if modality == "NM" and len(image_type) > 2 and image_type[2] not in (UNGATED, GATED):
        kind = image_type[2]
        return f"NM {kind}" if kind.replace(" ", "").isalpha() and len(kind) <= 16 else "NM of another kind"
    if "TRANSMISSION" in image_type[3:4]:
        return "NM TRANSMISSION"
    statement = stated_view(header, path)
    return "already reoriented" if statement is not None and statement.certain else ""


@dataclass
class _Series:
    """A series that is being collected: its facts are those of its first image."""

    facts: dict[str, Any]
    paths: list[Path] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, header: Any, path: Path) -> _Series:
        corrected = attenuation_corrected(header, path)
        kind = (text(header, "Modality", path), *texts(header, "ImageType", path)[2:3],
                str(whole(header, "NumberOfTimeSlots", path, 1)), str(corrected))  # fmt: skip
        described = next((str(words) for key in DESCRIPTIONS if (words := value_of(header, key, path))), "")
        return cls({
            "phase": study_phase(header, path),
            "kind": " ".join(kind),
            "examination": text(header, "StudyInstanceUID", path),
            "words": without_phase(described),
            "identity": identity_of(header, path),
        })  # fmt: skip

    def add(self, uid: str, path: Path) -> None:
        """An image; copies of one are dropped."""
        if not uid or uid not in self.uids:
            self.paths.append(path)
        if uid:
            self.uids.add(uid)

    def study(self) -> FoundStudy:
        whole_series = len(self.uids) == len(self.paths)
        key = _digest("\n".join(sorted(self.uids)).encode()) if whole_series else _digest_of_files(self.paths)
        return FoundStudy(key, tuple(self.paths), **self.facts)


def _image_study(path: Path) -> FoundStudy:
    """An image file; the innermost part of its path that names stress or rest, and only one of them, tells its phase.

    Its partner has the same path but for that.
    """
    parts = path.absolute().parts
    phase, at = next(((p, n) for n in reversed(range(len(parts))) if (p := phase_of_words(parts[n]))), ("", -1))
    others = [part for n, part in enumerate(parts) if n != at]
    words = "/".join([*others, without_phase(parts[at])]) if phase else ""
    return FoundStudy(_digest_of_files(_with_data_files(path)), (path,), phase, "file", words)


def _with_data_files(path: Path) -> tuple[Path, ...]:
    try:
        named = check_header(path).data_files if path.is_file() else ()
    except (InputError, OSError):
        named = ()
    return (path, *named)


def _digest_of_files(paths: Iterable[Path]) -> str:
    return _digest(b"".join(_digest_of_file(path) for path in paths))


def _digest_of_file(path: Path) -> bytes:
    """Of its bytes; of its path where it has none or cannot be read."""
    try:
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        pass
    return hashlib.sha256(os.fsencode(path.absolute())).digest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:KEY_DIGITS]
