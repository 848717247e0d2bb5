"""Publisher: `on_commit`. What a transaction did, told to the open streams, in order, before any caller resumes.

The only way by which durable events and changes of keys reach the hub, so no handler can forget one (I9), and nothing
reaches a socket before its commit (I1).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from data.outcome import ConversationStarted, Event, FilesRemoved, KeysChanged, Outcome, TokensRevoked, UserChanged
from realtime import frame
from realtime.api.meter import Meter
from realtime.api.tokens import TokenTable
from realtime.hub import Hub
from realtime.presence import Presence

log = logging.getLogger(__name__)


class Publisher:
    """Applies committed outcomes to the hub, to presence and to the token table.

    `remove_files` gets the keys of files that have no row any more.
    """

    def __init__(
        self,
        hub: Hub,
        presence: Presence,
        tokens: TokenTable,
        meter: Meter,
        remove_files: Callable[[Iterable[str]], None],
    ) -> None:
        self._hub = hub
        self._presence = presence
        self._tokens = tokens
        self._meter = meter
        self._remove_files = remove_files

    def __call__(self, outcome: Iterable[Outcome]) -> None:
        """Apply the outcome of one commit, in order."""
        for item in outcome:
            match item:
                case Event():
                    self._publish(item)
                case KeysChanged():
                    self._hub.change_keys(item.user_id, dict(item.gained), item.lost)
                case TokensRevoked():
                    self._tokens.forget_tokens(item.token_ids)
                    self._hub.end_tokens(item.token_ids, item.reason)
                case UserChanged():
                    self._tokens.forget_user(item.user_id)
                case ConversationStarted():
                    self._presence.acquaint(item.user_ids)
                case FilesRemoved():
                    self._remove_files(item.keys)

    def _publish(self, event: Event) -> None:
        self._meter.count_event(event.event)
        try:
            self._hub.publish(event.keys, frame.encode(event.event, event.data, event.id), event.id)
        except Exception:
            # The event is stored: its streams get it from the log, and the sender's answer must not fail for it.
            log.exception("event %d could not be published; its streams replay it", event.id)
            self._hub.mark_lagged(event.keys, event.id)
