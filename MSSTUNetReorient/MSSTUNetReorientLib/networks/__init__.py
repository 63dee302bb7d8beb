"""Networks: sampler, MSSTN, MSUNet, joint model, cascade. Torch only."""
