"""The audit trail as it reads, and as rows of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.translation import gettext

from entact.conduct.audit.selectors import Row
from entact.conduct.given import csv_lines
from entact.conduct.language.codes import code_words
from entact.conduct.words import lower_words, role_words, time_words, value, words
from entact.course.entry.entry import Authenticated
from entact.course.trail import WITHDRAWN

COLUMNS: Final = (
    *("received_utc", "occurred_at", "recorded_at", "ledger", "participant", "site", "line", "entry"),
    *("kind", "form", "encounter", "timepoint", "corrects", "item", "old", "new", "reason"),
    *("by", "role", "known_by", "source", "device", "after_signature", "hash"),
)
LONGEST: Final = 600  # characters of a value on a page; files have all of it


@dataclass(frozen=True)
class ChangeShown:
    """One item as it reads: what it said, and what it says now."""

    item: str
    old: str
    new: str


@dataclass(frozen=True)
class RowShown:
    """One line as it reads.

    Attributes:
        when: UTC. happened: as it was claimed, where that is another time. about: the participant's number,
            or the ledger. what: kind, form, visit. does: corrects or withdraws. known: how the person was.
    """

    when: str
    happened: str
    about: str
    key: str
    what: str
    does: str
    by: str
    known: str
    changes: tuple[ChangeShown, ...]
    reason: str
    after_signature: bool
    place: str


def row_shown(row: Row, key: str, numbered: bool) -> RowShown:
    """One line as it reads.

    Args:
        key: of the participant's page; empty where there is none. numbered: its number may be shown.
    """
    entry = row.entry
    form = entry.data.get("form")
    what = [row.title or words(entry.kind), lower_words(form) if isinstance(form, str) else ""]
    what += [lower_words((entry.encounter or "").replace("#", " ")), time_words(entry.timepoint or "")]
    number = f"{row.line.seq} · " if numbered else ""
    return RowShown(
        when=_utc(entry.received_at),
        happened=entry.occurred_at if _differs(entry.occurred_at, entry.received_at) else "",
        about=row.number or row.ledger,
        key=key,
        what=" · ".join(part for part in what if part),
        does=""
        if entry.replaces is None
        else gettext("withdraws")
        if entry.kind == "void"
        else gettext("corrects"),
        by=f"{entry.by}, {role_words(entry.role)}",
        known=_known(entry.authenticated),
        changes=tuple(
            ChangeShown("" if one.item == WITHDRAWN else one.item, _said(one.old), _said(one.new))
            for one in row.changes
        ),
        reason=value(row.reason) if row.reason else "",
        after_signature=row.step.after_signature,
        place=f"{number}{row.line.hash[:16]}",
    )


def rows_of_file(row: Row, whole: bool) -> Iterator[dict[str, Any]]:
    """One line as rows of a file, one for each item; sealed values as they are kept.

    Args:
        whole: the reader sees every line, so that its number and its hash may be told.
    """
    entry = row.entry
    known = entry.authenticated
    first = {
        "received_utc": _iso(entry.received_at),
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "ledger": row.ledger,
        "participant": row.number,
        "site": row.site,
        "line": row.line.seq if whole else None,
        "entry": entry.id,
        "kind": entry.kind,
        "form": entry.data.get("form"),
        "encounter": entry.encounter,
        "timepoint": entry.timepoint,
        "corrects": row.step.source if entry.replaces is not None else None,
    }
    last = {
        "reason": row.reason or None,
        "by": entry.by,
        "role": entry.role,
        "known_by": None if known is None else _known(known),
        "source": entry.source,
        "device": entry.device,
        "after_signature": row.step.after_signature,
        "hash": row.line.hash,
    }
    for one in row.changes or (None,):
        said = {"item": None, "old": None, "new": None} if one is None else one._asdict()
        yield first | said | last


def as_csv(rows: Iterable[Row], whole: bool) -> Iterator[str]:
    """The trail as a CSV file, line by line."""
    return csv_lines(COLUMNS, (one for row in rows for one in rows_of_file(row, whole)))


def as_json(rows: Iterable[Row], whole: bool) -> Iterator[str]:
    """The trail as JSON Lines: one object for each line; with its whole text for who sees every line."""
    for row in rows:
        changes = [one._asdict() for one in row.changes]
        (told, *_) = rows_of_file(row, whole)
        found = {name: told[name] for name in COLUMNS if name not in ("item", "old", "new")}
        found |= {"changes": changes} | ({"text": row.line.text} if whole else {})
        yield json.dumps(found, ensure_ascii=False) + "\n"


def _said(found: Any) -> str:
    text = "" if found is None else value(found)
    return (
        text
        if len(text) <= LONGEST
        else gettext("{text} … ({count} characters)").format(text=text[:LONGEST], count=len(text))
    )


def _iso(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")


def _utc(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _differs(claimed: str, received: str) -> bool:
    """Whether something was entered later than a minute after it is said to have happened, or before it."""
    try:
        apart = datetime.fromisoformat(received) - datetime.fromisoformat(claimed)
    except (ValueError, TypeError):
        return True
    return abs(apart.total_seconds()) > 60


def _known(by: Authenticated | None) -> str:
    """How it was known who entered something."""
    if by is None:
        return ""
    second = "" if by.second is None else gettext(", {how} again").format(how=code_words(by.second.how))
    problem = "" if by.problem is None else f", {code_words(by.problem)}"
    return f"{code_words(by.how)}{second}{problem}"
