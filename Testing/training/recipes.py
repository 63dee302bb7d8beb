"""Small recipes and a small pool for the tests."""

from __future__ import annotations

from pathlib import Path

from MSSTUNetReorientLib.training.recipe import Recipe
from MSSTUNetReorientLib.training.recipe import load_recipe

TINY = {
    "ms-st-unet": "size = 32\nbackbone_width = 4\nbackbone_blocks = [1, 1, 1, 1]\nwidths = [4, 8, 12]",
    "single-scale-st-unet": "size = 32\nbackbone_width = 4\nbackbone_blocks = [1, 1, 1, 1]\nwidths = [4, 8, 12]",
    "msstn": "size = 32\nbackbone_width = 4\nbackbone_blocks = [1, 1, 1, 1]",
    "msunet": "size = 32\nwidths = [4, 8, 12]",
    "attention-unet": "size = 32\nwidths = [4, 8, 12]",
    "omega-net": "size = 32\nwidths = [4, 8, 12]",
    "v-net": "size = 32\nwidth = 2",
    "dense-unet": "size = 32\nwidth = 4\ngrowth = 4\nblocks = [2, 2]",
    "nn-unet": "size = 32\nwidths = [4, 8, 12, 12]\nsupervised = 2",
    "cnn-stn": "stages = 1\nshape = [32, 32, 32]\nwidths = [4, 8, 8]\nhidden = [16]",
    "vgg": "stages = 3\nshape = [32, 32, 32]\nwidths = [2, 4, 4, 8, 8]\nhidden = 16",
    "resnet": "stages = 3\nshape = [32, 32, 32]\nwidth = 4",
}
"""Sizes of a network that trains in moments, by architecture."""


def tiny(
    folder: Path, architecture: str, *, frame: str = "transaxial", schedule: str = "", data: str = "", more: str = ""
) -> Recipe:
    """A recipe for a small network."""
    path = folder / f"tiny-{architecture}.toml"
    path.write_text(
        f'title = "Tiny"\nabout = "for tests"\nprecision = "float32"\n\n'
        f'[network]\narchitecture = "{architecture}"\n{TINY[architecture]}\n\n'
        f'[data]\nbatch = 2\naugment = false\nfirst = 1\nvalidation = 0\nframe = "{frame}"\n{data}\n\n'
        f"[schedule]\niterations = 8\nwarmup = 1\ncooldown = 0.01\nrate = 1e-2\nsave_every = 2\n{schedule}\n\n{more}\n"
    )
    return load_recipe(path)
