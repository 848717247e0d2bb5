"""Measuring the server on a campus of the size that it promises. Nothing of this is needed to run it."""
