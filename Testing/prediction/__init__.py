"""Tests of the prediction room."""
