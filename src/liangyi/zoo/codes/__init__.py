"""Models with a code: there and back again."""
