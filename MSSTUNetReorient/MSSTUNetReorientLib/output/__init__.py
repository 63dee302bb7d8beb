"""Writing results: one folder, complete or absent, with report, pictures, scene and numbers."""
