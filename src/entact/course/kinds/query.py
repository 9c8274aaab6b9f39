"""Queries: questions about what was entered, raised, answered and closed by people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from entact.course.kinds.kind import BY_ENTRY, Kind, note

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.noted import Noted
    from entact.course.state.state import State

Said = Literal["raised", "answered", "closed"]
Status = Literal["open", "answered", "closed"]

_STATUS: Final[dict[Said, Status]] = {"raised": "open", "answered": "answered", "closed": "closed"}


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `query`: a query about an `entry`, or an item of it, is raised.

    With `about`, the query that was raised there is answered or closed, or raised again. With `rule`, it is
    said of what that rule found there, which nobody had to raise. Words are sealed.
    """

    said: Said
    entry: str | None = None
    item: str | None = None
    text: str | None = None
    rule: str | None = None


class QueryState(msgspec.Struct, frozen=True):
    """A query: the entry that raised it, the entry and item that it is about, and how it stands since when.

    Attributes:
        entries: all that was said of it, in order of time. by: who began it. rule: that found it, where none
            of the persons raised it.
    """

    entry: str
    about: str
    item: str
    raised_at: datetime
    status: Status
    since: datetime
    entries: tuple[str, ...]
    by: str = ""
    rule: str = ""


def reduce_query(course: State, effective: Effective, payload: Query) -> None:
    """Keeps it; an answer without its query is found, and a query about nothing."""
    about = effective.entry.about
    if about is None and payload.said != "raised" and payload.rule is None:
        message = f"a query that is {payload.said} has to be named: by the entry that raised it"
        course.found("about_missing", effective.id, "about", message)
    elif about is None and payload.entry is None:
        course.found("about_missing", effective.id, "entry", "a query has to name the entry that it is about")
    elif about is not None and about not in {one.entry for one in _raised(course)}:
        message = f"{about} is no query that was raised before"
        course.found("about_unknown", effective.id, "about", message)
    note(course, effective, payload)


def queries_of(course: State) -> list[QueryState]:
    """Every query of a participant, in the order in which they were raised; the last that was said counts."""
    found: dict[str, QueryState] = {}
    for one in course.noted.get(QUERY.name, ()):
        if one.about is None and _begins(one.said):
            found[one.entry] = QueryState(
                entry=one.entry,
                about=one.said.entry,
                item=one.said.item or "",
                raised_at=one.at,
                status=_STATUS[one.said.said],
                since=one.at,
                entries=(one.entry,),
                by=one.by,
                rule=one.said.rule or "",
            )
        elif one.about in found:
            known = found[one.about]
            found[one.about] = msgspec.structs.replace(
                known, status=_STATUS[one.said.said], since=one.at, entries=(*known.entries, one.entry)
            )
    return list(found.values())


def _begins(said: Query) -> bool:
    return said.entry is not None and (said.said == "raised" or said.rule is not None)


def _raised(course: State) -> list[Noted]:
    return [
        one
        for one in course.noted.get(QUERY.name, ())
        if one.about is None and (one.said.said == "raised" or _begins(one.said))
    ]


QUERY = Kind(
    name="query",
    title="Query",
    ways=("page begin_query",),
    payload=Query,
    reduce=reduce_query,
    tells=frozenset({BY_ENTRY}),
    sealed=frozenset({"text"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
