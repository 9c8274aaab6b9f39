"""Every kind of entry names the ways by which it is entered, and each way is there and leads to that kind."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from inspect import getmodule, getsource, unwrap
from pathlib import Path
from typing import Any

import pytest
import typer
from django.urls import URLPattern, URLResolver, get_resolver

import entact
from entact.cli import app
from entact.conduct.entries.kinds import ABOUT_ANOTHER, ENTERED
from entact.conduct.permissions import ROUTES
from entact.course import kinds
from entact.course.entry.versions import DECIDED
from entact.course.kinds import KINDS, SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS
from entact.course.kinds.kind import Kind

LEDGERS = (KINDS, STUDY_KINDS, SITE_KINDS, SYSTEM_KINDS)
ALL = {(kind.ledger, kind.name): kind for of in LEDGERS for kind in of.values()}
NAMED = [(kind, way) for kind in ALL.values() for way in kind.ways]
ROOMS = ("conduct", "cli", "store", "exchange")
CONSOLE = Path(entact.__file__).parent / "conduct" / "session" / "console"


def pages(patterns: Any = None) -> Iterator[tuple[str, Any]]:
    """Routes with their views."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from pages(one.url_patterns)
        elif isinstance(one, URLPattern):
            yield str(one.name), one.callback


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Commands with what they call."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*before, name))
        else:
            yield " ".join((*before, name)), one.callback


@lru_cache
def constants() -> dict[tuple[str, str], str]:
    """What the modules of kinds call each kind."""
    found = {}
    for path in Path(kinds.__file__).parent.glob("[a-z]*.py"):
        module = importlib.import_module(f"{kinds.__name__}.{path.stem}")
        for name, value in vars(module).items():
            if isinstance(value, Kind):
                found[value.ledger, value.name] = name
    return found


@cache
def called(text: str) -> tuple[tuple[str, str], ...]:
    """The modules of pages, commands and record that a text imports: each room and text."""
    named = set()
    for one in ast.walk(ast.parse(text)):
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("entact."):
            named |= {one.module or "", *(f"{one.module}.{name.name}" for name in one.names)}
    rooms = {name: name.split(".")[1] for name in named}
    return tuple(
        (room, source(name)) for name, room in sorted(rooms.items()) if room in ROOMS and source(name)
    )


@cache
def source(module: str) -> str:
    """The text of a module; empty of what is none."""
    file = Path(entact.__file__).parents[1].joinpath(*module.split(".")).with_suffix(".py")
    return file.read_text() if file.exists() else ""


@cache
def reached(text: str, depth: int) -> frozenset[str]:
    """A text, and those of the modules that it calls, so many calls away, and one more of the record's."""
    found = {text}
    for room, other in called(text):
        if depth:
            found |= reached(other, depth - 1)
        elif room == "store":
            found.add(other)
    return frozenset(found)


def leads_to(text: str, kind: Kind, depth: int) -> bool:
    """Whether code names a kind: as text, as the constant that declares it, or by its payload."""
    called = {"DECIDED"} if kind.name == DECIDED else set()
    named = called | {kind.name, constants()[kind.ledger, kind.name], kind.payload.__name__}
    words = re.compile("|".join(rf"(?<![\w.]){re.escape(one)}(?!\w)" for one in named))
    return any(words.search(one) for one in reached(text, depth))


@pytest.mark.parametrize(("kind", "way"), NAMED, ids=lambda one: one if isinstance(one, str) else one.name)
def test_the_way_is_there_and_leads_to_the_kind(kind: Kind, way: str) -> None:
    sort, _, name = way.partition(" ")
    if sort == "page":
        assert name in ROUTES
        view = dict(pages())[name]
        if name == "add":
            assert kind.name in {*ENTERED, *ABOUT_ANOTHER}
        else:
            module = getmodule(getattr(view, "view_class", unwrap(view)))
            assert leads_to(getsource(module), kind, 1)  # type: ignore[arg-type]
    elif sort == "command":
        call = dict(commands(typer.main.get_command(app)))[name]
        own = importlib.import_module(unwrap(call).__module__)
        assert leads_to(_function(unwrap(call)), kind, 2), own
    elif sort == "console":
        assert any(f'"{kind.name}"' in path.read_text() for path in CONSOLE.glob("*.js"))
    else:
        rooms = [Path(entact.__file__).parent / room for room in ("store", "conduct", "course")]
        files = [path for room in rooms for path in room.rglob("*.py") if "kinds" not in path.parts]
        assert any(leads_to(path.read_text(), kind, 0) for path in files)


def _function(call: Any) -> str:
    import textwrap

    return textwrap.dedent(getsource(call))


def test_a_way_that_leads_elsewhere_is_found() -> None:
    other = SITE_KINDS["stock_difference"]
    module = getmodule(unwrap(dict(pages())["sign"]))
    assert not leads_to(getsource(module), other, 1)  # type: ignore[arg-type]
    call = dict(commands(typer.main.get_command(app)))["allocation tell"]
    assert not leads_to(_function(unwrap(call)), other, 2)


def test_no_kind_is_without_a_way_but_one_that_another_took_the_place_of() -> None:
    assert {name: kind.instead for (_, name), kind in ALL.items() if not kind.ways} == {"kit": "receipt"}
    assert {kind.instead for kind in ALL.values() if kind.instead} <= {name for _, name in ALL}


def test_what_is_offered_to_be_entered_says_so_itself() -> None:
    assert {kind for kind in ENTERED if not {"page add", f"page {kind}"} & {*KINDS[kind].ways}} == set()
