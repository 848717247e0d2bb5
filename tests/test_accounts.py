"""`accounts/users/`: the list with its filters, search and ordering, oneself, one user; who sees which college."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.campus import User, create_tokens
from tests.support.refusal import check_refusal
from tests.support.shapes import USER, USER_ITEM, check_shape
from tests.support.shared import CHATS, ORIGIN, PEOPLE, Shared, running
from tests.support.sse import Stream

USERS = "accounts/users/"
CAMPUS = {name for name, (_, college) in PEOPLE.items() if college == "CAMPUS"} - {"gone"}
EAST = {name for name, (_, college) in PEOPLE.items() if college == "EAST"}
GLOBAL = {name for name, (_, college) in PEOPLE.items() if not college}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("accounts")) as found:
        yield found


@pytest.fixture(scope="module")
def searched(shared: Shared) -> Shared:
    """With people who differ in what lists filter, search and order by; they are in the second college."""
    columns: dict[str, dict[str, object]] = {
        "weaver": {"gender": "male", "is_verified": 1},
        "norse": {"gender": "female", "phone": "+44 20 7946 0958"},
        "zoe": {"last_login": "2026-01-01T00:00:00.000000Z"},
    }
    full_names = {"weaver": ("Jürgen", "Weiß"), "norse": ("ÞÓRR", "Éowyn"), "zoe": ("小明", "Иван")}
    shared.add({"weaver": ("staff", "EAST"), "norse": ("parent", "EAST"), "zoe": ("parent", "EAST")})
    for user in create_tokens(shared.server, list(columns)):
        for name, value in columns[user.username].items():
            shared.sql(f"UPDATE users SET {name} = ? WHERE id = ?", (value, user.id))
        first, last = full_names[user.username]
        with shared.api(user) as client:
            assert client.patch("auth/user/", json={"first_name": first, "last_name": last}).status_code == 200
    return shared


def names(shared: Shared, user: User | str, headers: dict[str, str] | None = None, **query: object) -> list[str]:
    """The usernames of the list, in its order."""
    parameters = {"page_size": "100"} | {name: str(value) for name, value in query.items()}
    with shared.api(user) as client:
        answer = client.get(USERS, params=parameters, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["username"] for item in answer.json()["results"]]


def test_the_fields_of_an_item_and_of_a_user(shared: Shared) -> None:
    with shared.api("ann") as client:
        for item in client.get(USERS).json()["results"]:
            check_shape(item, USER_ITEM)
        tara = client.get(f"{USERS}{shared['tara'].id}/").json()
        check_shape(tara, USER)
        assert (tara["full_name"], tara["user_type"], tara["user_type_display"]) == ("Tara", "teacher", "Teacher")
        assert (tara["college"], tara["college_name"], tara["email"]) == (1, "Campus", "tara@campus.example")
        assert (tara["is_staff"], tara["is_superuser"], tara["is_active"], tara["is_verified"]) == (
            False,
            False,
            True,
            False,
        )
        me = client.get(USERS + "me/").json()
        check_shape(me, USER)
        assert me == client.get(f"{USERS}{shared['ann'].id}/").json()


def test_is_online_is_live(shared: Shared) -> None:
    with shared.api("ann") as client, Stream(shared.server, shared["stan"]) as stream:
        stream.wait_for("connected")
        stream.wait_for("presence_snapshot")
        online = {item["username"] for item in client.get(USERS).json()["results"] if item["is_online"]}
        assert online == {"stan"}
        assert client.get(f"{USERS}{shared['stan'].id}/").json()["is_online"] is True
        assert client.get(CHATS + "online-users/").json() == {"online_users": [shared["stan"].id]}


def test_full_name_falls_back_to_the_username(shared: Shared) -> None:
    with shared.api("cy") as client:
        for first, last, shown in (("", "", "cy"), ("A", "", "A"), ("", "B", "B"), ("A", "B", "A B")):
            client.patch("auth/user/", json={"first_name": first, "last_name": last})
            assert client.get(USERS + "me/").json()["full_name"] == shown
        client.patch("auth/user/", json={"first_name": "Cy", "last_name": ""})


def test_the_roles_that_administer(shared: Shared) -> None:
    with shared.api("boss") as client:
        found = {
            item["username"]: client.get(f"{USERS}{item['id']}/").json() for item in client.get(USERS).json()["results"]
        }
    staff = {name for name, user in found.items() if user["is_staff"]}
    assert staff >= {"boss", "manager", "dean", "east_dean"}
    assert not staff & {"tara", "stan", "stella", "ann", "pat"}
    assert {name for name, user in found.items() if user["is_superuser"]} == {"boss"}
    shown = {user["user_type"]: user["user_type_display"] for user in found.values()}
    assert shown["central_manager"] == "Central Manager"
    assert shown["college_admin"] == "College Admin"


# Colleges


@pytest.mark.parametrize("username", ["ann", "tara", "dean"])
@pytest.mark.parametrize("college", [None, "all", "1", "{east}", "999999", ""])
def test_a_user_sees_the_own_college_whatever_the_header_says(
    shared: Shared, username: str, college: str | None
) -> None:
    for name in ("X-College-ID", "X-Tenant-ID"):
        headers = {} if college is None else {name: college.format(east=shared.east)}
        assert set(names(shared, username, headers)) == CAMPUS
        with shared.api(username) as client:
            assert client.get(f"{USERS}{shared['ann'].id}/", headers=headers).status_code == 200
            for foreign in ("east_ann", "boss"):
                foreign_user = client.get(f"{USERS}{shared[foreign].id}/", headers=headers | {"Origin": ORIGIN})
                assert check_refusal(foreign_user, 404) == {"detail": "Not found."}
            assert client.get(USERS + "me/", headers=headers).status_code == 200


@pytest.mark.parametrize("username", ["boss", "manager"])
def test_a_global_role_filters_by_the_header(searched: Shared, username: str) -> None:
    shared, east = searched, EAST | {"weaver", "norse", "zoe"}
    everybody = CAMPUS | east | GLOBAL
    for name in ("X-College-ID", "X-Tenant-ID"):
        assert set(names(shared, username, {name: str(shared.east)})) == east
        assert set(names(shared, username, {name: "1"})) == CAMPUS
        for value in ("all", "ALL", ""):
            assert set(names(shared, username, {name: value})) == everybody
        assert names(shared, username, {name: "999999"}) == []
        with shared.api(username) as client:
            foreign = client.get(f"{USERS}{shared['ann'].id}/", headers={name: str(shared.east)})
            assert foreign.status_code == 404
            assert client.get(f"{USERS}{shared['east_ann'].id}/", headers={name: str(shared.east)}).status_code == 200
            assert client.get(f"{USERS}{shared[username].id}/", headers={name: str(shared.east)}).status_code == 200
    assert set(names(shared, username, {"X-College-ID": "1", "X-Tenant-ID": str(shared.east)})) == CAMPUS


def test_login_and_chats_take_no_notice_of_the_college(shared: Shared) -> None:
    for value in ("all", "999999", "nonsense", "-1"):
        headers = {"X-College-ID": value}
        with shared.api("ann") as client:
            body = {"receiver_id": shared["east_ann"].id, "message": "across"}
            assert client.post(CHATS, json=body, headers=headers).status_code == 201
            assert client.get(f"{CHATS}conversation/{shared['east_ann'].id}/", headers=headers).status_code == 200
            assert client.get(CHATS + "conversations/", headers=headers).json()
            assert client.post("auth/logout/", headers=headers | {"Authorization": ""}).status_code == 200
            login = client.post("auth/login/", json={"username": "x", "password": "y"}, headers=headers)
            assert login.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}


# Filters, search, ordering


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"user_type": "student"}, {"ann", "bob", "cy", "east_ann"}),
        ({"user_type": "king_less"}, None),
        ({"is_active": "true", "user_type": "student"}, {"ann", "bob", "cy", "east_ann"}),
        ({"is_active": "false"}, {"gone"}),
        ({"is_verified": "true"}, {"weaver"}),
        ({"is_verified": "false", "user_type": "staff"}, {"stan"}),
        ({"is_staff": "true"}, {"boss", "manager", "dean", "east_dean"}),
        ({"is_staff": "false", "user_type": "college_admin"}, set()),
        ({"college": "{east}", "user_type": "student"}, {"east_ann"}),
        ({"college": "999999"}, set()),
        ({"gender": "female"}, {"norse"}),
        ({"gender": "male", "is_verified": "true", "user_type": "staff", "college": "{east}"}, {"weaver"}),
        ({"gender": "mal"}, set()),
    ],
)
def test_filters(searched: Shared, query: dict[str, str], expected: set[str] | None) -> None:
    query = {name: value.format(east=searched.east) for name, value in query.items()}
    if expected is None:
        with searched.api("boss") as client:
            refused = client.get(USERS, params=query, headers={"Origin": ORIGIN})
            assert check_refusal(refused, 400) == {"user_type": ['"king_less" is not one of the available choices.']}
        return
    assert set(names(searched, "boss", **query)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WEAVER", {"weaver"}),
        ("WEISS", {"weaver"}),
        ("weiß", {"weaver"}),
        ("JÜRGEN", {"weaver"}),
        ("ju\u0308rgen", {"weaver"}),
        ("þórr", {"norse"}),
        ("éOWYN", {"norse"}),
        ("7946", {"norse"}),
        ("+44 0958", {"norse"}),
        ("ИВАН", {"zoe"}),
        ("小明", {"zoe"}),
        ("明", {"zoe"}),
        ("иван zoe", {"zoe"}),
        ("zoe  \t иван \n", {"zoe"}),
        ("zoe norse", set()),
        ("jürgenweiß", set()),
        ("norse@campus", {"norse"}),
        ("east", EAST),
        ('"', set()),
        ("*", set()),
        ("NOT zoe", set()),
        ("zoe*", set()),
        ("%", set()),
        ("'; --", set()),
        ("(zoe", set()),
        ("text:zoe", set()),
        (" ".join(["zo"] * 60), {"zoe"}),
    ],
)
def test_search(searched: Shared, text: str, expected: set[str]) -> None:
    assert set(names(searched, "boss", search=text)) == expected


def test_search_keeps_to_the_own_college(searched: Shared) -> None:
    assert names(searched, "ann", search="zoe") == []
    assert names(searched, "east_ann", search="zoe") == ["zoe"]


def test_what_is_changed_is_found_as_it_is_now(shared: Shared) -> None:
    with shared.api("pat") as client:
        client.patch("auth/user/", json={"first_name": "Ξενοφῶν"})
        assert names(shared, "ann", search="ΞΕΝΟΦΩΝ".replace("Ω", "Ω͂")) == ["pat"]
        client.patch("auth/user/", json={"first_name": "Pat"})
        assert names(shared, "ann", search="ξενοφῶν") == []


@pytest.mark.parametrize(
    ("ordering", "key", "reverse"),
    [
        ("username", "username", False),
        ("-username", "username", True),
        ("email", "email", False),
        ("-email", "email", True),
        ("nothing,username", "username", False),
        ("password_hash,-username", "username", True),
    ],
)
def test_ordering(shared: Shared, ordering: str, key: str, reverse: bool) -> None:
    with shared.api("ann") as client:
        found = client.get(USERS, params={"ordering": ordering}).json()["results"]
    values = [item[key] for item in found]
    assert values == sorted(values, reverse=reverse)
    assert len(values) == len(CAMPUS)


def test_ordering_by_several_and_by_dates(searched: Shared) -> None:
    def items(ordering: str) -> list[dict[str, Any]]:
        with searched.api("boss") as client:
            results = client.get(USERS, params={"ordering": ordering, "page_size": "100"}).json()["results"]
            return [client.get(f"{USERS}{item['id']}/").json() for item in results]

    joined = [(item["date_joined"], item["id"]) for item in items("")]
    assert joined == sorted(joined, reverse=True)  # the newest first
    assert [(item["date_joined"], item["id"]) for item in items("date_joined")] == joined[::-1]
    assert items("-last_login")[0]["username"] == "zoe"  # the only one who ever logged in
    assert items("last_login")[-1]["username"] == "zoe"
    both = [(item["date_joined"], item["username"]) for item in items("date_joined,-username")]
    assert both == sorted(sorted(both, key=lambda pair: pair[1], reverse=True), key=lambda pair: pair[0])


def test_a_command_beside_the_server_is_seen(shared: Shared) -> None:
    shared.server.command("create-user", "latecomer", "--college", "CAMPUS", "--first-name", "Late")
    assert names(shared, "ann", search="late") == ["latecomer"]
