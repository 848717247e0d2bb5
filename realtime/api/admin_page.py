"""`/admin/`: the page of administrators. It knows nobody: what it shows comes from calls that ask who is there."""

from __future__ import annotations

from realtime.api.app_pages import AppPageHandler


class AdminPageHandler(AppPageHandler):
    """`GET /admin/`."""

    template = "admin.html"
