"""Two networks that play against each other."""
