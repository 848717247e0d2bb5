"""The route table and nothing else. A trailing slash is the documented form; the same path without it answers too."""

from __future__ import annotations

from typing import Any

from tornado.routing import URLSpec

from realtime.api.academic import (
    ClassesHandler,
    ClassHandler,
    CollegeHandler,
    CollegesHandler,
    EnrollmentHandler,
    EnrollmentsHandler,
    SectionHandler,
    SectionsHandler,
)
from realtime.api.account_passwords import ChangePasswordHandler, SetPasswordHandler
from realtime.api.accounts import MeHandler, UserHandler, UsersByTypeHandler, UsersHandler
from realtime.api.admin import OpenStreamHandler, StatsHandler, StreamsHandler
from realtime.api.admin_page import AdminPageHandler
from realtime.api.announcements import AnnouncementHandler, AnnouncementsHandler, AnnouncementsPreviewHandler
from realtime.api.app_files import AppFileHandler
from realtime.api.app_pages import IndexHandler
from realtime.api.audit import AuditHandler
from realtime.api.auth import LoginHandler, LogoutHandler, OwnUserHandler, PasswordChangeHandler
from realtime.api.base import Handler
from realtime.api.browser import StyleHandler
from realtime.api.campus_events import CampusEventHandler, CampusEventsHandler
from realtime.api.chat_search import SearchHandler
from realtime.api.chat_signals import (
    DeliveredHandler,
    MarkReadHandler,
    OnlineUsersHandler,
    TypingHandler,
    UnreadCountHandler,
)
from realtime.api.chats import ConversationHandler, ConversationsHandler, MessageHandler, MessagesHandler
from realtime.api.client_files import ClientFileHandler
from realtime.api.files import FileHandler
from realtime.api.health import HealthHandler, ReadyHandler
from realtime.api.identity import IdentityHandler
from realtime.api.imports import ImportHandler, ImportsHandler
from realtime.api.notice_visibility import NoticeVisibilitiesHandler, NoticeVisibilityHandler
from realtime.api.notices import NoticeHandler, NoticesHandler, NoticesPreviewHandler
from realtime.api.notifications import (
    NotificationHandler,
    NotificationsHandler,
    NotificationsReadHandler,
    NotificationsUnreadHandler,
)
from realtime.api.poll import PollHandler
from realtime.api.registrations import RegistrationHandler, RegistrationsHandler
from realtime.api.schema import DocsFileHandler, DocsHandler, Document, SchemaHandler
from realtime.api.scrape import MetricsHandler
from realtime.api.sessions import SessionItemHandler, SessionsHandler
from realtime.api.set_password import SetPasswordPageHandler
from realtime.api.setup import SetupHandler
from realtime.api.sign_up import SignUpHandler
from realtime.api.stream import StreamHandler
from realtime.api.stream_test import StreamTestHandler

BASE = "/api/v1"
ID = r"(\d+)"
KEY = r"([0-9a-f]{40})"
SEGMENT = r"([^/]+)"  # chats answer in a shape of their own, also for what is no id
PATH = r"([^?]+)"  # with folders


def table() -> list[URLSpec]:
    """All routes of one server. What handlers of one kind share between requests is made here, once a server."""

    def route(path: str, handler: type[Handler], **shared: Any) -> URLSpec:
        return URLSpec(f"{path}/?", handler, shared)

    auth, accounts, academic = f"{BASE}/auth", f"{BASE}/accounts", f"{BASE}/academic"
    chats, sse = f"{BASE}/communication/chats", f"{BASE}/communication/sse"
    communication = f"{BASE}/communication"
    found: list[URLSpec] = []
    found += [
        route(f"{auth}/login", LoginHandler),
        route(f"{auth}/logout", LogoutHandler),
        route(f"{auth}/user", OwnUserHandler),
        route(f"{auth}/password/change", PasswordChangeHandler),
        route(f"{auth}/registration", SignUpHandler),
        route(f"{auth}/sessions", SessionsHandler),
        route(f"{auth}/sessions/{ID}", SessionItemHandler),
        route(f"{accounts}/users", UsersHandler),
        route(f"{accounts}/users/me", MeHandler),
        route(f"{accounts}/users/change_password", ChangePasswordHandler),
        route(f"{accounts}/users/by-type/{SEGMENT}", UsersByTypeHandler),
        route(f"{accounts}/users/{ID}", UserHandler),
        route(f"{accounts}/users/{ID}/set-password", SetPasswordHandler),
        route(f"{academic}/colleges", CollegesHandler),
        route(f"{academic}/colleges/{ID}", CollegeHandler),
        route(f"{academic}/classes", ClassesHandler),
        route(f"{academic}/classes/{ID}", ClassHandler),
        route(f"{academic}/sections", SectionsHandler),
        route(f"{academic}/sections/{ID}", SectionHandler),
        route(f"{academic}/enrollments", EnrollmentsHandler),
        route(f"{academic}/enrollments/{ID}", EnrollmentHandler),
        route(chats, MessagesHandler),
        route(f"{chats}/conversations", ConversationsHandler),
        route(f"{chats}/conversation/{SEGMENT}", ConversationHandler),
        route(f"{chats}/mark-read", MarkReadHandler),
        route(f"{chats}/delivered", DeliveredHandler),
        route(f"{chats}/typing", TypingHandler, sent_at_s={}),
        route(f"{chats}/unread-count", UnreadCountHandler),
        route(f"{chats}/online-users", OnlineUsersHandler),
        route(f"{chats}/search", SearchHandler),
        route(f"{chats}/{SEGMENT}", MessageHandler),
        route(f"{communication}/notices", NoticesHandler),
        route(f"{communication}/notices/preview", NoticesPreviewHandler),
        route(f"{communication}/notices/{ID}", NoticeHandler),
        route(f"{communication}/notice-visibility", NoticeVisibilitiesHandler),
        route(f"{communication}/notice-visibility/{ID}", NoticeVisibilityHandler),
        route(f"{communication}/notifications", NotificationsHandler),
        route(f"{communication}/notifications/mark-read", NotificationsReadHandler),
        route(f"{communication}/notifications/unread-count", NotificationsUnreadHandler),
        route(f"{communication}/notifications/{ID}", NotificationHandler),
        route(f"{communication}/announcements", AnnouncementsHandler),
        route(f"{communication}/announcements/preview", AnnouncementsPreviewHandler),
        route(f"{communication}/announcements/{ID}", AnnouncementHandler),
        route(f"{communication}/events", CampusEventsHandler),
        route(f"{communication}/events/{ID}", CampusEventHandler),
        route(f"{communication}/event-registrations", RegistrationsHandler),
        route(f"{communication}/event-registrations/{ID}", RegistrationHandler),
        route(f"{sse}/events", StreamHandler),
        route(f"{sse}/test", StreamTestHandler, open_by_address={}),
        route(f"{communication}/poll/events", PollHandler, told={}),
        route(f"{BASE}/schema", SchemaHandler, document=Document(found)),
        route("/api/docs", DocsHandler),
        URLSpec(f"/api/docs/{SEGMENT}", DocsFileHandler),
        route(f"{BASE}/admin/streams", StreamsHandler),
        route(f"{BASE}/admin/streams/{ID}", OpenStreamHandler),
        route(f"{BASE}/admin/stats", StatsHandler),
        route(f"{BASE}/admin/audit", AuditHandler),
        route(f"{BASE}/admin/imports", ImportsHandler),
        route(f"{BASE}/admin/imports/{ID}", ImportHandler),
        route(f"{BASE}/campus", IdentityHandler),
        URLSpec(rf"/files/{KEY}/{SEGMENT}", FileHandler),
        route("/healthz", HealthHandler),
        route("/readyz", ReadyHandler),
        route("/metrics", MetricsHandler),
        route("/setup", SetupHandler),
        route("/set-password", SetPasswordPageHandler),
        URLSpec("/static/style.css", StyleHandler),
        URLSpec(f"/static/client/{SEGMENT}", ClientFileHandler),
        URLSpec(f"/static/app/{PATH}", AppFileHandler),
        route("/admin", AdminPageHandler),
        URLSpec("/", IndexHandler),
    ]
    return found
