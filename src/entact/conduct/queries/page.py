"""Queries as they read: a list by age, what rules found, and one thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext

from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked
from entact.conduct.attested import form_of
from entact.conduct.forms.place import release_of
from entact.conduct.language.codes import code_words
from entact.conduct.reader import Reader, Standing
from entact.conduct.record.opened import Opener
from entact.conduct.statement import Tell, state
from entact.conduct.words import (
    lower_words,
    moment,
    role_words,
    title_of_form,
    title_of_item,
    title_of_visit,
    value,
)
from entact.course import instant
from entact.course.entry.effective import Effective
from entact.course.instants import ALERT, BEGINNING
from entact.course.kinds import KINDS
from entact.course.kinds.query import QueryState
from entact.protocol import CompiledForm
from entact.protocol.words.label import begun
from entact.store import lists
from entact.store.lists.arrived import first_arrivals

PER_PAGE = 50
STATUSES = ("open", "answered", "closed")
BY_RULE = "rule"  # the tab of what rules found
_AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What may be found, and is mended by who entered it: of entries that say something of the participant.
DATA_KINDS = frozenset(name for name, kind in KINDS.items() if not kind.attests)


@dataclass(frozen=True)
class Row:
    """One query in the list: whose, about what, since when, and how many days that is.

    `rule` found it, where no person asked; `query` is empty until somebody says something of that.
    """

    number: str
    key: str
    site: str
    about: str
    item: str
    since: str
    days: int | None
    query: str
    entry: str
    rule: str
    status: str = ""
    form: CompiledForm | None = None  # as the newest release has it
    kind: str = ""
    visit: str = ""  # as people call it

    @property
    def about_words(self) -> str:
        """What it is about, as people call it."""
        if self.form is not None:
            return title_of_form(self.form)
        kind = KINDS.get(self.kind)
        return begun(code_words(self.about)) if kind is None else gettext(kind.title)

    @property
    def item_words(self) -> str:
        """The item as people call it; nothing where a rule names an entry there."""
        return "" if _AN_ID.fullmatch(self.item) else title_of_item(self.form, self.item)

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return code_words(self.status)

    @property
    def rule_words(self) -> str:
        """The rule as people say it."""
        return code_words(self.rule)


@dataclass(frozen=True)
class Listing:
    """One page of queries. further: the address of the next one, empty where there is none."""

    rows: tuple[Row, ...]
    status: str
    further: str


def list_queries(reader: Reader, asked: Mapping[str, str], limit: int = PER_PAGE) -> Listing:
    """Queries in one status, the oldest first; or what rules found, by site and number."""
    status = asked.get("status", "open")
    if status == BY_RULE:
        return _by_rule(reader, asked, limit)
    status = status if status in STATUSES else "open"
    found = lists.queries(
        hidden=reader.sight.hidden_names,
        status=status,
        sites=reader.sites,
        after=_place(asked.get("after", "")),
        limit=limit + 1,
    )
    shown = found[:limit]
    of_entry = _about_entries(reader, [one.ledger for one in shown])
    rows = tuple(
        Row(
            **of_entry(one),
            since=moment(one.since, reader.zone_of(one.site)),
            days=_days(reader.at - one.since),
            query=one.query,
            rule="",
        )
        for one in shown
    )
    further = ""
    if len(found) > limit:
        last = shown[-1]
        place = "~".join((last.since.isoformat(), str(last.place), last.query))
        further = "?" + urlencode({"status": status, "after": place})
    return Listing(rows, status, further)


def _by_rule(reader: Reader, asked: Mapping[str, str], limit: int) -> Listing:
    found = lists.open_findings(
        reader.at,
        hidden=reader.sight.hidden_names,
        sites=reader.sites,
        kinds=DATA_KINDS,
        after=_finding_place(asked.get("after", "")),
        limit=limit + 1,
    )
    shown = [one for one in found[:limit] if one.rule != ALERT]
    of_entry = _about_entries(reader, [one.ledger for one in shown])
    said = lists.queries_of_rules([one.ledger for one in shown])
    first = first_arrivals([(one.ledger, one.entry) for one in shown])
    rows = []
    for one in shown:
        arrived = first.get((one.ledger, one.entry))
        # What hangs on no time has held since what it is about arrived, at the most.
        since = arrived.received_at if one.since == BEGINNING and arrived is not None else one.since
        visit = (arrived.encounter or "").partition("#")[0] if arrived is not None else ""
        visit = visit if reader.sight.sees_visit(visit) else ""
        query, status = said.get((one.ledger, one.rule, one.entry, one.item), ("", "open"))
        rows.append(
            Row(
                **of_entry(one),
                since="" if since == BEGINNING else moment(since, reader.zone_of(one.site)),
                days=None if since == BEGINNING else _days(reader.at - since),
                query=query,
                rule=one.rule,
                status=status,
                visit=title_of_visit(visit, reader.visits)
                if visit and reader.sight.sees_visit(visit)
                else "",
            )
        )
    further = ""
    if len(found) > limit:
        last = found[limit - 1]
        place = "~".join((last.site, last.number, str(last.place), last.finding, last.since.isoformat()))
        further = "?" + urlencode({"status": BY_RULE, "after": place})
    return Listing(tuple(rows), BY_RULE, further)


COLUMNS = ("participant", "site", "about", "item", "rule", "status", "since", "days", "query", "entry")


def query_rows(reader: Reader, status: str) -> Iterator[dict[str, Any]]:
    """All queries in a status, as rows of a file."""
    asked = {"status": status}
    while True:
        listing = list_queries(reader, asked, 500)
        for row in listing.rows:
            yield {
                "participant": row.number,
                "site": row.site,
                "about": row.about,
                "item": row.item,
                "rule": row.rule,
                "status": row.status or listing.status,
                "since": row.since,
                "days": row.days,
                "query": row.query,
                "entry": row.entry,
            }
        if not listing.further:
            return
        asked = dict(parse_qsl(listing.further.removeprefix("?")))


@dataclass(frozen=True)
class Said:
    """One thing that was said in a thread."""

    what: str
    by: str
    when: str
    text: str


@dataclass(frozen=True)
class Thread:
    """One query with all that was said; what it is about, in words, and where that is."""

    title: str
    item: str
    status: str
    rule: str
    said: tuple[Said, ...]
    entry: str

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return code_words(self.status)


_SAID = {"raised": "asked", "answered": "answered", "closed": "closed"}


def thread_of(asked: Asked, query: QueryState, opener: Opener) -> Thread:
    """A query as it reads for who may see it."""
    names = people_called()
    noted = {one.id: one for one in asked.course.effective if one.id in query.entries}
    said = [
        Said(
            what=code_words(_SAID.get(str(one.data.get("said")), "")),
            by=f"{names.get(one.entry.by, one.entry.by)}, {role_words(one.entry.role)}",
            when=moment(one.at, asked.zone),
            text=value(opener.items(one, one.data).get("text") or ""),
        )
        for one in (noted[name] for name in query.entries if name in noted)
    ]
    status = query.status
    if query.rule and status != "closed" and not holds(asked, query.rule, query.about, query.item):
        status = "closed"
    return Thread(
        title=about_words(asked, query.about),
        item=title_of_item(form_about(asked, query.about), query.item) if query.item else "",
        status=status,
        rule=code_words(query.rule),
        said=tuple(said),
        entry=query.about,
    )


def holds(asked: Asked, rule: str, entry: str, item: str) -> bool:
    """Whether a rule still finds what it found."""
    return any(
        (one.rule, one.entry, one.item) == (rule, entry, item) and one.holds
        for one in asked.seen.findings(asked.now, asked.folded.beside)
    )


def form_about(asked: Asked, entry: str) -> CompiledForm | None:
    """The form that an entry fills in; None where it is none."""
    found = next((one for one in asked.course.effective if one.id == entry), None)
    return None if found is None else form_of(asked.course, found)


def about_words(asked: Asked, entry: str) -> str:
    """What an entry is, as people say it."""
    effective = next((one for one in asked.course.effective if one.id == entry), None)
    return gettext("an entry that was withdrawn") if effective is None else entry_words(asked, effective)


def entry_words(asked: Asked, effective: Effective) -> str:
    """The title of an entry, with when it was."""
    tell = Tell(asked.course, release_of(asked.course, effective), asked.seen.sight, asked.zone)
    title, _, _ = state(tell, effective)
    return f"{title}, {moment(effective.at, asked.zone)}"


def _about_entries(
    reader: Reader, ledgers: Sequence[str]
) -> Callable[[lists.Query | lists.Open], dict[str, Any]]:
    """What a row says of the entry that it is about: whose, where, and what it is.

    Args:
        ledgers: of the participants on the page.
    """
    people = lists.participants_of(list(dict.fromkeys(ledgers)))
    keys, forms = {one.ledger: Standing.of(one).key for one in people}, reader.study.newest.forms

    def of_entry(one: lists.Query | lists.Open) -> dict[str, Any]:
        return {
            "number": one.number,
            "key": keys.get(one.ledger, ""),
            "site": one.site,
            "about": lower_words(one.form or one.kind or gettext("entry")),
            "item": one.item,
            "entry": one.entry,
            "form": forms.get(one.form),
            "kind": one.kind,
        }

    return of_entry


def _days(span: timedelta) -> int:
    return max(span.days, 0)


def _place(text: str) -> tuple[datetime, int, str] | None:
    parts = text.split("~")
    if len(parts) != 3 or not _is_number(parts[1]) or "\0" in text:
        return None
    try:
        return instant(parts[0]), int(parts[1]), parts[2]
    except ValueError:
        return None


def _finding_place(text: str) -> lists.FindingKey | None:
    parts = text.split("~")
    if len(parts) != 5 or not _is_number(parts[2]) or "\0" in text:
        return None
    try:
        since = datetime.fromisoformat(parts[4])  # 1800 of what hangs on no time, which is no instant
        return (parts[0], parts[1], int(parts[2]), parts[3], since) if since.tzinfo else None
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
