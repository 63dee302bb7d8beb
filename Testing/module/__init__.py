"""Tests of the Slicer module; a package, so that its conftest has a name of its own."""
