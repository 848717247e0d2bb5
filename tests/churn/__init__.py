"""Streams that open and close at random for as long as wanted, and whether the server ends where it began."""
