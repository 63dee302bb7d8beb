"""Evaluation of methods on studies with truth: metrics, tables, figures and the results page."""
