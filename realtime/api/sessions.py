"""`auth/sessions/`: where one is signed in, and signing out there."""

from __future__ import annotations

from data import sessions
from data.sessions import Session
from realtime.api import pages
from realtime.api.base import Handler
from realtime.api.body import path_id
from realtime.api.operation import operation


class SessionsHandler(Handler):
    """`GET auth/sessions/`."""

    @operation({200: pages.Page[Session]}, query=pages.PageQuery)
    async def get(self) -> None:
        """A page of the caller's sessions, the newest first."""
        asked = self.params(pages.PageQuery).asked()
        caller = self.caller
        count, results = await self.campus.database.read(
            sessions.page, caller.user_id, caller.token_id, self.now, asked
        )
        self.answer_page(asked, count, results)


class SessionItemHandler(Handler):
    """`DELETE auth/sessions/{id}/`."""

    @operation({204: None})
    async def delete(self, token_id: str) -> None:
        """Sign out there: its token ends, and its streams (reason `revoked`). Other people's sessions are 404."""
        await self.campus.database.write(sessions.end, self.act(), path_id(token_id))
        self.answer_nothing()
