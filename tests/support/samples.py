"""Samples: small files of many kinds, made here, and where a server keeps what it was given."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

from tests.support.server import ServerProcess


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    + _chunk(b"IEND", b"")
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x00;"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\0" * 24
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\0" * 64
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n"
HTML = b"<!DOCTYPE html><html><script>alert(document.domain)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XML = b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>'
UTF16 = "\ufeff<script>alert(1)</script>".encode("utf-16-le")
SCRIPT = b"alert(1)"
BMP = b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00" + b"\0" * 40


def zeros_in_a_zip(megabytes: int = 50) -> bytes:
    """An archive that is a thousandth of what is in it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("zeros", b"\0" * (megabytes << 20))
    return archive.getvalue()


def stored_files(server: ServerProcess) -> list[Path]:
    """Every file of the server's, those on their way in included."""
    return sorted(path for path in (server.data_dir / "files").rglob("*") if path.is_file())
