"""Tests of MSSTUNetReorientLib.scene; a package, so that its conftest has a name of its own."""
