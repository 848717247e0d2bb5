"""The server against its own OpenAPI document: whatever fits it, and what doesn't, sent as one role on a campus of two
colleges. `python -m tests.fuzz ROLE EXAMPLES` runs one role.
"""
