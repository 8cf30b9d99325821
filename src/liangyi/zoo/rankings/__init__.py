"""Rankings: what is relevant comes first."""
