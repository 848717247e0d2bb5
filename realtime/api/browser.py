"""Pages for a person with a browser: their headers, failures that are pages, and forms behind a one-time link.

No script runs on them and nothing is loaded from elsewhere; the policy below says so to the browser. What a visitor
typed is shown escaped, and a password never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import urlsplit

import msgspec
from tornado import template

from data import passwords
from data.errors import Invalid, NotFound
from realtime.api import body, headers, params, problem
from realtime.api.base import Handler
from realtime.api.passwords import hash_of
from realtime.api.problem import Problem

_WEB = Path(__file__).resolve().parents[1] / "web"
_templates = template.Loader(str(_WEB))
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class PageHandler(Handler):
    """What the pages have in common: their headers, and failures that are pages, too."""

    open_to_all = True

    def set_default_headers(self) -> None:
        """The headers of all answers, and those that a page needs."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Permissions-Policy", headers.NO_DEVICES)
        self.set_header("Cache-Control", "no-store")

    def show(self, name: str, status: int = 200, **values: object) -> None:
        """Answer with a page. `values` are escaped where the page shows them."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        prefix = urlsplit(self.base_url).path
        self.finish(_templates.load(name).generate(prefix=prefix, **values))

    def write_problem(self, trouble: Problem) -> None:
        """A failure as a page."""
        sentence = problem.first_sentence(trouble.detail)
        self.show("problem.html", trouble.status, heading="That did not work", sentence=sentence)


class StyleHandler(Handler):
    """`/static/style.css`."""

    open_to_all = True

    def get(self) -> None:
        """The pages' style sheet."""
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.set_header("Cache-Control", "max-age=300")
        self.finish(_style())


class LinkQuery(msgspec.Struct):
    """The secret of the one-time link."""

    key: params.Text = ""


class Field(NamedTuple):
    """An input of a form."""

    name: str
    label: str
    kind: str
    autocomplete: str
    hint: str = ""


NEW_PASSWORD = (
    Field("password1", "Password", "password", "new-password", f"At least {passwords.LEAST_CHARACTERS} characters."),
    Field("password2", "The password again", "password", "new-password"),
)


class LinkHandler(PageHandler):
    """A form behind a one-time link, `?key=SECRET`. Looking does not use the link up; doing what it is for does."""

    template: ClassVar[str]
    no_link: ClassVar[str]
    fields: ClassVar[Sequence[Field]]
    required: ClassVar[frozenset[str]]

    async def opened(self, key: str) -> Mapping[str, str]:
        """What the page shows of what the link is for. Raises NotFound for a link that does not work."""
        raise NotImplementedError

    async def problems(self, typed: Mapping[str, str], about: Mapping[str, str]) -> dict[str, list[str]]:
        """Why what was typed can't be, by field."""
        raise NotImplementedError

    async def done(self, key: str, typed: Mapping[str, str], password_hash: str) -> None:
        """Do it, and answer. Raises NotFound if the link was used meanwhile, Invalid."""
        raise NotImplementedError

    async def get(self) -> None:
        """The empty form, or 404 for a link that does not work."""
        key = self._key_in_query()
        try:
            about = await self.opened(key)
        except NotFound:
            self._show_no_link()
        else:
            self._show_form(key, about, {}, {})

    async def post(self) -> None:
        """Do what the link is for; the form again with what is wrong, or 404 for a link that does not work."""
        given = body.to_object(self.body, self.content_type)
        typed = {name: value for name, value in given.items() if isinstance(value, str)}
        key = typed.get("key") or self._key_in_query()
        values = {field.name: typed.get(field.name, "") for field in self.fields}
        try:
            # Hashing is for who holds a link that works: nobody else makes this server work that hard.
            about = await self.opened(key)
            problems = await self.problems(values, about)
            if not problems:
                await self.done(key, values, await hash_of(self.campus, values["password1"]))
                return
        except NotFound:
            self._show_no_link()
            return
        except Invalid as error:
            problems = error.fields
        self._show_form(key, about, values, problems)

    def _key_in_query(self) -> str:
        return params.decode(self.request.query_arguments, LinkQuery).key

    def _show_form(
        self, key: str, about: Mapping[str, str], typed: Mapping[str, str], problems: Mapping[str, list[str]]
    ) -> None:
        values = {field.name: typed.get(field.name, "") for field in self.fields if field.kind != "password"}
        known = {name: found for name, found in problems.items() if name in values or name in self.required}
        other = [message for name, found in problems.items() if name not in known for message in found]
        self.show(
            self.template,
            400 if problems else 200,
            key=key,
            fields=self.fields,
            required=self.required,
            values=values,
            problems={**known, "form": other} if other else known,
            **about,
        )

    def _show_no_link(self) -> None:
        self.show(self.no_link, 404)


def password_problems(typed: Mapping[str, str], username: str) -> dict[str, list[str]]:
    """What is wrong with a new password that was typed twice, by field."""
    weak = passwords.problems(typed["password1"], username)
    if weak:
        return {"password1": weak}
    return {} if typed["password1"] == typed["password2"] else {"password2": ["The two passwords are not the same."]}


@cache
def _style() -> bytes:
    return (_WEB / "style.css").read_bytes()
