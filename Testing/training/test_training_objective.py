"""What is minimised is the sum of its parts with their weights: no term can be forgotten without a test noticing."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.networks.geometry import CUBE_SIZE
from MSSTUNetReorientLib.training.batches import Batch
from MSSTUNetReorientLib.training.compact_loss import in_septal_frame
from MSSTUNetReorientLib.training.compact_loss import true_shares
from MSSTUNetReorientLib.training.objective import Objective
from MSSTUNetReorientLib.training.recipe import load_recipe
from torch import Tensor

LABELS, MU = 48, 3.0
PARTS = {
    "compact": {"heat", "turn", "wide", "close", "overlap", "presence", "labels", "labels/2"},
    "small-rot-op1-seg-op1": {"rotation", "translation", "threshold", "segmentation"},
    "small-omega-net": {"rotation", "translation", "threshold", "segmentation", "first"},
    "small-rot-op1": {"rotation", "translation", "threshold"},
    "small-seg-op1": {"segmentation"},
    "small-cnn-stn": {"rotation", "translation"},
}
"""Recipe of each family to the terms of its loss."""


def batch() -> tuple[Tensor, ...]:
    """One study: noise, with a bright wall of labels at a pose."""
    generator = torch.Generator().manual_seed(1)
    cube = torch.rand(2, 1, CUBE_SIZE, CUBE_SIZE, CUBE_SIZE, generator=generator)
    turned = [Pose(MEAN_ROTATION, np.zeros(3)).corrected(Correction(swing=x)).rotation for x in (3.0, -6.0)]
    rotation = torch.tensor(np.array(turned), dtype=torch.float32)
    translation = torch.tensor([[0.10, -0.05, 0.02], [-0.08, 0.12, 0.05]])
    line = torch.linspace(-1, 1, LABELS)
    far = torch.stack(torch.meshgrid(line, line, line, indexing="ij")).norm(dim=0)
    labels = torch.stack([((far > 0.25) & (far < 0.45)).float(), (far <= 0.25).float()])[None].repeat(2, 1, 1, 1, 1)
    return cube, rotation, translation, labels, torch.tensor([165.0, torch.nan])


@pytest.fixture(scope="module", params=PARTS)
def told(request: pytest.FixtureRequest) -> tuple[str, Objective, Tensor, dict[str, Tensor]]:
    recipe = load_recipe(request.param)
    recipe = replace(recipe, loss=replace(recipe.loss, mu=MU))
    torch.manual_seed(0)
    objective = Objective(recipe.network.build(), recipe)
    torch.manual_seed(0)
    total, parts = objective(*batch())
    return request.param, objective, total, parts


def test_the_terms_are_those_of_the_paper(told: tuple[str, Objective, Tensor, dict[str, Tensor]]) -> None:
    name, _, _, parts = told
    assert set(parts) == PARTS[name]
    assert all(torch.isfinite(part) and part > 0 for part in parts.values())


def test_the_total_is_the_weighted_sum(told: tuple[str, Objective, Tensor, dict[str, Tensor]]) -> None:
    """Ni 2023, eq. 9 and 12, weighs the rotation by mu; Zhu 2022, eq. 3, the translation; the rest counts as it is."""
    name, _, total, parts = told
    weighed = {"compact": "", "small-cnn-stn": "translation"}.get(name, "rotation")
    expected = sum((MU if part == weighed else 1.0) * float(value.detach()) for part, value in parts.items())
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)


def test_every_term_teaches_something(told: tuple[str, Objective, Tensor, dict[str, Tensor]]) -> None:
    _, objective, _, parts = told
    weights = [p for p in objective.parameters() if p.requires_grad]
    for name, part in parts.items():
        gradients = torch.autograd.grad(part, weights, retain_graph=True, allow_unused=True)
        assert any(g is not None and float(g.abs().max()) > 0 for g in gradients), name


def test_the_septal_frame_moves_no_heart() -> None:
    """The same place of the patient has the same labels; 165 degrees is a roll of 15, unknown one of 9 (171)."""
    given = Batch(*batch())
    block = torch.zeros_like(given.labels)
    block[:, 0, 20:28, 10:18, 30:38] = 1.0  # beside the axis, so that a wrong roll would move it
    given = dataclasses.replace(given, labels=block)
    turned = in_septal_frame(given)
    for n, roll in enumerate((15.0, 9.0)):
        before, after = (Pose(x[n].double().numpy(), np.zeros(3)) for x in (given.rotation, turned.rotation))
        assert before.correction_to(after).as_tuple() == pytest.approx((0, 0, roll, 0, 0, 0), abs=1e-3)
    same = true_shares(turned, given.rotation, given.translation)[:, 1]
    both = torch.minimum(same, block[:, 0]).sum((1, 2, 3)) / block[:, 0].sum((1, 2, 3))
    assert (both > 0.8).all()  # read twice by interpolation
    wrong = true_shares(turned, turned.rotation, given.translation)[:, 1]
    assert (torch.minimum(wrong, block[:, 0]).sum((1, 2, 3)) / block[:, 0].sum((1, 2, 3)) < 0.75).all()
