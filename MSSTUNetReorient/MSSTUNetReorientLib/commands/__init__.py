"""The commands of the shell; each reads its arguments and calls one room below."""
