"""Where training runs: Lightning Fabric chooses the device, the precision and, under torchrun, the processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision


class TruthKept(MixedPrecision):
    """Half precision within the network; a true pose rounded to eight bits would be wrong by 0.2 degrees."""

    def convert_input(self, data: Any) -> Any:
        """As it comes."""
        return data


def machine(precision: Literal["float32", "bf16"], device: str = "auto") -> Fabric:
    """One process, or one of those that torchrun started; call it before anything is put on a device.

    Args:
        precision: "bf16" is taken where the device computes in it; on other CPUs it is many times slower than float32.
        device: "auto", "cpu", "cuda" or "mps".
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    world, local = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    fabric = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=world // local,
        strategy="ddp_find_unused_parameters_true" if world > 1 else "auto",
        plugins=TruthKept("bf16-mixed", device) if precision == "bf16" and computes_bf16(device) else None,
    )
    fabric.launch()
    return fabric


def leave() -> None:
    """Leave the processes that torchrun joined; one that ends without it may end with an abort."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def computes_bf16(device: str) -> bool:
    """Whether half precision is faster there."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        has: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        return bool(has.get("avx512_bf16") or has.get("amx_bf16") or has.get("bf16"))
    return False
