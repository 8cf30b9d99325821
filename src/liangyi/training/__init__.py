"""Training: the trainer, its players, devices and compiled steps."""
