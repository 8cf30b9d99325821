"""Scorers: what can be measured of which models, one kind a file."""
