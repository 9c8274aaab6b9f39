"""What is said of queries: raised, answered, closed, raised again; each a fact through the one door."""

from __future__ import annotations

from typing import Final

from entact.conduct.asking import Asked
from entact.conduct.record.door import compose, store_entry, turn_of
from entact.course import Course, Entry
from entact.course.entry.effective import Effective
from entact.course.kinds import KINDS
from entact.course.kinds.query import QueryState, Said, queries_of

LONGEST: Final = 2000
_ACTS: Final[dict[Said, str]] = {"raised": "ask_query", "answered": "answer_query", "closed": "close_query"}


def query_named(asked: Asked, query: str) -> QueryState | None:
    """A query of the participant that the role sees."""
    known = {one.entry: one for one in queries_of(asked.course)}
    return known.get(query) if query in asked.seen.entries else None


def open_about(asked: Asked, entry: str) -> list[QueryState]:
    """The queries about an entry that the role sees, and that nobody has closed."""
    return [
        one
        for one in queries_of(asked.course)
        if one.about == entry and one.status != "closed" and one.entry in asked.seen.entries
    ]


def may_be_asked(asked: Asked, entry: str) -> Effective | None:
    """The entry that a query can be about: one about the participant that the role sees."""
    found = next((one for one in asked.course.effective if one.id == entry), None)
    kind = None if found is None else KINDS.get(found.entry.kind)
    if found is None or kind is None or kind.attests or entry not in asked.seen.entries:
        return None
    return found


def raise_query(asked: Asked, entry: str, item: str, text: str, rule: str = "") -> str | None:
    """A new query about an entry, or of the site a first answer to what a rule found there; its id.

    None where whoever asks may not.

    Args:
        item: of the entry; empty for all of it. rule: that found it.
    """
    said: Said = "answered" if rule else "raised"
    role = asked.role_for(_ACTS[said])
    if role is None:
        return None
    data = {"said": said, "entry": entry, "text": text[:LONGEST]}
    data |= ({"item": item} if item else {}) | ({"rule": rule} if rule else {})
    return _write(asked, role, data, None)


def go_on(asked: Asked, query: QueryState, said: Said, text: str) -> str | None:
    """Goes on with a query; None where whoever asks may not, or it is not where it could.

    A query is closed by the role that raised it. What a rule raised is closed by whoever closes queries: as
    it is, for what was mended closes itself.
    """
    role = asked.role_for(_ACTS[said])
    fits = {"raised": ("closed", "answered"), "answered": ("open",), "closed": ("open", "answered")}[said]
    if role is None or query.status not in fits:
        return None
    if said == "closed" and not query.rule and role_of(asked.course, query) != role:
        return None
    return _write(asked, role, {"said": said, "text": text[:LONGEST]}, query.entry)


def role_of(course: Course, query: QueryState) -> str:
    """The role in which a query was raised."""
    return next((one.entry.role for one in course.effective if one.id == query.entry), "")


def may_go_on(asked: Asked, query: QueryState) -> list[Said]:
    """What whoever asks may say next."""
    found: list[Said] = []
    if query.status == "open" and asked.role_for("answer_query") is not None:
        found.append("answered")
    if query.status != "closed":
        role = asked.role_for("close_query")
        if role is not None and (query.rule or role_of(asked.course, query) == role):
            found.append("closed")
    if query.status != "open" and asked.role_for("ask_query") is not None:
        found.append("raised")
    return found


def _write(asked: Asked, role: str, data: dict[str, str], about: str | None) -> str:
    ledger, author = asked.participant.ledger, asked.author(role)
    with turn_of(ledger):
        course = asked.again().course
        entry: Entry = compose(
            course, asked.reader, ledger, author, asked.now, "query", dict(data), about=about
        )
        store_entry(entry, author, asked.now)
    return entry.id
