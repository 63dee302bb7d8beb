"""What an export can do without."""


class LeftOutError(Exception):
    """An object cannot be made, and the others are written without it; the message says why."""
