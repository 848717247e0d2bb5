"""`python -m tests.guide PATH`: the integration guide's own code, run as it is written.

Every JavaScript block of the guide is cut out by its fences and run in an async function of its own, in a headless
Chromium on a page of http://localhost:3000, against this server on port 8000 with its default settings. Filled in are
the placeholder token, `localStorage.authToken`, the variables that the text around a block has (url, token,
eventSource), and recording functions under the names that the guide leaves to its reader. Nothing else is changed.

blocks.py says what each block must do. The guide is an argument and no part of the repository: a block that blocks.py
does not know, and one that it knows and the guide no longer has, fail the run.
"""
