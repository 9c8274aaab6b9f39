"""`entact check --against`: a study held against lists, in the terminal, as data or as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from entact.protocol.requirements.compare import Compared, Judged, Place, Status

if TYPE_CHECKING:
    from entact.datasets.collected import Collected, Of

Kept = Mapping[str, "Sequence[Collected]"]
"""List -> what of it was collected."""

SHOWN: Final = 3  # places of one item in the terminal; --json and --html have all
_TITLES: Final[dict[Status, tuple[str, str]]] = {
    "not_met": ("not met", "yellow"),
    "not_decidable": ("not decidable from the file", "cyan"),
    "does_not_apply": ("does not concern this study", "dim"),
    "met": ("met", "green"),
}


def collect(found: Sequence[Compared], database: str) -> Kept:
    """What of each list was collected in fact, in a record of the same study.

    Raises:
        StoreError: when there is no such record, or it is of another study.
    """
    from entact import store
    from entact.cli.database import open_record
    from entact.course import fold, read
    from entact.datasets.collected import collected

    open_record(database)
    _, study = store.study_of_record()
    name = found[0].release.file.study
    if study is None or study.name != name:
        there = "no study that can be read" if study is None else f"the study {study.name}"
        raise store.StoreError(f"the record {database!r} is of {there}, and {name} was asked for")
    courses = []
    for ledger in (head.ledger for head in store.ledgers()):
        if ledger.startswith("participant:"):
            try:
                courses.append(fold(study, [read(line.text) for line in store.lines(ledger)]))
            except ValueError:  # shown as broken by `entact verify`; what it holds is not counted
                continue
    return {one.list.name: collected(study.newest, one.list, courses) for one in found}


def as_data(found: Sequence[Compared], kept: Kept | None = None) -> dict[str, Any]:
    """What was found as plain data, list by list."""
    return {
        "study": found[0].release.file.study,
        "release": found[0].release.id,
        "lists": [
            {
                "list": one.list.name,
                "title": one.list.title,
                "source": one.list.source,
                "assumption": one.list.assumption,
                "counts": {status: len(one.of(status)) for status in _TITLES},
                "items": [_item(judged) for judged in one.judged],
                **({} if not kept else {"record": [_kept(row) for row in kept[one.list.name]]}),
            }
            for one in found
        ],
    }


def _kept(one: Collected) -> dict[str, Any]:
    sites = {
        site: {one.planned.of: one.sessions[site], "collected": one.collected[site]}
        for site in sorted(one.sessions)
    }
    return {
        "item": one.planned.item,
        "of": one.planned.of,
        one.planned.of: one.sessions.total(),
        "collected": one.collected.total(),
        "planned_share": one.planned.share,
        "sites": sites,
    }


def _item(judged: Judged) -> dict[str, Any]:
    item = judged.item
    return {
        "id": item.id,
        "asked": item.asked,
        "source": item.source,
        "section": item.section,
        "assumption": item.assumption,
        "status": judged.status,
        "where": [
            {"file": place.file, "line": place.line, "column": place.column, "field": place.field}
            for place in judged.places
        ],
        "said": list(judged.said),
        "would_meet_it": judged.meets or None,
    }


def counted(one: Compared) -> str:
    """How many items have which status, in words."""
    counts = [(len(one.of(status)), title) for status, (title, _) in _TITLES.items()]
    return ", ".join(f"{count} {title}" for count, title in counts if count)


def print_compared(found: Sequence[Compared], kept: Kept | None = None) -> None:
    """What was found, in the terminal: what is not met first."""
    console = Console(highlight=False, markup=False)
    file = found[0].release.file
    console.print(Text.assemble((file.study, "bold"), f" · {file.title}"))
    for one in found:
        console.print()
        console.print(Text.assemble((one.list.name, "bold"), f" · {one.list.title}"))
        if one.list.assumption:
            console.print(Text(f"* {one.list.assumption}", style="dim"))
        for status, (title, style) in _TITLES.items():
            judged = one.of(status)
            if judged:
                console.print(Text(f"\n{title}: {len(judged)}", style=style))
            for each in judged:
                _print_item(console, each)
        if kept:
            _print_kept(console, kept[one.list.name])
        console.print(f"\n{one.list.name}: {counted(one)}")


def _print_kept(console: Console, kept: Sequence[Collected]) -> None:
    """Shares of what there was so far, of all sites and of each."""
    for of, own in in_record(kept).items():
        console.print(f"\nin the record, {of}:")
        _print_shares(console, own)


_OF: Final[dict[Of, str]] = {
    "sessions": "of the sessions with a dose so far",
    "participants": "of the participants who were randomised or dosed so far, once before it",
    "visits": "of the planned visits that are over",
}


def in_record(kept: Sequence[Collected]) -> dict[str, list[Collected]]:
    """What was collected, by what is counted, in words."""
    return {words: own for of, words in _OF.items() if (own := [one for one in kept if one.planned.of == of])}


def _print_shares(console: Console, kept: Sequence[Collected]) -> None:
    for one in kept:
        console.print(Padding(Text.assemble((one.planned.item, "bold"), f"  {share(one)}"), (0, 0, 0, 2)))
        sites = ", ".join(f"{site} {share(one, site)}" for site in sorted(one.sessions))
        if sites:
            console.print(Padding(Text(f"by site: {sites}", style="dim"), (0, 0, 0, 6)))


def share(one: Collected, site: str | None = None) -> str:
    """How many of the sessions, of all sites or of one: as in 57/60, 95 %."""
    sessions = one.sessions.total() if site is None else one.sessions[site]
    collected = one.collected.total() if site is None else one.collected[site]
    # Never rounded up to all: one that is missing shows.
    planned = f" ({100 * one.planned.share:g} % are planned)" if one.planned.share and site is None else ""
    return f"{collected}/{sessions}, {100 * collected // sessions} %{planned}" if sessions else "none yet"


def _print_item(console: Console, judged: Judged) -> None:
    item = judged.item
    mark = "*" if item.assumption else ""
    head = Text.assemble(
        (item.id, "bold"), f"  {item.asked} ", (f"({item.section}; {item.source}){mark}", "dim")
    )
    console.print(Padding(head, (0, 0, 0, 2)))
    for said in judged.said:
        console.print(Padding(Text(said), (0, 0, 0, 6)))
    if judged.meets:
        console.print(Padding(Text(f"would meet it: {judged.meets}", style="dim"), (0, 0, 0, 6)))
    for line in shown_places(judged.places):
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 6)))


def shown_places(places: Sequence[Place]) -> list[str]:
    """The first places, a line for each line of the file, and how many more there are."""
    lines = [
        f"{key} {', '.join(place.field for place in run)}".strip()
        for key, run in groupby(places, key=lambda one: f"{one.file}:{one.line}" if one.line else "")
    ]
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], *([f"and {more} more"] if more > 0 else [])]


def write_page(found: Sequence[Compared], path: Path, kept: Kept | None = None) -> None:
    """Writes what was found as one page that needs nothing but itself.

    Raises:
        OSError: when it cannot be written.
    """
    path.write_text(render_page(found, kept), encoding="utf-8")


def render_page(found: Sequence[Compared], kept: Kept | None = None) -> str:
    """The page as HTML: no address, no script; the same study and lists give the same page."""
    from entact.report.page import render

    values = {
        "release": found[0].release,
        "found": found,
        "titles": _TITLES,
        "counted": counted,
        "kept": kept or {},
        "share": share,
        "in_record": in_record,
    }
    return render("requirements.html.j2", "requirements.css", values, package="entact.cli")
