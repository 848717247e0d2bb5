"""`campus/`: the campus's name and logo. Everybody sees them, before any login; global roles change them."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from data import identity, roles
from data.identity import Identity
from realtime.api import media
from realtime.api.base import Handler
from realtime.api.keeping import kept
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.api.resource import given

MOST_LOGO_BYTES = 1 << 20  # every page of everybody loads it


class IdentityChange(msgspec.Struct):
    """A PATCH. `logo` is a file of a form; null takes it away, and an address, as answers have it, is ignored."""

    name: str | UnsetType = UNSET
    logo: str | UnsetType | None = UNSET


class IdentityHandler(Handler):
    """`campus/`."""

    open_methods = Handler.open_methods | {"GET", "HEAD"}

    @operation({200: Identity})
    async def get(self) -> None:
        """The campus's name and logo. No token is needed."""
        self.answer(await self.campus.database.read(identity.read))

    @operation({200: Identity}, body=IdentityChange, roles=roles.GLOBAL_ROLES, files=("logo",))
    async def patch(self) -> None:
        """Another name or logo, which every open page is told of. A logo is a PNG, JPEG, GIF or WebP."""
        values = given(self.decode(IdentityChange))
        if values.get("logo") is not None:
            del values["logo"]
        received = await self.file("logo")
        if received is not None and media.detect(received.head)[1] != "image":
            raise Problem(400, {"logo": ["Upload a valid image."]})
        if received is not None and received.size_bytes > MOST_LOGO_BYTES:
            raise Problem(400, {"logo": [f"A logo has at most {MOST_LOGO_BYTES} bytes."]})
        async with kept(self.campus, received) as file:
            changed = await self.campus.database.write(identity.update, self.asker(), values, file)
        self.answer(changed)
