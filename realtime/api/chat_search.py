"""`communication/chats/search/`: the words of one's own messages."""

from __future__ import annotations

import msgspec

from data import message_search
from data.message_rows import Message
from realtime.api import pages, params
from realtime.api.body import Id
from realtime.api.chats import ChatHandler
from realtime.api.operation import operation
from realtime.api.problem import Problem


class SearchQuery(pages.Paged):
    """Words, each of which must be in the text, and whose conversation to look in; none is all of one's own."""

    q: params.Text = ""
    with_id: Id | None = msgspec.field(default=None, name="with")


class SearchHandler(ChatHandler):
    """`GET chats/search/`."""

    @operation({200: pages.Page[Message]}, query=SearchQuery)
    async def get(self) -> None:
        """A page of one's own messages that have every word, newest first."""
        wanted = self.params(SearchQuery)
        if not wanted.q:
            raise Problem(400, "q is required")
        self.campus.limits.searches.count(f"user {self.caller.user_id}")
        asked = wanted.asked()
        count, results = await self.snapshot(
            message_search.page, self.caller.user_id, wanted.q, wanted.with_id, asked.limit, asked.offset
        )
        self.answer_page(asked, count, results)
