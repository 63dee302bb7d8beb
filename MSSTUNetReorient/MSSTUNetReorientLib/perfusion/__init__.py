"""From short axis and labels to numbers: sampling of the myocardium, polar map, 17 segments, scores."""
