"""Words and other symbols."""
