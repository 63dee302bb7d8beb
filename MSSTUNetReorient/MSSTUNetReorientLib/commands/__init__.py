"""The commands of the shell; each parses its arguments and calls one package of the library."""
