"""The files of the console, served as they lie but for comments; a device keeps all or none of them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import sha256
from typing import Final

from entact.conduct.language.choice import RECORDED, TITLES
from entact.conduct.language.codes import OF_CONSOLE
from entact.conduct.language.scripts import OF_CONSOLE as CONSOLE
from entact.conduct.language.scripts import translated

TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PAGE, WORKER, WORDS = "index.html", "worker.js", "words.json"


@lru_cache(maxsize=1)
def console_files() -> dict[str, bytes]:
    """The files of the console by name, the worker apart; comments and types stay here."""
    files = sorted(one for one in CONSOLE.iterdir() if one.suffix in TYPES and one.name != WORKER)
    said = {tag: translated(CONSOLE, tag, OF_CONSOLE) for tag in sorted(TITLES) if tag != RECORDED}
    return {
        one.name: _shortened(one.read_bytes()) if one.suffix == ".js" else one.read_bytes() for one in files
    } | {WORDS: json.dumps(said, ensure_ascii=False).encode()}


# A line that begins as a comment does is one: no text of the console runs over a line and begins so, and none
# holds the sign by which a type begins.
_COMMENT: Final = re.compile(rb"^[ \t]*(//[^\n]*|/\*\*(?:(?!\*/).)*\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
_INDENT: Final = re.compile(rb"^[ \t]+", re.MULTILINE)  # of code: no text of the console runs over a line
_TYPE: Final = re.compile(rb"/\*\* @type (?:(?!\*/)[^\n])*\*/ ?")
_BEHIND: Final = re.compile(rb" // [^\n]*")  # code: no text of the console has two strokes between spaces


def _shortened(script: bytes) -> bytes:
    """A script without its comments, types and indents, each line where it was."""
    plain = _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), script)
    return _INDENT.sub(b"", _TYPE.sub(b"", _BEHIND.sub(b"", plain)))


@lru_cache(maxsize=1)
def worker() -> bytes:
    """The service worker, with the list of files and the digest of each: another file is another worker."""
    listed = {name: sha256(content).hexdigest()[:16] for name, content in console_files().items()}
    version = sha256(json.dumps(listed).encode()).hexdigest()[:16]
    said = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(listed)};\n"
    return said.encode() + (CONSOLE / WORKER).read_bytes()
