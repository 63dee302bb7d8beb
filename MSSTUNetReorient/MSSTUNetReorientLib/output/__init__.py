"""A result as files: one folder that is whole or not there, with report, pictures, scene and numbers."""
