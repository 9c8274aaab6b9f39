"""`entact serve`: read-only pages on the loopback address."""

from __future__ import annotations

import os

from rich.console import Console

from entact import store


def serve_pages(database: str, host: str, port: int, role: str) -> None:
    """Serves the pages of a database until interrupted."""
    os.environ["ENTACT_DATABASE"] = database
    store.setup(database=database)
    from entact.conduct.serve import serve

    Console(highlight=False).print(f"open  http://{host}:{port}   (as {role}; Ctrl-C ends it)")
    serve(host, port, role)
