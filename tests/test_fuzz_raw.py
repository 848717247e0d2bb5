"""Raw fuzzing in short: 2,000 inputs of each kind, the same every time, with a well-behaved pair beside them.

`python -m tests.fuzz.raw --inputs 200000` is the long form, with other inputs for another seed.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.raw.ground import Ground
from tests.fuzz.raw.kinds import KINDS
from tests.fuzz.raw.run import Run
from tests.fuzz.raw.sender import made
from tests.support.server import ServerFactory
from tests.support.shared import raw

INPUTS = 2000
GROUND = Ground(
    host=b"127.0.0.1:8000",
    tokens={name: b"0" * 40 for name in ("ann", "tara", "dean", "boss")},
    ann=1,
    bob=2,
    message=1,
    file_path=b"/files/" + b"0" * 40 + b"/dot.png",
    etag=b'"x"',
    modified=b"Fri, 09 Jan 2026 10:30:00 GMT",
    positions=[0, 1],
)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_comes_is_answered_or_refused_and_nobody_else_notices(tmp_path: Path, kind: str) -> None:
    run = Run(kind, 1, INPUTS, found=tmp_path / "found", told=print, connections=96 if kind == "http" else 16)
    result = run.run(tmp_path, limits="off")
    print(result.row())
    assert result.problems() == []
    assert result.inputs == INPUTS
    if kind != "http":
        assert "nothing" not in result.answers, "what is framed as HTTP wants it is answered, or the connection ends"


@pytest.mark.parametrize("after", [b"\x0c", b"\x01", b"\x7f\x00"])
def test_what_is_no_http_leaves_no_line_and_no_token_in_the_log(server_factory: ServerFactory, after: bytes) -> None:
    """Tornado tells of each, with the header that was wrong; and anybody may send as many as he likes."""
    server = server_factory(log_level="debug")
    token = b"0123456789abcdef" * 2 + b"012345"
    for line in (b"Authorization: Token " + token + after, b"Authorization" + after + b": Token " + token):
        answer = raw(server, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + line + b"\r\n\r\n")
        assert (answer.status, answer.body) == (400, b"")
    form = b"--x\r\nContent-Disposition: form-data\r\n\r\n" + token + b"--y--\r\n"
    head = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    assert raw(server, head + b"Content-Length: %d\r\n\r\n" % len(form) + form).status == 400
    assert token.decode() not in server.log()
    assert "Malformed" not in server.log()


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_is_a_function_of_seed_and_number(kind: str) -> None:
    again = [made(kind, 1, number, GROUND) for number in range(50)]
    assert again == [made(kind, 1, number, GROUND) for number in range(50)]
    assert again != [made(kind, 2, number, GROUND) for number in range(50)]
    assert len({b"".join(one.pieces) for one in again}) > 45
    assert all(
        one.pieces == KINDS[kind](Random(f"{kind} 1 {number}"), GROUND).pieces for number, one in enumerate(again)
    )
