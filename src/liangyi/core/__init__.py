"""The machinery: batches, models, the trainer, runs. It knows no model."""
