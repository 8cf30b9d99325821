"""Pictures for people: sheets of samples, curves, architecture, walks, the report of a run."""
