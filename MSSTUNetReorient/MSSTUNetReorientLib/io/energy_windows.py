"""Selection of the energy window of an NM object: the requested one, or the photopeak."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .dicom_values import items
from .dicom_values import number
from .dicom_values import text
from .messages import refuse

PHOTOPEAKS_KEV = {
    r"TECHNETIUM|\bTC": (140.5,),
    r"THALLIUM|\bTL": (70.0, 167.0),
    r"123 ?I(ODINE)?\b|\bI(ODINE)? ?123": (159.0,),
    r"131 ?I(ODINE)?\b|\bI(ODINE)? ?131": (364.0,),
    r"INDIUM|\bIN ?111": (171.0, 245.0),
    r"GALLIUM|\bGA ?67": (93.0, 185.0, 300.0),
    r"FLUORINE|\bF ?18|18 ?F\b|RUBIDIUM|\bRB ?82|NITROGEN|\bN ?13": (511.0,),
}
"""How headers name a nuclide (in capitals, other signs than letters and digits as blanks), and the energies that are
imaged, the main one first."""


@dataclass(frozen=True)
class EnergyWindow:
    """One item of EnergyWindowInformationSequence.

    Attributes:
        number: from 1.
        name: in capitals, as the header has it; never shown.
        ranges: (lower, upper) keV.
    """

    number: int
    name: str
    ranges: tuple[tuple[float, float], ...]

    def contains(self, kev: float) -> bool:
        """Whether photons of this energy fall into it."""
        return any(low <= kev <= high for low, high in self.ranges)

    @property
    def label(self) -> str:
        """Number and keV, for messages."""
        ranges = " and ".join(f"{low:g}-{high:g}" for low, high in self.ranges)
        return f"{self.number} ({ranges} keV)" if ranges else str(self.number)


def choose_window(dataset: Any, present: tuple[int, ...], wanted: str | None, name: str) -> int:
    """The number of the energy window to read.

    Args:
        dataset: the NM object.
        present: numbers of the windows that it has frames of.
        wanted: number or name; None for the photopeak.

    Raises:
        InputError: the requested one does not exist, or none is requested and the photopeak cannot be determined.
    """
    described = {window.number: window for window in _described(dataset, name)}
    windows = [described.get(n, EnergyWindow(n, "", ())) for n in present]
    if wanted is not None:
        chosen = [w for w in windows if wanted.strip().upper() in (str(w.number), w.name) and wanted.strip()]
    elif len(windows) == 1:
        chosen = windows
    else:
        chosen = _photopeak(windows, _energies(dataset, name))
    if len(chosen) != 1:
        problem = "one energy window is needed" if wanted is None else "there is no such energy window"
        listing = ", ".join(w.label for w in windows)
        refuse(name, f"{problem}, but the object has {len(windows)}: {listing}; select one with --window N")
    return chosen[0].number


def _photopeak(windows: list[EnergyWindow], energies: tuple[float, ...]) -> list[EnergyWindow]:
    """The windows that contain the main energy, or else the next one that any window contains."""
    for kev in energies:
        matching = [window for window in windows if window.contains(kev)]
        if matching:
            return matching
    return []


def _described(dataset: Any, name: str) -> list[EnergyWindow]:
    windows = []
    for n, item in enumerate(items(dataset, "EnergyWindowInformationSequence", name), 1):
        limits = [
            (number(r, "EnergyWindowLowerLimit", name), number(r, "EnergyWindowUpperLimit", name))
            for r in items(item, "EnergyWindowRangeSequence", name)
        ]
        ranges = tuple((low, high) for low, high in limits if low is not None and high is not None)
        windows.append(EnergyWindow(n, text(item, "EnergyWindowName", name), ranges))
    return windows


def _energies(dataset: Any, name: str) -> tuple[float, ...]:
    """Energies of the one nuclide in keV; none where it is not identified, or there are several."""
    words = []
    for item in items(dataset, "RadiopharmaceuticalInformationSequence", name):
        words += [text(code, "CodeMeaning", name) for code in items(item, "RadionuclideCodeSequence", name)]
        words.append(text(item, "Radiopharmaceutical", name))
    plain = [re.sub(r"[^A-Z0-9]+", " ", word) for word in words]
    found = {kev for word in plain for pattern, kev in PHOTOPEAKS_KEV.items() if re.search(pattern, word)}
    return found.pop() if len(found) == 1 else ()
