"""The pages of the application: what a browser gets before its modules run. They know no user; the modules do the rest.

Their policy lets this server's own scripts run and no others, not even from the page's text.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from data import links
from realtime.api.browser import PageHandler


class AppPageHandler(PageHandler):
    """A page that loads modules of /static/app."""

    template: ClassVar[str] = "app.html"

    async def get(self) -> None:
        """The page."""
        self.set_header("Content-Security-Policy", self._policy())
        self.show(self.template)

    def _policy(self) -> str:
        # Addresses of files begin with public_url, which may be another origin than the one that the reader came in by.
        parts = urlsplit(self.base_url)
        own = f"'self' {parts.scheme}://{parts.netloc}"
        return "; ".join(
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"img-src {own} blob:",
                f"media-src {own} blob:",
                "connect-src 'self'",
                "worker-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ]
        )


class IndexHandler(AppPageHandler):
    """`/`: the application, or what to do while nobody has an account."""

    async def get(self) -> None:
        """The page."""
        if await self.campus.database.read(links.has_users):
            await super().get()
        else:
            self.show("empty.html")
