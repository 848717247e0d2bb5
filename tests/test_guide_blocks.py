"""What `make guide` reads of a guide: its blocks, the payloads it promises, and the list of blocks that must fit it."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from tests.guide.acts import connecting
from tests.guide.blocks import ENTRIES, Excepted, Run, match
from tests.guide.extract import Block, Malformed, cut
from tests.guide.payloads import promised
from tests.guide.report import Result, last_line, table
from tests.guide.stage import is_free

SAMPLE = """# A guide

```text
# not a heading
```

## Beginning

### 1. First

```javascript
const a = `
## not a heading either
`;
```

    ```javascript

- text

## Events

### 1. Score

**Event Type:** `score`

```json
{"id": 1, "name": "x", "ratio": 0.5, "extra": {"is_last": true}}
```

- `id` (integer): Which one
- `name` (string|null): Its name
- `ratio` (number): Unix timestamp in seconds
- `extra` (object): More of it
- `at` (string): ISO 8601 timestamp

~~~~jsx
second();
~~~
~~~~
"""

FINE = {"id": 7, "name": None, "ratio": 1000, "extra": {"is_last": False}, "at": "2026-01-09T10:30:00Z"}


def test_a_block_has_its_number_its_headings_and_its_exact_text() -> None:
    first, second = cut(SAMPLE).javascript
    assert (first.number, first.heading) == (1, "Beginning > 1. First")
    assert first.text == "const a = `\n## not a heading either\n`;"
    assert SAMPLE.splitlines()[first.line - 1] == "```javascript"
    assert (second.number, second.heading, second.text) == (2, "Events > 1. Score", "second();\n~~~")


def test_a_fence_without_an_end_is_an_error_that_names_its_line() -> None:
    with pytest.raises(Malformed, match="line 3"):
        cut("# A\n\n```javascript\nfoo();\n")


def test_a_payload_has_the_types_of_its_list_and_of_its_example() -> None:
    score = promised(cut(SAMPLE))["score"]
    assert score.faults(FINE, now_s=1010.0) == []
    assert score.size == 6


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("id", "7", "integer"),
        ("id", True, "integer"),
        ("id", 7.5, "integer"),
        ("id", None, "integer"),
        ("name", 7, "null|string"),
        ("ratio", 2000, "not about"),
        ("extra", {}, "no field is_last"),
        ("extra", {"is_last": 1}, "boolean"),
        ("extra", [], "object"),
        ("at", "yesterday", "ISO 8601"),
    ],
)
def test_a_payload_of_another_kind_is_a_fault(name: str, value: object, word: str) -> None:
    faults = promised(cut(SAMPLE))["score"].faults(FINE | {name: value}, now_s=1010.0)
    assert len(faults) == 1
    assert word in faults[0]


def test_a_missing_field_is_a_fault() -> None:
    data = {name: value for name, value in FINE.items() if name != "name"}
    assert promised(cut(SAMPLE))["score"].faults(data, now_s=1010.0) == ["score: no field name"]


def test_an_example_with_a_field_that_the_list_lacks_is_an_error() -> None:
    with pytest.raises(Malformed, match="Score"):
        promised(cut(SAMPLE.replace("- `id` (integer): Which one\n", "")))


def test_every_block_has_to_be_listed_and_every_listed_one_to_be_there() -> None:
    first, second = cut(SAMPLE).javascript
    run = Run(first.heading, first.digest, connecting.close)
    excepted = Excepted(second.heading, second.digest, "ReferenceError", "calls what is nowhere")
    assert match([first, second], [excepted, run]) == ([(first, run), (second, excepted)], [])

    found, faults = match([first, second], [run])
    assert found == [(first, run)]
    assert len(faults) == 1
    assert "neither listed nor an exception" in faults[0]
    assert second.digest in faults[0]

    changed = replace(first, text=first.text + "\n")
    _, faults = match([changed, second], [run, excepted])
    assert len(faults) == 2
    assert changed.digest in faults[0]
    assert "not in the guide" in faults[1]
    assert first.digest in faults[1]


def test_two_equal_blocks_need_two_entries() -> None:
    block = Block(1, "javascript", "A", 1, "foo();")
    run = Run("A", block.digest, connecting.close)
    assert len(match([block, replace(block, number=2)], [run])[1]) == 1


def test_the_list_has_no_entry_twice_and_a_reason_for_each_exception() -> None:
    keys = [(entry.heading, entry.digest) for entry in ENTRIES]
    assert len(set(keys)) == len(keys)
    acts = [entry.act for entry in ENTRIES if isinstance(entry, Run)]
    assert len(set(acts)) == len(acts), "an act looks up the text of another one's block"
    assert all(entry.reason and entry.error for entry in ENTRIES if isinstance(entry, Excepted))


def test_the_counts_are_of_what_ran() -> None:
    results = [
        Result(1, "A", False, "0.1 s"),
        Result(2, "B", True, "needs a build step"),
        Result(3, "C", False, "0.1 s", "no call of foo()"),
    ]
    lines = table(results).splitlines()
    assert lines[-1] == "2 ran, 1 excepted"
    assert "needs a build step" in lines[1]
    assert "no call of foo()" in lines[2]
    assert last_line(results) == "1 passed, 1 failed"
    assert last_line(results, 1) == "1 passed, 2 failed"


def test_a_port_on_which_something_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
