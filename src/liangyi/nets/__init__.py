"""Shapes without opinions: networks that any model may use."""
