"""The database's file has a size: past it nothing is stored, everything is readable, and room can be made."""

from __future__ import annotations

from pathlib import Path

from tests.support.shared import CHATS, DATABASE, ORIGIN, running


def test_a_database_has_a_size(tmp_path: Path) -> None:
    """Past it nothing is stored and everything is readable: 503, as on a full disk."""
    with running(tmp_path, max_database_bytes=1 << 20) as shared:
        shared.server.expect_errors = True
        with shared.api("ann") as ann, shared.api("bob") as bob:
            ann.headers["Origin"] = ORIGIN
            for number in range(1000):
                answer = ann.post(CHATS, json={"receiver_id": shared["bob"].id, "message": f"{number} " + "x" * 9000})
                if answer.status_code != 201:
                    break
            assert (answer.status_code, list(answer.json())) == (503, ["detail"])
            assert int(answer.headers["retry-after"]) > 0
            found = bob.get(f"{CHATS}conversation/{shared['ann'].id}/").json()["messages"]
            assert found[0]["message"].startswith(f"{number - 1} ")
            size_bytes = (shared.server.data_dir / DATABASE).stat().st_size
            assert size_bytes <= 1 << 20
            assert ann.delete(f"{CHATS}{found[0]['id']}/").status_code == 204, "room can be made"
