"""The roles that the fuzzing plays, what none of their answers may tell, and which rows they may not change."""

from __future__ import annotations

from dataclasses import dataclass

# Each stands in things that the word says who may not see.
EAST = "eastonlyword"
PRIVATE = "privateonlyword"
DRAFT = "draftonlyword"
CLASS = "classonlyword"

_PERSON = "id, username, password_hash, email, first_name, user_type, college_id, is_active, is_verified, avatar"
_VISIBILITY = "SELECT v.* FROM notice_visibility AS v JOIN notices AS n ON n.id = v.notice_id"
_REGISTRATIONS = "SELECT r.* FROM event_registrations AS r JOIN events AS e ON e.id = r.event_id"

# The other college's, which no one role of this one may touch.
_ELSEWHERE = (
    "SELECT * FROM colleges WHERE id = :east",
    f"SELECT {_PERSON} FROM users WHERE college_id = :east",
    "SELECT * FROM classes WHERE college_id = :east",
    "SELECT * FROM sections WHERE class_id IN (SELECT id FROM classes WHERE college_id = :east)",
    "SELECT * FROM enrollments WHERE user_id IN (SELECT id FROM users WHERE college_id = :east)",
    "SELECT * FROM notices WHERE college_id = :east",
    f"{_VISIBILITY} WHERE n.college_id = :east",
    "SELECT * FROM events WHERE college_id = :east",
    f"{_REGISTRATIONS} WHERE e.college_id = :east",
    "SELECT * FROM announcements WHERE college_id = :east",
)
# What others wrote and read. No role sees or changes that.
_PRIVATE = (
    "SELECT * FROM messages WHERE sender_id <> :me",
    "SELECT * FROM receipts WHERE user_id <> :me AND message_id IN (SELECT id FROM messages WHERE sender_id <> :me)",
    "SELECT * FROM notification_reads WHERE user_id <> :me",
)
# What only admins and authors change.
_PUBLISHED = (
    "SELECT * FROM colleges",
    "SELECT * FROM classes",
    "SELECT * FROM sections",
    "SELECT * FROM enrollments",
    f"SELECT {_PERSON} FROM users WHERE id <> :me",
    "SELECT id FROM tokens WHERE user_id <> :me",
    "SELECT * FROM notices WHERE created_by <> :me",
    f"{_VISIBILITY} WHERE n.created_by <> :me",
    "SELECT * FROM events WHERE created_by <> :me",
    f"{_REGISTRATIONS} WHERE e.created_by <> :me AND r.user_id <> :me",
    "SELECT * FROM announcements WHERE created_by <> :me",
)


@dataclass(frozen=True, slots=True)
class Role:
    """Who calls, the words that must not come, and the rows that must stay as they are.

    `kept` are queries; `:me` is the caller, `:east` the other college.
    """

    username: str
    hidden: tuple[str, ...]
    kept: tuple[str, ...]


ROLES = {
    "student": Role("bob", (EAST, PRIVATE, DRAFT, CLASS), (*_ELSEWHERE, *_PRIVATE, *_PUBLISHED)),
    "teacher": Role("tara", (EAST, PRIVATE, DRAFT, CLASS), (*_ELSEWHERE, *_PRIVATE, *_PUBLISHED)),
    "admin": Role("dean", (EAST, PRIVATE), (*_ELSEWHERE, *_PRIVATE)),
}
