"""Verdicts about a training: live signals, and what they mean."""
