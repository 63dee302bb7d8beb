"""Recipes: those that are shipped, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import torch
from MSSTUNetReorientLib.commands import train
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.published_figures import COMPARISONS
from MSSTUNetReorientLib.simulation import splits
from MSSTUNetReorientLib.training import pool
from MSSTUNetReorientLib.training.recipe import load_recipe
from MSSTUNetReorientLib.training.recipe import shipped_recipes
from MSSTUNetReorientLib.training.schedule import Schedule
from MSSTUNetReorientLib.training.schedule import Stages
from recipes import tiny

PUBLISHED = {
    "paper-cnn-stn": 360_262,
    "paper-vgg": 44_278_022,
    "paper-vgg-three-stages": 88_555_654,
    "paper-resnet": 33_185_030,
    "paper-resnet-three-stages": 66_366_982,
    "paper-cascade": 719_897 - 3,  # odd, which two equal networks cannot be
}
"""Zhu 2022, Table 1."""


def parameters(name: str) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in load_recipe(name).network.build().parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_of_zhu_have_the_published_size(name: str) -> None:
    assert parameters(name) == PUBLISHED[name]


def test_small_recipes_are_trained_alike() -> None:
    small = [name for name in shipped_recipes() if name.startswith("small-")]
    assert sorted(small) == sorted(COMPARISONS)
    assert len(set(COMPARISONS)) == 18
    recipes = [load_recipe(name) for name in small]
    assert (
        len(
            {
                (r.schedule, r.data.batch, r.data.augment, r.data.reduced, r.data.half_mm, r.data.views, r.seed)
                for r in recipes
            }
        )
        == 1
    )
    assert recipes[0].schedule.check_every > 0


def test_every_comparison_is_there_in_both_sizes() -> None:
    names = set(shipped_recipes())
    assert {n.removeprefix("small-") for n in names if n.startswith("small-")} == {
        n.removeprefix("paper-") for n in names if n.startswith("paper-")
    }


@pytest.mark.parametrize("name", ["paper-msstunet", "paper-rot-op1", "paper-msunet"])
def test_the_schedule_of_ni(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.schedule.rate_at(0) == pytest.approx(1e-4)
    assert recipe.schedule.rate_at(10_000) == pytest.approx(1e-4 * 0.5**0.9)
    assert (recipe.schedule.iterations, recipe.schedule.decay, recipe.data.batch) == (20_000, 1e-4, 2)


def test_the_stages_of_zhu() -> None:
    stages = load_recipe("paper-cascade").stages
    assert [stages.at(epoch / 200) for epoch in (0, 79, 81, 159, 161)] == [
        "translation", "translation", "rotation", "rotation", "both",
    ]  # fmt: skip
    assert Stages().at(0.0) == "both"


def test_our_rate_rises_stays_and_falls() -> None:
    schedule = Schedule(iterations=1000, rate=1.0, warmup=100, cooldown=0.4)
    assert [schedule.rate_at(n) for n in (49, 99, 500, 800)] == pytest.approx([0.5, 1.0, 1.0, 0.5])
    assert schedule.rate_at(1000) == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("size = 32", "sise = 32"), "no key 'sise'; allowed are size, levels"),
        (("size = 32", "size = 40"), "multiples of 32"),
        (("size = 32", 'size = "32"'), "size must be a whole number"),
        (('"msstn"', '"mstn"'), "architecture must be one of compact, ms-st-unet"),
        (("batch = 2", "batch = 0"), "batch must be between 1 and 512"),
        (("rate = 1e-2", "rate = 3"), "rate must be between"),
        (("rate = 1e-2", "rate = 1e-2\nnesterov = 0.9"), "no key 'nesterov'; allowed are iterations"),
        (("augment = false", "augment = 0"), "augment must be true or false"),
        (('frame = "transaxial"', 'frame = "coronal"'), "frame must be one of transaxial, short-axis"),
        (('title = "Tiny"\n', ""), "must have the key 'title'"),
        (("[network]", "[net]"), "no key 'net'"),
        (("[schedule]", "[schedule]\ncheck_every = 5"), "needs [data] reduced"),
        (("[schedule]", "[stages]\ntranslation = 0.5\n[schedule]"), "three stages"),
        (("[network]", "[network"), "readable TOML"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_told(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    tiny(tmp_path, "msstn")
    path = tmp_path / "tiny-msstn.toml"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(InputError) as error:
        load_recipe(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value).strip()


def test_an_unknown_recipe_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="small-v-net"):
        load_recipe("small-w-net")


def test_the_command_line_offers_the_splits_and_cameras_that_there_are() -> None:
    """It lists them itself, for it must not wait for the simulator's packages."""
    assert tuple(train.Split) == splits.SPLITS
    assert tuple(train.Cameras) == get_args(pool.Cameras)
