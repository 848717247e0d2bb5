"""data/users.py and data/colleges.py: accounts, their keys, their list and their changes."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data import accounts, colleges, keys, log, roles, users
from data.asker import Asker, Moment
from data.errors import Invalid, NotFound
from data.listing import Asked
from data.outcome import Event, UserChanged
from data.transaction import Transaction
from data.users import NewUser

NOW = "2026-01-09T10:30:00.000000Z"
LATER = "2026-01-10T10:30:00.000000Z"
AT_LATER = Moment(LATER, "2026-01-10", ZoneInfo("UTC"), 0.0)


def make(tx: Transaction, username: str, now: str = NOW, **fields: Any) -> int:
    fields.setdefault("college_id", 1)
    return users.create(tx, NewUser(username, **fields), now)


def listed(tx: Transaction, ordering: tuple[str, ...] = (), pinned: int | None = None, **filters: Any) -> list[str]:
    search = filters.pop("search", "")
    asked = Asked({"is_active": True, **filters}, search, ordering, limit=100)
    count, rows = users.page(tx, pinned, asked)
    assert count == len(rows)
    return [row["username"] for row in rows]


def second_college(tx: Transaction) -> int:
    return tx.insert(
        "INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES ('NORTH', 'North', 'N', ?1, ?1)",
        (NOW,),
    )


def refusal(tx: Transaction, new: NewUser) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        users.create(tx, new, NOW)
    return caught.value.fields


def test_an_account_is_found_by_id_and_by_name_in_any_case(tx: Transaction) -> None:
    user_id = make(tx, "John_Doe", first_name=" John ", last_name="Doe", email="john@campus.example")
    row = users.by_id(tx, user_id)
    assert row is not None
    assert (row["username"], row["first_name"], row["user_type"], row["college_name"]) == (
        "John_Doe", "John", "student", "Campus",
    )  # fmt: skip
    by_name = users.by_username(tx, "JOHN_DOE")
    assert by_name is not None
    assert by_name["id"] == user_id
    assert users.by_id(tx, user_id + 1) is None
    assert [users.by_username(tx, name) for name in ("john", "", "a\0b", "\ud800")] == [None] * 4


def test_a_name_that_looks_the_same_is_the_same(tx: Transaction) -> None:
    make(tx, "ﬁona")  # with the ligature
    assert users.by_username(tx, "fiona") is not None
    assert refusal(tx, NewUser("FIONA", college_id=1)) == {"username": ["A user with that username already exists."]}


def test_full_name_is_never_empty(tx: Transaction) -> None:
    assert users.full_name({"first_name": "Ann", "last_name": "Lee", "username": "ann"}) == "Ann Lee"
    assert users.full_name({"first_name": "", "last_name": "Lee", "username": "ann"}) == "Lee"
    assert users.full_name({"first_name": "", "last_name": "", "username": "ann"}) == "ann"
    row = users.by_id(tx, make(tx, "bare"))
    assert row is not None
    assert users.full_name(row) == "bare"


@pytest.mark.parametrize("name", ["a", "john.doe+x@campus-1_", "Zoë", "राम_कुमार", "李小龍", "a" * 150])
def test_these_are_usernames(tx: Transaction, name: str) -> None:
    assert users.by_id(tx, make(tx, name)) is not None


@pytest.mark.parametrize(
    "name", ["", "a b", "a\tb", "a\nb", "a\0b", "a/b", "<b>", "a\u202eb", "🎓", "\ud800", "a" * 151]
)
def test_these_are_not(tx: Transaction, name: str) -> None:
    assert list(refusal(tx, NewUser(name, college_id=1))) == ["username"]


@pytest.mark.parametrize(
    "email", ["plain", "@b.example", "a@", "a@b@c.example", "a b@c.example", "a@b..c", "a@b", "a\0@b.c"]
)
def test_these_are_not_addresses(tx: Transaction, email: str) -> None:
    assert list(refusal(tx, NewUser("ann", college_id=1, email=email))) == ["email"]


def test_every_reason_is_told_at_once(tx: Transaction) -> None:
    fields = refusal(tx, NewUser("a b", user_type="king", email="x", first_name="n" * 151, last_name="\0"))
    assert set(fields) == {"username", "user_type", "email", "first_name", "last_name"}
    assert users.page(tx, None, Asked()) == (0, [])


def test_only_a_global_role_has_no_college(tx: Transaction) -> None:
    assert refusal(tx, NewUser("ann")) == {"college": ["This field is required."]}
    assert list(refusal(tx, NewUser("ann", college_id=99))) == ["college"]
    boss = users.by_id(tx, make(tx, "boss", user_type="super_admin", college_id=None))
    assert boss is not None
    assert boss["college_name"] is None


def test_keys_begin_at_the_log_s_position_but_for_the_own_one(tx: Transaction) -> None:
    event = log.append(tx, "notification", {}, ["all"], NOW)
    user_id = make(tx, "ann", user_type="teacher")
    assert keys.held(tx, user_id) == {
        f"user:{user_id}": 0,
        "all": event.id,
        "college:1": event.id,
        "college:1/type:teacher": event.id,
    }
    boss = make(tx, "boss", user_type="central_manager", college_id=None)
    assert set(keys.held(tx, boss)) == {f"user:{boss}", "all", "global"}


def test_the_list_filters(tx: Transaction) -> None:
    north = second_college(tx)
    make(tx, "student", gender="female", is_verified=True)
    make(tx, "teacher", user_type="teacher", college_id=north)
    make(tx, "admin", user_type="college_admin", college_id=north)
    make(tx, "boss", user_type="super_admin", college_id=None)
    gone = make(tx, "gone")
    tx.execute("UPDATE users SET is_active = 0 WHERE id = ?", (gone,))
    assert set(listed(tx)) == {"student", "teacher", "admin", "boss"}
    assert listed(tx, is_active=False) == ["gone"]
    assert listed(tx, user_type="teacher") == ["teacher"]
    assert set(listed(tx, is_staff=True)) == {"admin", "boss"}
    assert set(listed(tx, is_staff=False)) == {"student", "teacher"}
    assert listed(tx, is_verified=True, gender="female") == ["student"]
    assert set(listed(tx, college=north)) == {"teacher", "admin"}
    assert listed(tx, pinned=1) == ["student"]
    assert listed(tx, pinned=1, college=north) == []
    assert listed(tx, search="TEACH") == ["teacher"]
    assert listed(tx, search="teach", user_type="student") == []


def test_the_list_is_searched_in_five_fields(tx: Transaction) -> None:
    make(tx, "u1", first_name="Jürgen", last_name="Groß", email="mail@one.example", phone="+49 555")
    make(tx, "u2")
    for words in ("u1", "JÜRGEN", "gross", "one.example", "+49", "groß mail"):
        assert listed(tx, search=words) == ["u1"], words
    assert listed(tx, search="jürgen u2") == []


def test_the_list_is_ordered(tx: Transaction) -> None:
    make(tx, "b", NOW, email="3@x.example")
    make(tx, "A", LATER, email="1@x.example")
    last = make(tx, "c", NOW, email="2@x.example")
    users.set_last_login(tx, last, LATER)
    assert listed(tx) == ["A", "c", "b"]
    assert listed(tx, ("date_joined",)) == ["b", "c", "A"]
    assert listed(tx, ("username",)) == ["A", "b", "c"]
    assert listed(tx, ("-username",)) == ["c", "b", "A"]
    assert listed(tx, ("-email",)) == ["b", "c", "A"]
    assert listed(tx, ("-last_login", "username")) == ["c", "A", "b"]
    assert listed(tx, ("password_hash", "id; DROP TABLE users", "--", "email")) == ["A", "c", "b"]
    assert listed(tx, ("nonsense",)) == listed(tx)


def test_pages_are_cut_without_overlap(tx: Transaction) -> None:
    for number in range(5):
        make(tx, f"user{number}")
    pages = [users.page(tx, None, Asked(limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
    assert [count for count, _ in pages] == [5] * 4
    assert [row["username"] for _, rows in pages for row in rows] == [f"user{number}" for number in (4, 3, 2, 1, 0)]


def oneself(user_id: int) -> Asker:
    return Asker(user_id, "student", 1, 1, AT_LATER)


def test_a_changed_profile_is_stored_told_and_searchable(tx: Transaction) -> None:
    user_id = make(tx, "before", first_name="Ann")
    row = accounts.update_profile(
        tx, oneself(user_id), {"username": "after", "last_name": "Lee", "user_type": "super_admin"}
    )
    assert (row["username"], row["first_name"], row["last_name"], row["user_type"], row["updated_at"]) == (
        "after", "Ann", "Lee", "student", LATER,
    )  # fmt: skip
    changed, told = tx.outcome
    assert changed == UserChanged(user_id)
    assert isinstance(told, Event)
    assert (told.event, told.keys) == ("user_updated", (f"user:{user_id}",))
    named = {"id": user_id, "username": "after", "full_name": "Ann Lee", "avatar": None}
    assert json.loads(told.data) == named
    assert (listed(tx, search="before"), listed(tx, search="after lee ann")) == ([], ["after"])


def test_a_refused_profile_changes_nothing(tx: Transaction) -> None:
    make(tx, "taken")
    user_id = make(tx, "own")
    with pytest.raises(Invalid) as caught:
        accounts.update_profile(tx, oneself(user_id), {"first_name": "New", "username": "TAKEN", "email": "nope"})
    assert caught.value.fields == {
        "username": ["A user with that username already exists."],
        "email": ["Enter a valid email address."],
    }
    assert tx.outcome == []
    assert accounts.update_profile(tx, oneself(user_id), {"username": "OWN"})["first_name"] == ""
    with pytest.raises(NotFound):
        accounts.update_profile(tx, oneself(99), {})


def test_what_is_noted_of_a_user(tx: Transaction) -> None:
    user_id = make(tx, "ann")
    users.set_password(tx, user_id, "v1$hash", LATER)
    users.set_last_login(tx, user_id, NOW)
    users.set_last_seen(tx, [(user_id, LATER), (99, LATER)])
    row = users.by_id(tx, user_id)
    assert row is not None
    assert [row[name] for name in ("password_hash", "last_login", "last_seen")] == ["v1$hash", NOW, LATER]


def test_roles_have_labels_and_rights() -> None:
    assert roles.ROLES["college_admin"] == "College Admin"
    assert len(roles.ROLES) == 8
    assert [role for role in roles.ROLES if roles.is_staff(role)] == ["super_admin", "central_manager", "college_admin"]
    assert [role for role in roles.ROLES if roles.is_superuser(role)] == ["super_admin"]


def test_a_college_is_chosen_by_code_or_for_want_of_another(tx: Transaction) -> None:
    assert colleges.choose(tx, "", "student") == colleges.choose(tx, "campus", "student") == 1
    assert colleges.choose(tx, "", "super_admin") == 1
    with pytest.raises(Invalid, match="NOPE"):
        colleges.choose(tx, "NOPE", "student")
    north = second_college(tx)
    assert colleges.choose(tx, "north", "student") == north
    assert colleges.choose(tx, "", "super_admin") is None
    with pytest.raises(Invalid, match="CAMPUS, NORTH"):
        colleges.choose(tx, "", "student")
    assert colleges.only(tx) is None
    tx.execute("UPDATE colleges SET is_active = 0 WHERE id = 1")
    assert colleges.choose(tx, "", "student") == north
    with pytest.raises(Invalid):
        colleges.choose(tx, "campus", "student")


def test_accessible_colleges_follow_the_role(tx: Transaction) -> None:
    north = second_college(tx)
    assert [row["code"] for row in colleges.accessible(tx, "super_admin", None)] == ["CAMPUS", "NORTH"]
    assert [tuple(row) for row in colleges.accessible(tx, "college_admin", north)] == [(north, "NORTH", "North", "N")]
    found = colleges.by_id(tx, north)
    assert found is not None
    assert found["short_name"] == "N"
