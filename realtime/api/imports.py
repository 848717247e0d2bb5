"""`admin/imports/`: many accounts at once from a CSV file, as the command `import-users` makes them.

A file with a wrong line is refused at once, with every such line. Else the import begins, and goes on after the answer:
who began it asks how far it is. Nobody sees others' imports, as their problems name people.
"""

from __future__ import annotations

from typing import TypedDict

import msgspec

from data import imports, roles, roster
from data.imports import Terms
from realtime.api.base import Handler
from realtime.api.body import path_id
from realtime.api.importing import Import, State, TooMany
from realtime.api.operation import operation
from realtime.api.problem import Problem

MOST_BYTES = 8 << 20
MOST_PEOPLE = 50_000
AGAIN_S = 30


class ImportGiven(msgspec.Struct):
    """A form with the CSV as its `file`. `create_classes`: make the classes and sections that are not there yet."""

    create_classes: bool = False


class ImportShown(TypedDict):
    """An import. `imported` accounts and `rooms_made` classes and sections are there once it is `done`; `problems` has
    why one has failed, a sentence each."""

    id: int
    state: State
    people: int
    passwords: int
    hashed: int
    imported: int
    rooms_made: int
    problems: list[str]
    created_at: str


class ImportsHandler(Handler):
    """`admin/imports/`."""

    @operation({200: list[ImportShown]}, roles=roles.ADMIN_ROLES)
    async def get(self) -> None:
        """The caller's last imports, the newest first. A restart of the server forgets them."""
        self.answer([_shown(one) for one in self.campus.imports.of(self.caller.user_id)])

    @operation({202: ImportShown}, body=ImportGiven, roles=roles.ADMIN_ROLES, files=("file",), refusals={429})
    async def post(self) -> None:
        """Begin an import: 202; all of the file's people, or nobody. 400 names each line that is wrong."""
        given, asker, campus = self.decode(ImportGiven), self.asker(), self.campus
        received = await self.file("file")
        if received is None:
            raise Problem(400, {"file": ["No file was submitted."]})
        if received.size_bytes > MOST_BYTES:
            raise Problem(400, {"file": [f"A list of people has at most {MOST_BYTES} bytes."]})
        content = await campus.incoming.run(received.path.read_bytes)
        people, problems = await campus.incoming.run(roster.parse, content)
        if not people and not problems:
            raise Problem(400, {"file": ["There is nobody in it."]})
        if len(people) > MOST_PEOPLE:
            raise Problem(400, {"file": [f"There are more than {MOST_PEOPLE} people in it."]})
        terms = Terms(asker, given.create_classes)
        await campus.database.read(imports.check, people, problems, terms, self.now)
        try:
            begun = campus.imports.begin(
                campus.database, asker, people, terms, cost=campus.options.bcrypt_cost, now=lambda: self.now
            )
        except TooMany:
            who, sentence = f"user {self.caller.user_id}", "Other imports have to end first."
            raise campus.limits.turned_away.problem("imports", who, sentence, AGAIN_S) from None
        self.answer(_shown(begun), 202)


class ImportHandler(Handler):
    """`admin/imports/{id}/`."""

    @operation({200: ImportShown}, roles=roles.ADMIN_ROLES)
    async def get(self, import_id: str) -> None:
        """How far one of the caller's imports is."""
        self.answer(_shown(self._own(import_id)))

    @operation({204: None}, roles=roles.ADMIN_ROLES, refusals={409})
    async def delete(self, import_id: str) -> None:
        """Give up an import that has written nothing yet: 204, else 409."""
        await self.campus.imports.cancel(self._own(import_id))
        self.answer_nothing()

    def _own(self, import_id: str) -> Import:
        found = self.campus.imports.one(self.caller.user_id, path_id(import_id))
        if found is None:
            raise Problem(404, "Not found.")
        return found


def _shown(one: Import) -> ImportShown:
    return {
        "id": one.id,
        "state": one.state,
        "people": one.people,
        "passwords": one.to_hash,
        "hashed": one.hashed,
        "imported": one.made,
        "rooms_made": one.rooms_made,
        "problems": list(one.problems),
        "created_at": one.created_at,
    }
