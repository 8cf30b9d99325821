"""Words and other symbols in a row."""
