"""The beating heart as an animated picture: three short-axis slices and both long axes, with contours, gate by gate."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.labels import BACKGROUND
from ..geometry.labels import BLOOD_POOL
from ..geometry.pose import Pose
from ..geometry.views import HLA
from ..geometry.views import SA
from ..geometry.views import VLA
from ..geometry.views import View
from ..geometry.volume import Volume
from ..prediction.result import Gates
from ..prediction.result import Result
from .colour_tables import DEFAULT
from .colour_tables import colour_map
from .figures import ENDOCARDIUM_COLOUR
from .figures import EPICARDIUM_COLOUR
from .view_slices import display_maximum
from .view_slices import long_axis_range
from .view_slices import view_stack

if TYPE_CHECKING:
    from PIL import Image

Pixels = NDArray[np.uint8]

SHORT_AXIS_PLACES = (("apical", 0.2), ("mid", 0.5), ("basal", 0.8))
"""Short-axis slices, and where they lie between apex and base."""
HALF_WIDTH_MM = 56.0
"""Half the width of a picture."""
PIXEL_MM = 0.7
"""Of the animated picture."""
BEAT_MS = 1000
"""Length of the shown beat, whatever that of the patient: slow enough to follow."""
CAPTION_PIXELS = 14
INK = (255, 255, 255)


def write_cine(result: Result, path: Path, colours: str) -> None:
    """Write :func:`cine` as a GIF."""
    path.write_bytes(cine(result, colours))


def cine(result: Result, colours: str = DEFAULT) -> bytes:
    """An endless GIF of all gates.

    Args:
        result: with gates.
        colours: colour table of the pictures, one of :data:`.colour_tables.NAMES`.

    Raises:
        ValueError: a result without gates.
    """
    gates = result.gates
    if gates is None:
        msg = "a cine needs gates"
        raise ValueError(msg)
    top = max(display_maximum(c.array, m.array) for c, m in zip(gates.short_axis, gates.labels, strict=True))
    table = colour_map(colours)
    frames = [_strip(result, gates, n, top, table) for n in range(len(gates.labels))]
    buffer = io.BytesIO()
    first, *others = (frame.quantize(128) for frame in frames)
    wait = round(BEAT_MS / len(frames))
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=wait, loop=0, optimize=False)
    return buffer.getvalue()


def _strip(result: Result, gates: Gates, n: int, top: float, table: Any) -> Image.Image:
    """One gate: the five pictures in a row under a caption."""
    from PIL import Image
    from PIL import ImageDraw

    pictures = []
    apex, base = long_axis_range(result)
    for title, part in SHORT_AXIS_PLACES:
        pictures.append((title, _picture(gates, n, result.pose, SA, apex + part * (base - apex), top, table)))
    for view in (HLA, VLA):
        pictures.append((view.name, _picture(gates, n, result.pose, view, 0.0, top, table)))
    width = sum(picture.width + 2 for _, picture in pictures) - 2
    strip = Image.new("RGB", (width, pictures[0][1].height + CAPTION_PIXELS))
    draw, left = ImageDraw.Draw(strip), 0
    for title, picture in pictures:
        strip.paste(picture, (left, CAPTION_PIXELS))
        draw.text((left + 3, 1), title, fill=INK)
        left += picture.width + 2
    draw.text((width - 60, 1), f"{n + 1} of {len(gates.labels)}", fill=INK)
    return strip


def _picture(gates: Gates, n: int, pose: Pose, view: View, position: float, top: float, table: Any) -> Image.Image:
    from PIL import Image

    counts, labels = (_slice(volume, pose, view, position) for volume in (gates.short_axis[n], gates.labels[n]))
    pixels = (table(np.clip(_enlarged(counts) / top, 0, 1))[..., :3] * 255).astype(np.uint8)
    for inside, colour in ((labels > BACKGROUND, EPICARDIUM_COLOUR), (labels == BLOOD_POOL, ENDOCARDIUM_COLOUR)):
        mask = _enlarged(inside.astype(np.float32)) > 0.5
        pixels[_outline(mask)] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return Image.fromarray(pixels)


def _slice(volume: Volume, pose: Pose, view: View, position: float) -> NDArray[np.float32]:
    """The slice of a view nearest to a position, cropped to a square round the LV centre."""
    stack = view_stack(volume, pose, view)
    image = stack.images[stack.nearest(position)]
    half = round(HALF_WIDTH_MM / float(volume.grid.spacing[0]))
    row, column = (n // 2 for n in image.shape)
    cut = image[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1]
    return np.asarray(cut, dtype=np.float32)


def _enlarged(image: NDArray[np.float32]) -> NDArray[np.float32]:
    from PIL import Image

    size = round(2 * HALF_WIDTH_MM / PIXEL_MM)
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of a mask with a neighbour outside it."""
    padded = np.pad(mask, 1, mode="edge")
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~core
