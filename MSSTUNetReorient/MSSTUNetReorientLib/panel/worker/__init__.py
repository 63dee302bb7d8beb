"""The child process that runs the networks, so that the application never blocks, and its client in the panel."""
