"""data/filenames.py: names that browsers send, made safe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.filenames import MOST_BYTES, clean


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\x.dll", "x.dll"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\ann\\photo.png", "photo.png"),
        ("../a.zip", "a.zip"),
        ("..", "file"),
        (".", "file"),
        ("...", "file"),
        ("", "file"),
        ("   ", "file"),
        ("/", "file"),
        ("a/", "file"),
        (".bashrc", "bashrc"),
        ("a.png.", "a.png"),
        ("a.png ", "a.png"),
        ("a\0.png", "a.png"),
        ("a\r\nSet-Cookie: x.png", "a Set-Cookie_ x.png"),
        ("a\tb.png", "a b.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("in\u200bvisible\ufeff.txt", "invisible.txt"),
        ("a\u2028b.txt", "a b.txt"),
        ('a"b<c>d|e?f*g:h.txt', "a_b_c_d_e_f_g_h.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.txt", "console.txt"),
        ("re\u0301sume\u0301.pdf", "r\xe9sum\xe9.pdf"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940.pdf", "\u0939\u093f\u0928\u094d\u0926\u0940.pdf"),
        ("\u0915\u094d\u200d\u0937.txt", "\u0915\u094d\u200d\u0937.txt"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467.png", "\U0001f468\u200d\U0001f469\u200d\U0001f467.png"),
        ("\ud800.txt", "txt"),
        ("a" * 300 + ".png", "a" * (MOST_BYTES - 4) + ".png"),
        ("\U0001f600" * 300, "\U0001f600" * (MOST_BYTES // 4)),
        ("x." + "y" * 300, "x." + "y" * (MOST_BYTES - 2)),
    ],
)  # fmt: skip
def test_a_name_is_made_safe(sent: str, stored: str) -> None:
    assert clean(sent) == stored


@given(st.text(max_size=400) | st.text(alphabet="./\\ :\u202e\u200d\0ac", max_size=30))
def test_any_name_is_safe(sent: str) -> None:
    name = clean(sent)
    assert name
    assert len(name.encode()) <= MOST_BYTES + 1
    assert not set(name) & set('/\\<>:"|?*')
    assert name not in (".", "..")
    assert name == name.strip(" .")
    assert all(unicodedata.category(c)[0] != "C" or c in "\u200c\u200d" for c in name)
    assert clean(name) == name
