"""Runs: folders on disk with everything about one training each."""
