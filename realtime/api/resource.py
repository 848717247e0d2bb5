"""Resource: a list and an item with the usual calls, made from what a resource declares: fields, rules, who writes.

The rules are plain functions of a transaction in `data`; each is handed the asker and the values. `handlers` makes the
two handlers, with the operations that the OpenAPI document is made of. One with calls of its own subclasses them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from data.asker import Asker
from data.listing import Asked
from data.transaction import Transaction
from realtime.api.base import Handler
from realtime.api.body import path_id
from realtime.api.keeping import kept
from realtime.api.operation import operation
from realtime.api.pages import PageQuery, page_of

Values = Mapping[str, Any]


class Rules(Protocol):
    """A module of `data` that has all rules of a resource."""

    def page(self, tx: Transaction, asker: Asker, asked: Asked, /) -> tuple[int, list[Any]]: ...
    def one(self, tx: Transaction, asker: Asker, row_id: int, /) -> Any: ...
    def create(self, tx: Transaction, asker: Asker, values: Values, /) -> Any: ...
    def update(self, tx: Transaction, asker: Asker, row_id: int, values: Values, /) -> Any: ...
    def delete(self, tx: Transaction, asker: Asker, row_id: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Resource:
    """What is special about one resource.

    `item` is the type of an object in answers; `whole` of a POST and a PUT, in which a field without a default is
    required; `query` the filters of its list. `writers` may write at all, whose objects is for the rules to say. `file`
    is the field that may be a file of a form: the rules get a NewFile for it. `is_published`: many are told of a new
    one.
    """

    name: str
    item: Any
    whole: type[msgspec.Struct]
    query: type[PageQuery]
    writers: Collection[str]
    page: Callable[[Transaction, Asker, Asked], tuple[int, list[Any]]]
    one: Callable[[Transaction, Asker, int], Any]
    create: Callable[[Transaction, Asker, Values], Any]
    update: Callable[[Transaction, Asker, int, Values], Any]
    delete: Callable[[Transaction, Asker, int], None]
    file: str | None = None
    is_published: bool = False

    @classmethod
    def of(
        cls,
        rules: Rules,
        *,
        name: str,
        item: Any,
        whole: type[msgspec.Struct],
        query: type[PageQuery],
        writers: Collection[str],
    ) -> Resource:
        """A resource whose rules are all in one module."""
        return cls(name, item, whole, query, writers, rules.page, rules.one, rules.create, rules.update, rules.delete)

    @property
    def files(self) -> tuple[str, ...]:
        """As an operation declares them."""
        return () if self.file is None else (self.file,)


def partial_of(whole: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The type of a PATCH: the same fields, each of which may be left out."""
    fields = [(field.encode_name, field.type | UnsetType, UNSET) for field in msgspec.structs.fields(whole)]
    return msgspec.defstruct(f"{whole.__name__}Change", fields, kw_only=True)


def given(value: msgspec.Struct) -> dict[str, Any]:
    """The fields that a body has."""
    return {name: item for name, item in msgspec.structs.asdict(value).items() if item is not UNSET}


class ResourceHandler(Handler):
    """What the two handlers of a resource share."""

    resource: ClassVar[Resource]

    @asynccontextmanager
    async def values(self, kind: type[msgspec.Struct]) -> AsyncIterator[dict[str, Any]]:
        """The fields that the body has, its file among them. Write the row inside of the block: see `kept`."""
        values, name = given(self.decode(kind)), self.resource.file
        async with kept(self.campus, None if name is None else await self.file(name)) as file:
            yield values if name is None or file is None else {**values, name: file}


def handlers(resource: Resource) -> tuple[type[ResourceHandler], type[ResourceHandler]]:
    """The handler of the list and the one of an item."""
    return list_handler(resource), item_handler(resource)


def list_handler(resource: Resource) -> type[ResourceHandler]:
    """`GET` a page, `POST` a new one."""

    class ListHandler(ResourceHandler):
        @operation({200: page_of(resource.item)}, query=resource.query)
        async def get(self) -> None:
            asked = self.params(resource.query).asked()
            count, results = await self.snapshot(resource.page, self.asker(), asked)
            self.answer_page(asked, count, results)

        @operation({201: resource.item}, body=resource.whole, roles=resource.writers, files=resource.files)
        async def post(self) -> None:
            if resource.is_published:
                self.campus.limits.publications.count(f"user {self.caller.user_id}")
            async with self.values(resource.whole) as values:
                row = await self.campus.database.write(resource.create, self.asker(), values)
            self.answer(row, 201)

    ListHandler.resource = resource
    ListHandler.__name__ = f"{resource.name}List"
    ListHandler.get.__doc__ = f"A page of the {resource.name} that the caller may see."
    ListHandler.post.__doc__ = f"Make one of the {resource.name}."
    return ListHandler


def item_handler(resource: Resource) -> type[ResourceHandler]:
    """`GET`, `PUT`, `PATCH` and `DELETE` one."""
    change = partial_of(resource.whole)

    class ItemHandler(ResourceHandler):
        @operation({200: resource.item})
        async def get(self, row_id: str) -> None:
            self.answer(await self.snapshot(resource.one, self.asker(), path_id(row_id)))

        @operation({200: resource.item}, body=resource.whole, roles=resource.writers, files=resource.files)
        async def put(self, row_id: str) -> None:
            await self._update(row_id, resource.whole)

        @operation({200: resource.item}, body=change, roles=resource.writers, files=resource.files)
        async def patch(self, row_id: str) -> None:
            await self._update(row_id, change)

        @operation({204: None}, roles=resource.writers)
        async def delete(self, row_id: str) -> None:
            await self.campus.database.write(resource.delete, self.asker(), path_id(row_id))
            self.answer_nothing()

        async def _update(self, row_id: str, kind: type[msgspec.Struct]) -> None:
            async with self.values(kind) as values:
                row = await self.campus.database.write(resource.update, self.asker(), path_id(row_id), values)
            self.answer(row)

    ItemHandler.resource = resource
    ItemHandler.__name__ = f"{resource.name}Item"
    for name, verb in (("get", "One"), ("put", "Replace one"), ("patch", "Change one"), ("delete", "Take away one")):
        getattr(ItemHandler, name).__doc__ = f"{verb} of the {resource.name}."
    return ItemHandler
