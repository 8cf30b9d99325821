"""Equations: pure functions of tensors. Each says over what it sums and over what it averages."""
