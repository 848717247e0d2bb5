"""Faults at random while users send and read, and whether everything came, once and in order."""
