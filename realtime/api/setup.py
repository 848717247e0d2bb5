"""Pages for a person with a browser: the server's front, and the form behind the one-time link of an empty database.

No script runs on them and nothing is loaded from elsewhere; the policy below says so to the browser. What a visitor
typed is shown escaped, and a password never.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from tornado import template

from data import links, passwords, users
from data.errors import Invalid, NotFound
from data.transaction import Transaction
from realtime.api import body, params, problem
from realtime.api.base import Handler
from realtime.api.problem import Problem

FIRST_COLLEGE_ID = 1

_WEB = Path(__file__).resolve().parents[1] / "web"
_templates = template.Loader(str(_WEB))
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

# Name, label, input type, autocomplete, hint.
_FIELDS = (
    ("username", "Username", "text", "username", "Letters, digits and @ . + - _"),
    ("first_name", "First name", "text", "given-name", ""),
    ("last_name", "Last name", "text", "family-name", ""),
    ("email", "E-mail address", "email", "email", ""),
    (
        "password1", "Password", "password", "new-password",
        f"At least {passwords.LEAST_CHARACTERS} characters.",
    ),
    ("password2", "The password again", "password", "new-password", ""),
)  # fmt: skip
_REQUIRED = ("username", "password1", "password2")


class PageHandler(Handler):
    """What the pages have in common: their headers, and failures that are pages, too."""

    open_to_all = True

    def set_default_headers(self) -> None:
        """The headers of all answers, and those that a page needs."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Referrer-Policy", "no-referrer")
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
        self.show("problem.html", trouble.status, heading="That did not work", sentence=sentence, about_link=False)


class IndexHandler(PageHandler):
    """`/`: tells a person that this is a server, and what to do with it."""

    def get(self) -> None:
        """The page."""
        self.show("index.html")


class StyleHandler(Handler):
    """`/static/style.css`."""

    open_to_all = True

    def get(self) -> None:
        """The pages' style sheet."""
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.set_header("Cache-Control", "max-age=300")
        self.finish(_style())


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed."""

    username: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    password1: str = field(default="", repr=False)
    password2: str = field(default="", repr=False)

    def user(self, password_hash: str = "") -> users.NewUser:
        """The account that it asks for."""
        return users.NewUser(
            username=self.username,
            user_type="super_admin",
            college_id=FIRST_COLLEGE_ID,
            email=self.email,
            first_name=self.first_name,
            last_name=self.last_name,
            password_hash=password_hash,
        )


class SetupQuery(msgspec.Struct):
    """The secret of the one-time link."""

    key: params.Text = ""


class SetupHandler(PageHandler):
    """`/setup/?key=SECRET`: makes the first administrator, once."""

    async def get(self) -> None:
        """The empty form, or 404 for a link that does not work."""
        key = self._key_in_query()
        if await self.campus.database.read(_works, key, self.now):
            self._show_form(key, Form(), {})
        else:
            self._show_no_link()

    async def post(self) -> None:
        """Make the account; the form again with what is wrong, or 404 for a link that does not work."""
        given = body.to_object(self.body, self.content_type)
        typed = {name: value for name, value in given.items() if isinstance(value, str)}
        key = typed.get("key") or self._key_in_query()
        form = Form(**{name: typed.get(name, "") for name, *_ in _FIELDS})
        # Hashing is for who holds a link that works: nobody else makes this server work that hard.
        if not await self.campus.database.read(_works, key, self.now):
            self._show_no_link()
            return
        problems = await self.campus.database.read(_problems, form)
        if not problems:
            cost, hashing = self.campus.options.bcrypt_cost, self.campus.hashing
            loop = asyncio.get_running_loop()
            stored = await loop.run_in_executor(hashing, passwords.hash_password, form.password1, cost)
            try:
                await self.campus.database.write(_make, key, form.user(stored), self.now)
            except NotFound:
                self._show_no_link()
                return
            except Invalid as error:
                problems = error.fields
        if problems:
            self._show_form(key, form, problems)
        else:
            self.show("setup_done.html", username=users.canonical_username(form.username))

    def _key_in_query(self) -> str:
        return params.decode(self.request.query_arguments, SetupQuery).key

    def _show_form(self, key: str, form: Form, problems: Mapping[str, list[str]]) -> None:
        values = {name: getattr(form, name) for name, _, kind, *_ in _FIELDS if kind != "password"}
        known = {name: messages for name, messages in problems.items() if name in values or name in _REQUIRED}
        other = [message for name, messages in problems.items() if name not in known for message in messages]
        shown = {**known, "form": other} if other else known
        self.show(
            "setup.html",
            400 if problems else 200,
            key=key,
            fields=_FIELDS,
            required=_REQUIRED,
            values=values,
            problems=shown,
        )

    def _show_no_link(self) -> None:
        sentence = "This link was used already, is too old, or is not complete."
        self.show("problem.html", 404, heading="This link does not work", sentence=sentence, about_link=True)


def _works(tx: Transaction, key: str, now: str) -> bool:
    return not links.has_users(tx) and links.valid(tx, key, links.FIRST_ADMIN, now) is not None


def _make(tx: Transaction, key: str, new: users.NewUser, now: str) -> int:
    if links.has_users(tx):
        raise NotFound("Somebody has an account already.")
    links.use(tx, key, links.FIRST_ADMIN, now)
    return users.create(tx, new, now)


def _problems(tx: Transaction, form: Form) -> dict[str, list[str]]:
    """Why the form can't be an account yet, by field."""
    found: dict[str, list[str]] = {}
    try:
        users.check(tx, form.user())
    except Invalid as error:
        found.update(error.fields)
    weak = passwords.problems(form.password1, form.username)
    if weak:
        found["password1"] = weak
    elif form.password1 != form.password2:
        found["password2"] = ["The two passwords are not the same."]
    return found


@cache
def _style() -> bytes:
    return (_WEB / "style.css").read_bytes()
