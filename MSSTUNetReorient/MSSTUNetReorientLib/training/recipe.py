"""Recipes: everything that decides a training run, as one file."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from dataclasses import replace
from pathlib import Path
from typing import Any
from typing import Literal
from typing import Self

from ..errors import InputError
from ..networks.config_table import limited
from ..networks.config_table import read_table
from ..networks.geometry import HALF_MM
from ..networks.registry import Architecture
from ..networks.registry import architecture_of
from ..prediction.models import is_path
from .schedule import Schedule
from .schedule import Stages

FOLDER = Path(__file__).resolve().parent / "recipes"
Frame = Literal["transaxial", "short-axis"]


@dataclass(frozen=True)
class Data:
    """What a run sees.

    Attributes:
        frame: input of a segmenter: the transaxial study, or the study reoriented at its true pose.
        batch: studies a step (of each process).
        augment: shifts, brightness, noise, uneven uptake.
        stretch: share of the studies that are also rotated and stretched, if ``augment`` is set.
        swap_background: share that get the surroundings of another study, if ``augment`` is set.
        neighbour: share that get something bright beside the heart, if ``augment`` is set.
        heartless: share that lose their heart, if ``augment`` is set; for the compact network only.
        reduced: edge of the small cubes that the pool is read to once, for all networks of this size
            (:mod:`.reduced_pool`); 0 reads its studies as they are. Not for the compact network, nor with ``augment``.
        field_mm: extent of these cubes, round the heart; 0 is that of the studies' cubes, where they lie.
        views: of each study in a reduced pool; all but one are turned and stretched.
        slots: studies that the pool holds; the oldest is replaced.
        first: studies that must be there before the first step.
        own_share: share of a centre's own studies in a batch, where there are any.
        validation: held-out studies at the end.
    """

    frame: Frame = "transaxial"
    batch: int = limited(4, 1, 512)
    augment: bool = True
    stretch: float = limited(0.0, 0.0, 1.0)
    swap_background: float = limited(0.0, 0.0, 1.0)
    neighbour: float = limited(0.0, 0.0, 1.0)
    heartless: float = limited(0.0, 0.0, 0.9)
    reduced: int = limited(0, 0, 512)
    field_mm: float = limited(0.0, 0.0, 2 * HALF_MM)
    views: int = limited(1, 1, 100)
    slots: int = limited(3000, 1, 10**6)
    first: int = limited(24, 1, 10**6)
    own_share: float = limited(0.5, 0.0, 1.0)
    validation: int = limited(24, 0, 10**5)

    @property
    def half_mm(self) -> float:
        """Half extent of the cubes that the network sees."""
        return self.field_mm / 2 or HALF_MM


@dataclass(frozen=True)
class Loss:
    """Weights of the losses.

    Attributes:
        mu: of the rotation (Ni 2023, eq. 9, where it is 10), or of the translation (Zhu 2022, eq. 3).
    """

    mu: float = limited(10.0, 0.0, 1e6)


@dataclass(frozen=True)
class Recipe:
    """See the tables of a recipe file.

    Attributes:
        name: of the file; title: in tables; about: one line.
        architecture: the network's name, network: its sizes.
        precision: "bf16" computes in half precision where the machine does that well, "float32" never.
    """

    name: str
    title: str
    about: str
    architecture: str
    network: Architecture
    data: Data = field(default_factory=Data)
    schedule: Schedule = field(default_factory=Schedule)
    loss: Loss = field(default_factory=Loss)
    stages: Stages = field(default_factory=Stages)
    precision: Literal["float32", "bf16"] = "bf16"
    seed: int = 0

    def lasting(self, iterations: int | None) -> Self:
        """The same recipe with another number of steps."""
        if iterations is None:
            return self
        return replace(self, schedule=replace(self.schedule, iterations=iterations))

    @property
    def identity(self) -> dict[str, Any]:
        """The identity in a weight file: enough to rebuild the network and to run it correctly."""
        sizes = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self.network).items()}  # type: ignore[call-overload]
        seen = {"frame": self.data.frame, "half_mm": self.data.half_mm}
        return {"title": self.title, **seen, "architecture": self.architecture, "network": sizes}


@dataclass(frozen=True)
class _Head:
    """The keys above the tables."""

    title: str
    about: str
    precision: Literal["float32", "bf16"] = "bf16"
    seed: int = limited(0, 0, 2**31)


TABLES: dict[str, type] = {"data": Data, "schedule": Schedule, "loss": Loss, "stages": Stages}


def shipped_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_recipe(name: str | Path) -> Recipe:
    """A shipped recipe by its name, or any by its path.

    Raises:
        InputError: no such recipe, or one that breaks a rule.
    """
    path = Path(name)
    if not is_path(name, ".toml"):
        path = FOLDER / f"{name}.toml"
        if not path.is_file():
            names = ", ".join(shipped_recipes())
            msg = f"{name}: a recipe must be one of {names}, or the path of a .toml file, but it is neither"
            raise InputError(msg)
    if path.exists() and not path.is_file():
        msg = f"{path}: a recipe must be a regular file, but this is not; choose another"
        raise InputError(msg)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: a recipe must be a readable TOML file, but: {error}"
        raise InputError(msg) from error
    return _recipe(content, path)


def _recipe(content: dict[str, Any], path: Path) -> Recipe:
    head = {key: value for key, value in content.items() if key not in ("network", *TABLES)}
    known = [f.name for f in fields(_Head)]
    unknown = [key for key in head if key not in known]
    if unknown:
        tables = ", ".join(f"[{t}]" for t in ("network", *TABLES))
        msg = f"{path}: a recipe has no key {unknown[0]!r}; use {', '.join(known)} and the tables {tables}"
        raise InputError(msg)
    top = read_table(_Head, head, f"{path}:")
    for table in ("network", *TABLES):
        if not isinstance(content.get(table, {}), dict):
            msg = f"{path}: {table} must be a table [{table}], but found {content[table]!r}"
            raise InputError(msg)
    network = dict(content.get("network", {}))
    architecture = network.pop("architecture", None)
    parts: dict[str, Any] = {
        table: read_table(kind, content.get(table, {}), f"{path}: [{table}]") for table, kind in TABLES.items()
    }
    configuration = architecture_of(architecture, network, f"{path}: [network]")
    recipe = Recipe(path.stem, top.title, top.about, str(architecture), configuration, **parts,
                    precision=top.precision, seed=top.seed)  # fmt: skip
    _check_stages(recipe, path)
    if recipe.data.reduced and recipe.architecture == "compact":
        msg = f"{path}: [data] reduced is for the networks of the papers, but this is compact; omit it"
        raise InputError(msg)
    if recipe.data.reduced and recipe.data.augment:
        msg = f"{path}: [data] reduced has views instead of augment, but both are set; set augment = false"
        raise InputError(msg)
    if recipe.data.field_mm and not recipe.data.reduced:
        msg = f"{path}: [data] field_mm needs [data] reduced, but it is not set; set it or omit field_mm"
        raise InputError(msg)
    if recipe.schedule.check_every and not recipe.data.reduced:
        msg = f"{path}: [schedule] check_every needs [data] reduced, but it is not set; set it or omit check_every"
        raise InputError(msg)
    if recipe.data.heartless and recipe.architecture != "compact":
        msg = f"{path}: [data] heartless is for the compact network, but this is {recipe.architecture}; omit it"
        raise InputError(msg)
    return recipe


def _check_stages(recipe: Recipe, path: Path) -> None:
    shares = recipe.stages.last
    if shares and getattr(recipe.network, "stages", 1) != 3:
        msg = f"{path}: [stages] are for a network of three stages, but {recipe.architecture} has one; omit them"
        raise InputError(msg)
    if shares > 1:
        msg = f"{path}: [stages] translation and rotation must sum to at most 1, but found {shares:g}"
        raise InputError(msg)
