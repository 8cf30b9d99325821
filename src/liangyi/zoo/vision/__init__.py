"""Networks that look at pictures: classifiers, and what they see."""
