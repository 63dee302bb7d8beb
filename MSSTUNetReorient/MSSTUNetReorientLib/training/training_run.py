"""A whole training run: studies, steps, weight file, validation table."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ..errors import InputError
from ..evaluation.comparisons import TrainedMethod
from ..evaluation.comparisons import load_method
from ..io.atomic_file import atomic_file
from ..prediction.models import find_weights
from ..prediction.models import load_state
from ..prediction.models import read_weights
from ..prediction.models import save_weights
from .loop import CHECKPOINT
from .loop import Studies
from .loop import Training
from .loop import run
from .pool import fill_pool
from .pool import training_sources
from .pool_process import pool_being_made
from .pool_process import wait_for
from .recipe import Recipe
from .reduced_pool import POSES
from .reduced_pool import reduced_pool
from .stretch import FieldOfView
from .studies import make_samples
from .studies import study_folders
from .validate import as_table
from .validate import validate

WEIGHTS, FIGURES = "weights.npz", "validation.json"
REDUCED, REDUCED_HELD_OUT = "reduced", "held-out-reduced"
"""Folders of the reduced pools, see :mod:`.reduced_pool`."""
VALIDATION_SEED = 700_000_000
"""First seed of the held-out studies; no pool for training comes near it."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainingRequest:
    """The settings of a run.

    Attributes:
        out: folder of the run: checkpoint, curves, weights, validation.
        data: development data for the simulator; None leaves the parametric anatomy alone.
        pools: folders of studies made by another process; without them they are made here.
        held_out: folder of held-out studies, made where it is not complete; None makes them here.
        common: where studies are made, ``out`` by default; several runs can share it.
        studies: folder of a centre's own studies.
        init: model to begin from, by name or weight file.
    """

    recipe: Recipe
    out: Path
    data: Path | None = None
    pools: tuple[Path, ...] = ()
    held_out: Path | None = None
    studies: Path | None = None
    init: str | Path | None = None
    common: Path | None = None


def train_model(request: TrainingRequest, say: Say, keep_going: Callable[[], bool] = lambda: True) -> bool:
    """Train, write the weights, measure; called again, it resumes.

    Returns:
        Whether all steps are done.

    Raises:
        InputError: a recipe, a folder or a file breaks a rule; existing files are kept.
    """
    recipe, out = request.recipe, request.out
    begun = (out / CHECKPOINT).exists()
    network = None if request.init is None or begun else initialised(recipe, request.init)
    _check(request)
    training = Training(recipe, network)
    first = training.fabric.is_global_zero
    say = say if first else (lambda _: None)
    with ExitStack() as stack:
        own = None
        if request.studies is not None:
            own = out / "own"
            if first:
                say(f"{make_samples(request.studies, own)} own studies")
        pools, check = request.pools or ((request.common or out) / "pool",), lambda: None
        if not request.pools and first:
            making = pool_being_made(pools[0], request.data, slots=recipe.data.slots, first_seed=1000 + recipe.seed)
            check = stack.enter_context(making)
        wait_for(pools[0], 1 if request.pools else recipe.data.first, check, say)
        training.fabric.barrier()
        done = run(training, studies_of(request, pools, own, say), out, say, keep_going)
    if first:
        finish(request, training, say, measured=done or keep_going())
    return done


def studies_of(request: TrainingRequest, pools: Sequence[Path], own: Path | None, say: Say) -> Studies:
    """What a run trains from, and is watched on; reduced pools are made where they are missing."""
    data, common = request.recipe.data, request.common or request.out
    if not data.reduced:
        return Studies(pools, own)
    field = FieldOfView(data.reduced, data.half_mm)
    reduced = reduced_pool(common / REDUCED, pools, field, data.views, say)
    if not request.recipe.schedule.check_every:
        return Studies(pools, own, reduced)
    folder = common / REDUCED_HELD_OUT
    made = () if (folder / POSES).exists() else (held_out_pool(request, say),)
    return Studies(pools, own, reduced, reduced_pool(folder, made, field, 1, say))


def finish(request: TrainingRequest, training: Training, say: Say, *, measured: bool) -> None:
    """Write the weights, and the figures on held-out studies unless a signal asked to stop."""
    recipe, out = request.recipe, request.out
    spent: dict[str, Any] = {"steps": training.step, "batch": recipe.data.batch}
    spent |= {"minutes": round(training.seconds / 60, 1)}
    if recipe.schedule.check_every:
        spent |= {"flat": training.flat}
    told = recipe.identity | {"training": spent}
    configuration = "compact" if recipe.architecture == "compact" else json.dumps(told)
    kept = training.average if recipe.schedule.average else training.network
    with atomic_file(out / WEIGHTS) as temporary:
        digest = save_weights(kept, configuration, temporary)
    say(f"{out / WEIGHTS}, sha256 {digest}")
    if measured and recipe.data.validation:
        figures = measured_on_held_out(request, say)
        if figures:
            with atomic_file(out / FIGURES) as temporary:
                temporary.write_text(
                    json.dumps({"step": training.step, "figures": figures}, indent=1) + "\n", encoding="utf-8"
                )
            for line in as_table(figures).splitlines():
                say(line)


def measured_on_held_out(request: TrainingRequest, say: Say) -> dict[str, dict[str, Any]]:
    """The validation table; empty where the model needs another one's pose."""
    method = load_method(request.out / WEIGHTS)
    if isinstance(method, TrainedMethod) and method.upright:
        say(
            "no table: it segments reoriented studies and needs a model that finds the pose (LOCATOR.npz+SEGMENTER.npz)"
        )
        return {}
    if request.recipe.data.field_mm:
        say("no table: it sees a field round the heart; measure it with the command compare")
        return {}
    return validate(held_out_pool(request, say), method, say)


def held_out_pool(request: TrainingRequest, say: Say) -> Path:
    """The folder of held-out studies, made where it is not complete."""
    folder, count = request.held_out or (request.common or request.out) / "held-out", request.recipe.data.validation
    if len(list(folder.glob("*.npz"))) < count:
        say(f"making {count} held-out studies")
        sources = training_sources(request.data, "validation")
        fill_pool(folder, sources, slots=count, first_seed=VALIDATION_SEED, count=count)
    return folder


def initialised(recipe: Recipe, model: str | Path) -> nn.Module:
    """The recipe's network with the weights of a model, given by name or file.

    Raises:
        InputError: there is none, it cannot be read or is of another architecture.
    """
    file = find_weights(model)
    _, state = read_weights(file.read()[0], str(file.path))
    network = recipe.network.build()
    try:
        load_state(network, state)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()[:120]
        msg = f"{file.path}: the initial weights must fit the network of {recipe.name}, but: {reason}"
        raise InputError(msg) from error
    return network


def _check(request: TrainingRequest) -> None:
    """Checks before any work."""
    for pool in (p for p in request.pools if not any(p.glob("*.npz"))):
        msg = f"{pool}: a pool must contain studies (.npz), but there are none; run the command pool first"
        raise InputError(msg)
    if request.data is not None:
        training_sources(request.data, "train")
    if request.studies is not None:
        if request.recipe.data.reduced:
            msg = f"{request.recipe.name}: own studies are not read to small cubes; omit [data] reduced or --studies"
            raise InputError(msg)
        study_folders(request.studies)
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{request.out}: the folder of the run cannot be made ({error.strerror}); choose another"
        raise InputError(msg) from error
