"""Player: one role that calls every operation with generated values, and notes what went wrong."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz import answers
from tests.fuzz.ids import Ids
from tests.fuzz.roles import Role
from tests.support.shared import Shared

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# They don't end: a stream is open until the client goes. tests/test_stream_*.py and others are about them.
OPEN_ENDED = ("/api/v1/communication/sse/",)
MOST_FAULTS = 5  # of an operation: the rest will be the same


class Player:
    """Plays one role. `faults` are what went wrong, `statuses` how often each operation answered what."""

    def __init__(self, shared: Shared, role: Role, examples: int) -> None:
        self._shared, self._role, self._examples = shared, role, examples
        document = httpx.get(f"{shared.server.url}/api/v1/schema/", trust_env=False).json()
        self._formats = answers.formats(document)
        self._schema = schemathesis.openapi.from_dict(answers.closed(document))
        self._session = requests.Session()
        self._session.trust_env = False
        self._ids = Ids(shared, role)
        self._tokens = 0
        me = shared[role.username].id
        self._named = {"me": me, "east": shared.east}
        (self._person,) = shared.sql(
            "SELECT user_type, college_id, password_hash, username FROM users WHERE id = ?", (me,)
        )
        self.faults: list[str] = []
        self.statuses: dict[str, Counter[int]] = {}

    def play(self) -> None:
        """Call everything."""
        before = self._kept()
        operations = [found.ok() for found in self._schema.get_all_operations()]
        for operation in sorted(operations, key=lambda one: one.method == "delete"):  # as long as there is something
            if not operation.path.startswith(OPEN_ENDED):
                self._come_back()
                self._ids.look()
                self._call(operation)
        for query, rows in self._kept().items():
            if rows != before[query]:
                was, now = set(before[query]) - set(rows), set(rows) - set(before[query])
                self.faults.append(f"{query}: {sorted(map(str, was))[:3]} became {sorted(map(str, now))[:3]}")

    def _call(self, operation: APIOperation) -> None:
        chance = random.Random(operation.label)
        statuses = self.statuses.setdefault(operation.label, Counter())
        faults: list[str] = []

        @settings(
            max_examples=self._examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=self._cases(operation))
        def each(case: Case) -> None:
            self._ids.put_into(case, chance)
            response = case.call(base_url=self._shared.server.url, session=self._session)
            if response.status_code == 401:
                self._come_back()  # signed out, disabled or demoted by its own doing
                response = case.call(base_url=self._shared.server.url, session=self._session)
            statuses[response.status_code] += 1
            found = answers.faults(response.text, self._role.hidden, self._formats)
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as group:
                found += [str(one) for one in group.exceptions]
            except Failure as failure:
                found.append(str(failure))
            if found and len(faults) < MOST_FAULTS:
                sent = f"{case.as_curl_command()}\n  {response.status_code} {response.text[:500]}"
                faults.append("\n  ".join([operation.label, sent, *found]))

        each()
        self.faults += faults

    def _cases(self, operation: APIOperation) -> st.SearchStrategy[Case]:
        fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        if not (operation.body or operation.query or operation.path_parameters):
            return fitting
        return fitting | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    def _come_back(self) -> None:
        """Be who the role is, with a new token: the calls before may have changed both."""
        me = self._named["me"]
        user_type, college_id, password_hash, username = self._person
        self._shared.sql(
            "UPDATE users SET is_active = 1, user_type = ?, college_id = ?, password_hash = ?, username = ? "
            "WHERE id = ?",
            (user_type, college_id, password_hash, username, me),
        )
        self._tokens += 1
        token = hashlib.sha1(str((me, self._tokens)).encode()).hexdigest()
        self._shared.sql(
            "INSERT INTO tokens (hash, user_id, created_at) VALUES (?, ?, '2026-01-09T10:30:00.000000Z')",
            (hashlib.sha256(token.encode()).digest(), me),
        )
        self._session.headers["Authorization"] = f"Token {token}"

    def _kept(self) -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        for query in self._role.kept:
            used = {name: value for name, value in self._named.items() if f":{name}" in query}
            found[query] = sorted(self._shared.sql(query, used), key=str)
        return found
