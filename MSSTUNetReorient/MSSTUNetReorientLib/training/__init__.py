"""Training of the models on simulated studies and on real hearts in simulated chests."""
