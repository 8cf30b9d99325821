"""Adversarial networks that are asked for something: a class, a caption, an attribute."""
