"""Trained networks as methods: each reads a study as the product does, and returns patient coordinates."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch import nn

from ..errors import InputError
from ..geometry.pose import Pose
from ..geometry.pose import nearest_rotation
from ..geometry.pose import rotation_from_euler
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..networks.cascade import CNNSTN
from ..networks.cascade import Cascade
from ..networks.cascade import cascade_input
from ..networks.geometry import CUBE_SPACING
from ..networks.geometry import HALF_MM
from ..networks.joint import JointOutput
from ..networks.msstn import MSSTN
from ..networks.registry import architecture_of
from ..networks.sampler import sample_upright
from ..networks.scale import Scale
from ..networks.view import view
from ..prediction.labelling import largest_ventricle
from ..prediction.mirror import is_told_as_mirrored
from ..prediction.models import is_comparison
from ..prediction.models import load_model
from ..prediction.models import read_manifest
from ..prediction.models import read_weight_file
from ..prediction.models import read_weights
from ..prediction.models import weights_folder
from ..prediction.predictor import POSE_AND_LABELS
from ..prediction.predictor import predict
from ..prediction.search import antialiased
from ..prediction.search import cubes_for
from ..prediction.search import read_cube
from .method import Answer
from .method import Method


@dataclass(frozen=True, eq=False)
class CompactMethod:
    """The product's own model, run as in the product.

    Attributes:
        model: name of a shipped model or path of a weight file; None for the default.
    """

    name: str
    model: str | Path | None = None

    @property
    def parameters(self) -> int:
        """Trained numbers."""
        return _count(load_model(self.model)[0])

    @property
    def runs(self) -> list[dict[str, Any] | None]:
        """Steps, batch and minutes of its training, where the manifest lists them."""
        return [read_manifest(weights_folder())["models"].get(str(self.model), {}).get("training")]

    def answer(self, study: Volume) -> Answer:
        """Pose, labels, septum angle and verdict, with their bounds."""
        result = predict(study, model=self.model)
        septum, good_to = result.septum, result.quality.good_to
        return Answer(
            result.pose,
            result.labels,
            result.quality.status,
            septum_deg=None if septum is None else septum.angle_deg,
            bound_deg=good_to.axis_deg,
            centre_bound_mm=good_to.centre_mm,
            septum_bound_deg=None if septum is None else septum.bound_deg,
            seconds=sum(result.timing_s[step] for step in POSE_AND_LABELS),
            cut_off=result.quality.cut_off,
            presence=result.quality.measures["presence"],
            mirrored=is_told_as_mirrored(result.quality),
        )


@dataclass(frozen=True, eq=False)
class TrainedMethod:
    """A network of a recipe.

    Attributes:
        name: as in the tables.
        network: in evaluation mode.
        identity: of the weight file: frame, architecture, sizes.
        locator: whose pose reorients the study for a segmenter in the short-axis frame.
    """

    name: str
    network: nn.Module
    identity: dict[str, Any]
    locator: Method | None = None

    @property
    def parameters(self) -> int:
        """Trained numbers, those of the locator included."""
        return _count(self.network) + (self.locator.parameters if self.locator is not None else 0)

    @property
    def runs(self) -> list[dict[str, Any] | None]:
        """Steps, batch and minutes of each training, the locator's first; None where a file does not list them."""
        own = self.identity.get("training")
        return [own] if self.locator is None else [*getattr(self.locator, "runs", []), own]

    @property
    def upright(self) -> bool:
        """Whether it segments in the short-axis frame and so needs a pose from elsewhere."""
        return self._family == "segment" and self.identity["frame"] == "short-axis"

    def answer(self, study: Volume) -> Answer:
        """Pose and labels, as far as the network returns them, in the middle of a study larger than what it sees."""
        if not self.upright:
            return self._ask(study, None)
        if self.locator is None:
            msg = f"{self.name}: it segments reoriented studies and needs a pose; give it as LOCATOR.npz+SEGMENTER.npz"
            raise InputError(msg)
        pose = self.locator.answer(study).pose
        if pose is None:
            msg = f"{self.locator.name}: it estimates no pose to reorient a study; choose a model that reorients"
            raise InputError(msg)
        return self._ask(study, pose)

    def answer_at(self, study: Volume, pose: Pose) -> Answer:
        """The labels of an upright segmenter at a pose that is known, as in Ni 2023, Table 4."""
        return self._ask(study, pose)

    def _ask(self, study: Volume, pose: Pose | None) -> Answer:
        grids = cubes_for(study)
        grid = grids[len(grids) // 2]
        cube = read_cube(antialiased(study), grid)
        if self.half_mm < HALF_MM:
            cube = sample_upright(cube, self.half_mm / HALF_MM, self._size)
        with torch.inference_mode():
            if self.upright and pose is not None:
                return self._segment_at(cube, grid, pose)
            asks: dict[str, Callable[[Tensor, Grid], Answer]] = {
                "joint": self._joint, "omega": self._joint, "locate": self._locate, "cascade": self._cascade,
                "segment": self._segment,
            }  # fmt: skip
            return asks[self._family](cube, grid)

    def _joint(self, cube: Tensor, grid: Grid) -> Answer:
        output: JointOutput = self.network(view(cube, self._size))
        pose = self._pose(output.located.angles[0], output.located.translations[0], grid)
        return Answer(pose, self._labels(output.logits[0], pose))

    def _locate(self, cube: Tensor, grid: Grid) -> Answer:
        located = cast(MSSTN, self.network).locate(view(cube, self._size))
        return Answer(self._pose(located.angles[0], located.translations[0], grid), None)

    def _cascade(self, cube: Tensor, grid: Grid) -> Answer:
        network = cast(CNNSTN | Cascade, self.network)
        output = network.locate(*cascade_input(cube, tuple(self.identity["network"]["shape"]), self.half_mm))
        return Answer(self._pose(output.angles, output.translation, grid), None)

    def _segment(self, cube: Tensor, grid: Grid) -> Answer:
        logits = self.network(view(cube, self._size))[0]
        return Answer(None, self._labels(logits, Pose(np.eye(3), grid.centre)))

    def _segment_at(self, cube: Tensor, grid: Grid, pose: Pose) -> Answer:
        rotation = torch.as_tensor(pose.rotation.copy(), dtype=torch.float32)[None]
        translation = torch.as_tensor((pose.centre - grid.centre) / self.half_mm, dtype=torch.float32)[None]
        logits = self.network(view(cube, self._size, rotation, translation))[0]
        return Answer(pose, self._labels(logits, pose))

    def _pose(self, angles: Tensor, translation: Tensor, grid: Grid) -> Pose:
        """Of a cube's six parameters ``(1, 3)`` and ``(1, 3)``."""
        alpha, beta, gamma = angles[0].double().tolist()
        rotation = nearest_rotation(rotation_from_euler(alpha, beta, gamma))
        return Pose(rotation, grid.centre + translation[0].double().numpy() * self.half_mm)

    def _labels(self, logits: Tensor, pose: Pose) -> Volume:
        """The likeliest labels, the largest connected LV of them, along the axes of a pose.

        Coarse logits are interpolated first, for all networks alike: a border lies between two coarse voxels.
        """
        scale = cast(Sequence[Scale], self.network.label_scales)[0]
        spacing = 2 * self.half_mm * scale.scale / (scale.size - 1)
        finer = max(round(spacing / CUBE_SPACING), 1)
        size = (scale.size - 1) * finer + 1
        labels = sample_upright(logits.float(), 1.0, size)[0].argmax(0).numpy().astype(np.uint8)
        return Volume(largest_ventricle(labels), Grid.centred(size, spacing / finer, pose))

    @property
    def half_mm(self) -> float:
        """Half extent of what it sees; older weight files do not have it and see the whole cube."""
        return float(self.identity.get("half_mm", HALF_MM))

    @property
    def _size(self) -> int:
        """Voxels along an edge of what it sees."""
        sizes = self.identity["network"]
        return int(sizes.get("size") or max(sizes["shape"]))

    @property
    def _family(self) -> str:
        return architecture_of(self.identity["architecture"], self.identity["network"], self.name).family


def load_method(model: str | Path) -> Method:
    """A method from weights: a shipped model's name, a weight file, or ``LOCATOR.npz+SEGMENTER.npz``.

    The last takes the pose of the one to segment with the other, as "Sep Rot Op2-Seg Op2" of Ni 2023 does.

    Raises:
        InputError: no such file, or none of ours.
    """
    locator, plus, segmenter = str(model).partition("+")
    if plus:
        first, second = load_method(locator), load_method(segmenter)
        if not (isinstance(second, TrainedMethod) and second.upright):
            msg = f"{segmenter}: the model after + must segment in the short-axis frame, but does not; choose another"
            raise InputError(msg)
        return TrainedMethod(f"Sep {first.name}-{second.name}", second.network, second.identity, first)
    path = Path(model)
    if not path.suffix:
        return CompactMethod(f"MS-ST-UNet ({model})", str(model))
    configuration, state = read_weights(read_weight_file(path), str(path))
    if not is_comparison(configuration):
        return CompactMethod(f"MS-ST-UNet ({configuration})", path)
    return _trained(json.loads(configuration), state, str(path))


def _trained(identity: dict[str, Any], state: dict[str, Tensor], name: str) -> TrainedMethod:
    network = architecture_of(identity["architecture"], identity["network"], name).build()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        msg = f"{name}: the weights must fit a network {identity['architecture']}, but: {str(error).splitlines()[0]}"
        raise InputError(msg) from error
    return TrainedMethod(str(identity["title"]), network.eval().requires_grad_(False), identity)


def _count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())
