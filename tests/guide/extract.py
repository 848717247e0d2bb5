"""A Markdown text into its fenced blocks and the lines around them, each with the headings that it stands under.

It knows nothing of what the blocks are for.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

# What a fence may call JavaScript. The others are here so that a block under another name is not missed silently.
JAVASCRIPT = frozenset({"javascript", "js", "jsx", "mjs"})

_FENCE = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})\s*(?P<language>[^\s`{]*)[^`]*$")
_HEADING = re.compile(r"^ {0,3}(?P<level>#{1,6})\s+(?P<title>.*?)\s*#*$")


class Malformed(Exception):
    """The text is not what this can read; the message says where."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `number` counts from 1 among the blocks of its language, `line` from 1 in the text."""

    number: int
    language: str
    heading: str
    line: int
    text: str

    @property
    def digest(self) -> str:
        """The first 12 hex digits of the text's SHA-256."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Line:
    """One line outside of the fences."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Guide:
    """`blocks` and `lines` in the order of the text."""

    blocks: list[Block]
    lines: list[Line]

    @property
    def javascript(self) -> list[Block]:
        """The blocks to run."""
        return [block for block in self.blocks if block.language == "javascript"]

    def under(self, heading: str, language: str) -> list[Block]:
        """The blocks of that language right under this heading."""
        return [block for block in self.blocks if (block.heading, block.language) == (heading, language)]


def cut(text: str) -> Guide:
    """Read a Markdown text. A heading is the path of titles below the first level: `Quick Start > 2. Connection`.

    Raises Malformed for a fence without an end.
    """
    guide = Guide([], [])
    titles: list[str] = []
    counts: dict[str, int] = {}
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        heading = " > ".join(title for title in titles[1:] if title)
        if fence := _FENCE.match(lines[at]):
            end = _end_of_fence(lines, at, fence["marks"])
            language = fence["language"].lower()
            language = "javascript" if language in JAVASCRIPT else language
            counts[language] = counts.get(language, 0) + 1
            body = "\n".join(lines[at + 1 : end])
            guide.blocks.append(Block(counts[language], language, heading, at + 1, body))
            at = end
        elif title := _HEADING.match(lines[at]):
            level = len(title["level"])
            titles = [*titles[: level - 1], *[""] * (level - 1 - len(titles)), title["title"]]
        else:
            guide.lines.append(Line(heading, lines[at]))
        at += 1
    return guide


def _end_of_fence(lines: list[str], start: int, marks: str) -> int:
    """The index of the line that closes it: the same mark, at least as many, and nothing after."""
    for at in range(start + 1, len(lines)):
        word = lines[at].strip()
        if len(word) >= len(marks) and set(word) == {marks[0]}:
            return at
    raise Malformed(f"line {start + 1}: the fence that begins here has no end")
