"""Benches: many small trainings under equal terms, and the table that they make."""
