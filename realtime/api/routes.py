"""The route table and nothing else. A trailing slash is the documented form; the same path without it answers too."""

from __future__ import annotations

from typing import Any

from tornado.routing import URLSpec

from realtime.api.accounts import MeHandler, UserHandler, UsersHandler
from realtime.api.announcements import AnnouncementHandler, AnnouncementsHandler
from realtime.api.auth import LoginHandler, LogoutHandler, OwnUserHandler, PasswordChangeHandler
from realtime.api.base import Handler
from realtime.api.chat_signals import (
    DeliveredHandler,
    MarkReadHandler,
    OnlineUsersHandler,
    TypingHandler,
    UnreadCountHandler,
)
from realtime.api.chats import ConversationHandler, ConversationsHandler, MessageHandler, MessagesHandler
from realtime.api.health import HealthHandler, ReadyHandler
from realtime.api.notices import NoticeHandler, NoticesHandler
from realtime.api.setup import IndexHandler, SetupHandler, StyleHandler
from realtime.api.stream import StreamHandler
from realtime.api.stream_test import StreamTestHandler

BASE = "/api/v1"
ID = r"(\d+)"
SEGMENT = r"([^/]+)"  # chats answer in a shape of their own, also for what is no id


def table() -> list[URLSpec]:
    """All routes of one server. What handlers of one kind share between requests is made here, once a server."""

    def route(path: str, handler: type[Handler], **shared: Any) -> URLSpec:
        return URLSpec(f"{path}/?", handler, shared)

    auth, accounts = f"{BASE}/auth", f"{BASE}/accounts"
    chats, sse = f"{BASE}/communication/chats", f"{BASE}/communication/sse"
    communication = f"{BASE}/communication"
    return [
        route(f"{auth}/login", LoginHandler),
        route(f"{auth}/logout", LogoutHandler),
        route(f"{auth}/user", OwnUserHandler),
        route(f"{auth}/password/change", PasswordChangeHandler),
        route(f"{accounts}/users", UsersHandler),
        route(f"{accounts}/users/me", MeHandler),
        route(f"{accounts}/users/{ID}", UserHandler),
        route(chats, MessagesHandler),
        route(f"{chats}/conversations", ConversationsHandler),
        route(f"{chats}/conversation/{SEGMENT}", ConversationHandler),
        route(f"{chats}/mark-read", MarkReadHandler),
        route(f"{chats}/delivered", DeliveredHandler),
        route(f"{chats}/typing", TypingHandler, sent_at_s={}),
        route(f"{chats}/unread-count", UnreadCountHandler),
        route(f"{chats}/online-users", OnlineUsersHandler),
        route(f"{chats}/{SEGMENT}", MessageHandler),
        route(f"{communication}/notices", NoticesHandler),
        route(f"{communication}/notices/{ID}", NoticeHandler),
        route(f"{communication}/announcements", AnnouncementsHandler),
        route(f"{communication}/announcements/{ID}", AnnouncementHandler),
        route(f"{sse}/events", StreamHandler),
        route(f"{sse}/test", StreamTestHandler, open_by_address={}),
        route("/healthz", HealthHandler),
        route("/readyz", ReadyHandler),
        route("/setup", SetupHandler),
        URLSpec("/static/style.css", StyleHandler),
        URLSpec("/", IndexHandler),
    ]
