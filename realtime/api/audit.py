"""`GET admin/audit/`: who published, deleted, disabled, signed in, and from where. A college's administrator sees what
is of the own college; the global roles see all of it, or what is of the college that they choose.
"""

from __future__ import annotations

from datetime import date

from data import audit, roles
from data.audit import Action, Entry, ObjectType
from realtime.api import pages
from realtime.api.base import Handler
from realtime.api.body import Id
from realtime.api.operation import operation


class AuditQuery(pages.PageQuery):
    """Filters of the audit. `since` and `until` are days of the campus, both of them included."""

    user: Id | None = None
    action: Action | None = None
    object_type: ObjectType | None = None
    object_id: Id | None = None
    since: date | None = None
    until: date | None = None


class AuditHandler(Handler):
    """`GET admin/audit/`."""

    @operation({200: pages.Page[Entry]}, query=AuditQuery, roles=roles.ADMIN_ROLES)
    async def get(self) -> None:
        """A page of what was done, the newest first."""
        asker = self.asker()
        asked = audit.days(self.params(AuditQuery).asked(), asker.at)
        count, results = await self.campus.database.read(audit.page, asker, asked)
        self.answer_page(asked, count, results)
