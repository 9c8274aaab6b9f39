"""`entact verify`, `entact where`, `entact stop`: the record as a whole."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from rich.console import Console

from entact import store
from entact.store import postgres, server


def verify_record(database: str) -> dict[str, Any]:
    """Checks every chain of a database."""
    store.setup(database=database)
    result = store.verify()
    return {
        "ledgers": result.ledgers,
        "entries": result.entries,
        "breaks": [msgspec.to_builtins(one) for one in result.breaks],
    }


def print_verification(result: dict[str, Any]) -> None:
    """The result in words; broken chains first."""
    console = Console(highlight=False)
    for one in result["breaks"]:
        console.print(
            f"[bold red]broken[/] {one['ledger']}, entry {one['seq']}: {one['problem']}", soft_wrap=True
        )
    if not result["breaks"]:
        console.print(f"[green]{result['ledgers']} chains with {result['entries']} entries hold[/]")


def describe_record(database: str) -> dict[str, Any]:
    """Where a database lies and how much it holds."""
    store.setup(database=database)
    place = dataclasses.asdict(store.describe())
    return {name: str(value) if name == "folder" and value else value for name, value in place.items()}


def print_place(place: dict[str, Any]) -> None:
    """The place in words."""
    console = Console(highlight=False)
    console.print(f"[bold]{place['study']}[/] · {place['environment']}")
    console.print(f"{place['entries']} entries in {place['ledgers']} ledgers")
    console.print(
        f"database {place['database']} (PostgreSQL {place['version']}) at {place['address']}", soft_wrap=True
    )
    if place["folder"]:
        console.print(f"in the folder {place['folder']}", soft_wrap=True)


def stop_database() -> None:
    """Stops the embedded server, if it runs."""
    stopped = postgres.stop(server.embedded_folder())
    Console().print("stopped" if stopped else "no embedded database was running")
