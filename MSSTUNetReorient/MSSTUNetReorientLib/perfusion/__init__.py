"""From short axis and labels to numbers: polar map, segments, scores, anatomical volumes. No files, no networks."""
