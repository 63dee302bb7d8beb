"""The only kind of error that a user can correct."""

from __future__ import annotations


class InputError(ValueError):
    """An input of the user breaks a rule.

    The message is one line: the input, the rule, what was found, what to do. The command line prints
    it to stderr and ends with exit code 2; the panel shows it unchanged.
    """
