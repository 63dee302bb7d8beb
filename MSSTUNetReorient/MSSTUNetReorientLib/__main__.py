"""``msstunet-reorient`` and ``python -m MSSTUNetReorientLib``: the command line, guarded from its first import on."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line; Ctrl-C while it is still loading ends it as it does later."""
    try:
        from .commands.terminal import open_standard_streams

        open_standard_streams()
        from .commands.cli import main as run

        return run()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("msstunet-reorient: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
