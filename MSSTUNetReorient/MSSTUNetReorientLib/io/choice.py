"""Selection of gates, time frames and energy windows."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import refuse


@dataclass(frozen=True)
class Choice:
    """The options that a reader of one study uses.

    Attributes:
        gate: of a gated study, counted from 1; None sums all gates.
        window: energy window of an NM object, its number from 1 or its name; None takes the photopeak.
        frames: first and last time frame of a dynamic study to sum, counted from 1.
        short_axis: the study is already short axis, and its axes are kept.
    """

    gate: int | None = None
    window: str | None = None
    frames: tuple[int, int] | None = None
    short_axis: bool = False


def chosen_gates(gate: int | None, gates: int, name: object) -> range:
    """Indices of the gates to sum, from 0.

    Raises:
        InputError: the gate does not exist, or the study is not gated.
    """
    if gate is None:
        return range(gates)
    if gates < 2:
        refuse(name, "a gate can be selected only in a gated study, but this one is not gated; omit --gate")
    if not 1 <= gate <= gates:
        refuse(name, f"the gate must be 1 to {gates}, but found {gate}; choose another or omit it to sum all")
    return range(gate - 1, gate)


def chosen_frames(frames: tuple[int, int] | None, count: int, name: object) -> range:
    """Indices of the time frames to sum, from 0.

    Raises:
        InputError: a dynamic study without a choice, frames that do not exist, or a choice for a static study.
    """
    if count < 2:
        if frames is not None:
            refuse(name, "time frames can be selected only in a dynamic study, but this one is static; omit --frames")
        return range(count)
    if frames is None:
        refuse(
            name,
            f"this is a DYNAMIC study of {count} time frames; sum those that show the myocardium with --frames A-B",
        )
    first, last = frames
    if not 1 <= first <= last <= count:
        refuse(name, f"the time frames must be in 1 to {count}, but found {first}-{last}; choose others")
    return range(first - 1, last)


def refuse_window(choice: Choice, name: object) -> None:
    """Only NM objects have energy windows.

    Raises:
        InputError: one is requested.
    """
    if choice.window is not None:
        refuse(name, "energy windows can be selected only in an NM study, but this is PET; omit --window")


def gate_info(gate: int | None, gates: int) -> dict[str, object]:
    """The entries of ``info`` about gates."""
    return {"gates": gates, "gate": "sum" if gate is None else gate} if gates > 1 else {}


def frame_info(frames: range, count: int) -> dict[str, object]:
    """The entries of ``info`` about time frames."""
    return {"time_frames": count, "frames": f"{frames.start + 1}-{frames.stop}"} if count > 1 else {}
