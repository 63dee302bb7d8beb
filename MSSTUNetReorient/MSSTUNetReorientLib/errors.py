"""The one kind of error that a user can mend."""

from __future__ import annotations


class InputError(ValueError):
    """Something given by the user breaks a rule.

    The message is one line: what was given, the rule, what was found, what to do. The command line prints
    it to stderr and ends with exit code 2; the panel shows it as it is.
    """
