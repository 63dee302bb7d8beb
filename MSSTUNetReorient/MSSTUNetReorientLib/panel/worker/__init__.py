"""The child process that runs the networks, so that the window never waits for them, and how the panel asks it."""
