"""`entact verify`, `entact where`, `entact stop`: the record as a whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from entact import store
from entact.cli.anchor import read_against
from entact.cli.database import open_record
from entact.course.kinds.periodic import late_periodic_reports
from entact.store import postgres, server


def verify_record(
    database: str, against: Sequence[Path] = (), roots: Path | None = None, *, deep: bool = False
) -> dict[str, Any]:
    """Checks every chain of a database and what holds it up, and holds it against anchors in files.

    Args:
        against: files with anchors. roots: certificates of time-stamping authorities. deep: compares the rows
            for lists of everybody, opens every identity, and looks of which stratum everybody's row is.

    Raises:
        StoreError: when there is no such database, or nothing in it that could be verified.
    """
    anchors, anchored, stamps = read_against(against, roots)
    open_record(database)
    from entact.store import erasure
    from entact.store.list_strata import list_notices
    from entact.store.soundness import look

    result = store.verify(against=anchored)
    if not result.ledgers and not result.breaks:
        raise store.StoreError(f"the database {database} holds no entry: there is nothing to verify")
    # Of a broken chain other lists follow than were written: that is one cause, and it is named.
    listed = [] if result.breaks else list_notices(deep=deep)
    around = look(deep=deep, anchors=anchors, lists=deep or not result.breaks)
    return {
        "ledgers": result.ledgers,
        "entries": result.entries,
        "breaks": [msgspec.to_builtins(one) for one in result.breaks],
        "faults": list(around.faults),
        "notices": [*result.notices, *erasure.notices(), *listed],
        "compared": {"participants": around.compared, "of": around.participants},
        "anchors": {place: at.isoformat(timespec="seconds") for place, at in around.anchored.items()},
    } | ({"anchored": len(anchored), "stamps": stamps} if against else {})


def print_verification(result: dict[str, Any]) -> None:
    """The result in words: the first bad entry of each broken chain, or that all hold; what to look at."""
    console = Console(highlight=False)
    for one in result["breaks"]:
        said = Text.assemble(
            ("broken ", "bold red"), f"{one['ledger']}, entry {one['seq']}: {one['problem']}"
        )
        console.print(said, soft_wrap=True)
    for fault in result["faults"]:
        console.print(Text.assemble(("broken ", "bold red"), fault), soft_wrap=True)
    for notice in result["notices"]:
        console.print(Text.assemble(("look at ", "bold yellow"), notice), soft_wrap=True)
    for said in result.get("stamps", ()):
        console.print(Text(said), soft_wrap=True)
    if result["breaks"]:
        return
    compared = result["compared"]
    some = compared["participants"] < compared["of"]
    more = ", chosen anew each time; --deep compares all" if some else ""
    done = f"{compared['participants']} of {compared['of']}"
    console.print(f"lists compared for {done} participants{more}", soft_wrap=True)
    for place, at in result["anchors"].items():
        console.print(Text(f"last anchor {at}: {place}"), soft_wrap=True)
    if not result["anchors"]:
        hint = "no anchor was ever taken: `entact anchor` says outside the database what it holds"
        console.print(hint, soft_wrap=True)
    if not result["faults"]:
        lists = "the lists compared" if some else "lists"
        console.print(f"[green]triggers, rights, {lists}, keys and identities are as they should be[/]")
    console.print(f"[green]{result['ledgers']} chains with {result['entries']} entries hold[/]")


def rebuild_lists(database: str) -> dict[str, Any]:
    """Makes the rows for lists anew, with a bar; says how many were behind before.

    Raises:
        StoreError: when there is no such database.
    """
    open_record(database)
    behind = len(store.stale())
    with Progress(transient=True) as bars:
        bar = bars.add_task("lists", total=None)
        done = store.rebuild(progress=lambda done, of: bars.update(bar, completed=done, total=of))
    return {"participants": done, "behind": behind}


def print_rebuilt(result: dict[str, Any]) -> None:
    """How many rows were made anew, in words."""
    Console(highlight=False).print(
        f"lists made anew for {result['participants']} participants; {result['behind']} were behind"
    )


def describe_record(database: str) -> dict[str, Any]:
    """Where a database lies and how much it holds."""
    open_record(database)
    place = dataclasses.asdict(store.describe())
    shown = {name: str(value) if name == "folder" and value else value for name, value in place.items()}
    return shown | {"reports": late_reports()}


def print_place(place: dict[str, Any]) -> None:
    """The place in words."""
    console = Console(highlight=False)
    simulated = " · SIMULATED DATA" if place["environment"] == "rehearsal" else ""
    console.print(Text(f"{place['study']} · {place['environment']}{simulated}", "bold"))
    console.print(f"{place['entries']} entries in {place['ledgers']} ledgers")
    console.print(Text(f"database {place['database']}, PostgreSQL {place['version']}"), soft_wrap=True)
    where = f"in the folder {place['folder']}" if place["folder"] else f"on the server {place['address']}"
    console.print(Text(where), soft_wrap=True)
    for message in place["reports"]:
        console.print(Text.assemble(("look at ", "bold yellow"), message), soft_wrap=True)


def late_reports() -> list[str]:
    """Reports on the whole study that were not sent in time, in words."""
    from entact.conduct.reader import environment_of_database, present
    from entact.store.periodic import reporting_state
    from entact.store.studies import study_of_record  # once Django is set up

    _, study = study_of_record()
    if study is None:
        return []
    today = present(environment_of_database()).date()
    late = late_periodic_reports(study.newest, reporting_state(study), today)
    return [message for _, _, message in late]


def stop_database() -> None:
    """Stops the embedded server, if it runs."""
    stopped = postgres.stop(server.embedded_folder())
    Console().print("stopped" if stopped else "no embedded database was running")
