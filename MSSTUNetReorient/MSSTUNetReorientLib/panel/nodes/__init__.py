"""The MRML nodes of a study: record, labels, transform, click."""
