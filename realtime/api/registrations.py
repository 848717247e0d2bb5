"""`communication/event-registrations/`: who comes to which event. Everybody registers; the rules say whom and when."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import UNSET, UnsetType

from data import registration_rows, registrations, roles
from data.registration_rows import Registration, Status
from realtime.api import pages
from realtime.api.body import Id
from realtime.api.resource import Resource, handlers


class RegistrationGiven(msgspec.Struct, kw_only=True):
    """A POST or a PUT. `event` and `user` (oneself, unless an admin says another) are fixed once it is made."""

    event: Id
    user: Id | None = None
    registration_date: date | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET


class RegistrationsQuery(pages.ActiveQuery):
    """Filters of the registrations."""

    event: Id | None = None
    user: Id | None = None
    status: Status | None = None


RegistrationsHandler, RegistrationHandler = handlers(
    Resource(
        name="registrations",
        item=Registration,
        whole=RegistrationGiven,
        query=RegistrationsQuery,
        writers=roles.ROLES,
        page=registration_rows.page,
        one=registration_rows.one,
        create=registrations.create,
        update=registrations.update,
        delete=registrations.delete,
    )
)
