"""The trained models in use: found by name or path, checked by sha256, loaded without executing anything.

A weight file is NumPy's ``.npz`` of float16 arrays, which needs no pickle and nothing but NumPy.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..errors import InputError
from ..networks.compact import CompactMSSTUNet
from ..networks.configurations import build
from .result import ModelIdentity

MANIFEST = "manifest.json"
SUFFIX = ".npz"
MAX_BYTES, MAX_UNPACKED = 2**28, 2**30
"""Maximum size of a weight file: far more than any network here needs."""
FORMER = ("calibration",)
"""Entries of older weight files that are no longer used: the bounds are stored beside the file (:mod:`.bounds`)."""
ZIP_MAGIC = b"PK\x03\x04"
"""First bytes of an .npz; NumPy takes anything else for a pickle and says so in its error."""


def weights_folder() -> Path:
    """Beside the package where it is installed, in the checkout's top level otherwise.

    Raises:
        InputError: there is none.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "weights", package.parents[1] / "weights"):
        if (folder / MANIFEST).is_file():
            return folder
    msg = f"{package}: the weights folder with {MANIFEST} must be beside the package, but none was found; reinstall"
    raise InputError(msg)


def read_manifest(folder: Path) -> dict[str, Any]:
    """``manifest.json``: ``default`` and, by name, the models with file, sha256, configuration and figures."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest


@dataclass(frozen=True)
class WeightFile:
    """Where the weights of a model are, and the ``sha256`` that a shipped file must have."""

    path: Path
    name: str
    version: str = "unlisted"
    sha256: str | None = None

    def read(self) -> tuple[bytes, str]:
        """Its bytes and their sha256.

        Raises:
            InputError: it cannot be read, or is a shipped file that is damaged.
        """
        content = read_weight_file(self.path)
        found = hashlib.sha256(content).hexdigest()
        if self.sha256 is not None and found != self.sha256:
            must = f"a shipped weight file must have sha256 {self.sha256}"
            msg = f"{self.path}: {must}, but found {found}; it is damaged, reinstall"
            raise InputError(msg)
        return content, found


def find_weights(model: str | Path | None = None) -> WeightFile:
    """The weight file of a model.

    Args:
        model: name in the manifest, path of a weight file, or None for the default.

    Raises:
        InputError: no such model.
    """
    if model is not None and is_path(model, SUFFIX):
        return WeightFile(Path(model), Path(model).stem)
    folder = weights_folder()
    manifest = read_manifest(folder)
    names = {name: name for name in manifest["models"]}
    names |= {f"{name}-{entry['version']}": name for name, entry in manifest["models"].items()}
    wanted = str(model) if model is not None else manifest["default"]
    if wanted not in names:
        msg = f"{wanted}: a model must be one of {', '.join(names)}, or the path of a {SUFFIX} file, but it is neither"
        raise InputError(msg)
    entry = manifest["models"][names[wanted]]
    return WeightFile(folder / entry["file"], names[wanted], entry["version"], entry["sha256"])


def is_path(text: str | Path, suffix: str) -> bool:
    """Whether a user's input is a path rather than a shipped name: it has a separator or the suffix of its kind.

    A file or folder of the same name in the working directory never hides what is shipped.
    """
    separators = {"/", os.sep, os.altsep or os.sep}
    return any(s in str(text) for s in separators) or str(text).lower().endswith(suffix)


def load_model(model: str | Path | None = None, device: str | torch.device = "cpu") -> tuple[nn.Module, ModelIdentity]:
    """A trained network in evaluation mode, and its identity. It is shared: copy it before you change or move it.

    Args:
        model: see :func:`find_weights`.
        device: where its parameters are.

    Raises:
        InputError: no such model, or its file is damaged or of another architecture.
    """
    file = find_weights(model)
    content, digest = _read_once(file, _state(file.path))
    return _load_bytes(content, str(file.path), str(device)), ModelIdentity(file.name, file.version, digest)


def _state(path: Path) -> tuple[int, int] | None:
    """What changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _read_once(file: WeightFile, _: tuple[int, int] | None) -> tuple[bytes, str]:
    """:meth:`WeightFile.read`, again only when the file has changed: every study of a batch asks for it."""
    return file.read()


def load_compact(
    model: str | Path | None, use: str, device: str | torch.device = "cpu"
) -> tuple[CompactMSSTUNet, ModelIdentity]:
    """As :func:`load_model`, of a compact MS-ST-UNet.

    Args:
        model, device: see :func:`load_model`.
        use: what needs it, for the message: "the prediction".

    Raises:
        InputError: also a network of another kind.
    """
    network, identity = load_model(model, device)
    if not isinstance(network, CompactMSSTUNet):
        msg = (
            f"{identity.name}: {use} needs a compact MS-ST-UNet, but this is a {type(network).__name__}; choose another"
        )
        raise InputError(msg)
    return network, identity


@lru_cache(maxsize=4)
def _load_bytes(content: bytes, name: str, device: str) -> nn.Module:
    configuration, state = read_weights(content, name)
    if is_comparison(configuration):
        title = json.loads(configuration).get("title", "a network")
        msg = (
            f"{name}: a model must be a compact MS-ST-UNet, but this is the comparison {title}; use it with `evaluate`"
        )
        raise InputError(msg)
    with _damage_reported(content, name):
        network = build(configuration)
        load_state(network, state)
    return network.eval().requires_grad_(False).to(device)


def load_state(network: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Put the parameters of a weight file into a network.

    Raises:
        RuntimeError: they are of another network.
    """
    network.load_state_dict({name: value for name, value in state.items() if name not in FORMER})


def read_weight_file(path: Path) -> bytes:
    """The bytes of a weight file, for :func:`read_weights`.

    Raises:
        InputError: it cannot be read.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            msg = f"{path}: a weight file must be a regular file, but this is not; choose another"
            raise InputError(msg)
        if size > MAX_BYTES:
            msg = f"{path}: a weight file has at most {MAX_BYTES} bytes, but found {size}; choose another"
            raise InputError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: a weight file must be readable, but: {error.strerror or error}"
        raise InputError(msg) from error


def read_weights(content: bytes, name: str) -> tuple[str, dict[str, torch.Tensor]]:
    """The configuration in a weight file, and its parameters as float32.

    Args:
        content: of the file; name: of it, for the message.

    Raises:
        InputError: it is not a weight file of this program.
    """
    with _damage_reported(content, name):
        if not content.startswith(ZIP_MAGIC):
            _no_archive()
        unpacked = sum(member.file_size for member in ZipFile(io.BytesIO(content)).infolist())
        if unpacked > MAX_UNPACKED:
            _too_large(unpacked)
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        configuration = str(arrays.pop("configuration"))
        return configuration, {key: torch.from_numpy(value.astype(np.float32)) for key, value in arrays.items()}


def is_comparison(configuration: str) -> bool:
    """Whether a weight file is of a comparison: then its configuration is JSON instead of a name."""
    return configuration.startswith("{")


@contextmanager
def _damage_reported(content: bytes, name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, BadZipFile, zlib.error) as error:
        digest = hashlib.sha256(content).hexdigest()
        reason = str(error).splitlines()[0][:120]
        msg = f"{name}: a weight file must be an .npz of this program, but sha256 {digest} cannot be read: {reason}"
        raise InputError(msg) from error


def _too_large(unpacked: int) -> None:
    msg = f"unpacked it has {unpacked} bytes, more than {MAX_UNPACKED}"
    raise ValueError(msg)


def _no_archive() -> None:
    msg = "it is not an .npz archive"
    raise ValueError(msg)


def save_weights(network: nn.Module, configuration: str, path: Path) -> str:
    """Write a network's parameters as float16 ``.npz`` (what float16 cannot hold as float32); returns its sha256."""
    state: dict[str, Any] = {key: _compact(value.detach().cpu().numpy()) for key, value in network.state_dict().items()}
    with path.open("wb") as file:
        np.savez_compressed(file, configuration=np.array(configuration), **state)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _compact(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float16 if np.abs(values).max(initial=0) < np.finfo(np.float16).max else np.float32)
