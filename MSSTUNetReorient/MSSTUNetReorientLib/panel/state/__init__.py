"""Values of the panel: six parameters, record of a study, messages; neither Qt nor MRML."""
