"""Restarts: the server ends and starts again and again, under traffic, behind nginx, on a socket that outlives it."""
