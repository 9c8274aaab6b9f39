"""The files of the console, served as they lie, and the list by which a device keeps all or none of them."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

CONSOLE: Final = Path(__file__).parent / "console"
TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PAGE, WORKER = "index.html", "worker.js"


@lru_cache(maxsize=1)
def console_files() -> dict[str, bytes]:
    """The files of the console by name, the worker apart."""
    files = sorted(CONSOLE.iterdir())
    return {one.name: one.read_bytes() for one in files if one.suffix in TYPES and one.name != WORKER}


@lru_cache(maxsize=1)
def worker() -> bytes:
    """The service worker, with the list of files and the digest of each: another file is another worker."""
    listed = {name: sha256(content).hexdigest()[:16] for name, content in console_files().items()}
    version = sha256(json.dumps(listed).encode()).hexdigest()[:16]
    said = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(listed)};\n"
    return said.encode() + (CONSOLE / WORKER).read_bytes()
