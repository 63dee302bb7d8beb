"""Networks by name."""

from __future__ import annotations

import pytest
import torch
from MSSTUNetReorientLib.networks.cascade import CNNSTN
from MSSTUNetReorientLib.networks.cascade import Cascade
from MSSTUNetReorientLib.networks.configurations import CONFIGURATIONS
from MSSTUNetReorientLib.networks.configurations import MSSTUNetConfiguration
from MSSTUNetReorientLib.networks.configurations import build
from MSSTUNetReorientLib.networks.joint import MSSTUNet

PARAMETERS = {
    "paper-msstunet": (MSSTUNet, 48_198_845),
    "paper-msstunet-pyramid": (MSSTUNet, 48_198_845),
    "paper-cascade": (Cascade, 719_894),
    "paper-cnn-stn": (CNNSTN, 360_262),
}
"""The counts that the documentation states."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_named_network_is_what_the_documentation_says(name):
    kind, parameters = PARAMETERS[name]
    network = build(name)
    assert isinstance(network, kind)
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_the_published_grids_are_nested_cubes_of_128_64_and_32():
    scales = MSSTUNetConfiguration().scales
    assert [(s.size, s.scale) for s in scales] == [(128, 1.0), (64, 0.5), (32, 0.25)]


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no network is called 'resnet'") as error:
        build("resnet")
    assert all(name in str(error.value) for name in CONFIGURATIONS)


@pytest.mark.slow
def test_the_published_model_runs_at_its_full_size():
    model = build("paper-msstunet").eval()
    with torch.inference_mode():
        output = model(torch.rand(1, 1, 128, 128, 128))
    assert [x.shape[-1] for x in output.logits] == [128, 64, 32]


def test_the_docs_tell_each_recipes_number_of_trained_numbers() -> None:
    """docs/networks.md, by building every recipe's network."""
    import re

    from MSSTUNetReorientLib.training.recipe import load_recipe
    from MSSTUNetReorientLib.training.recipe import shipped_recipes
    from places import REPOSITORY

    page = (REPOSITORY / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)`: [^|]*\| ([\d,]+) \| [\d,]* ?\| ([\d,]+) \|$", page, flags=re.MULTILINE)
    told = {
        f"{kind}-{name}": number
        for name, *numbers in rows
        for kind, number in zip(("paper", "small"), numbers, strict=True)
    }
    with torch.device("meta"):  # no memory: the largest has 88 million
        found = {
            name: f"{sum(p.numel() for p in load_recipe(name).network.build().parameters()):,}"
            for name in shipped_recipes()
            if name.startswith(("paper-", "small-"))
        }
    assert told == found
