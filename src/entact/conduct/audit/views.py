"""The pages of the audit trail: read, filtered, and given out as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from entact.conduct.asking import reader_of
from entact.conduct.audit.page import as_csv, as_json, row_shown
from entact.conduct.audit.selectors import TrailReader, Wanted, kinds_shown
from entact.conduct.frame import page
from entact.conduct.given import note_given, streamed
from entact.conduct.places import opened_place, sealed_place
from entact.conduct.reader import Reader, Standing
from entact.store import lists
from entact.store.lists.arrivals import ArrivalKey

FORMATS: Final = {"csv": ("text/csv; charset=utf-8", as_csv), "jsonl": ("application/jsonl", as_json)}


@require_safe
def show_audit(request: HttpRequest) -> HttpResponse:
    """The audit trail, the last entry first, narrowed as the address says."""
    reader = reader_of(request)
    trail_reader = TrailReader(reader.study, reader.sight, reader.sites)
    wanted, wrong = _wanted(reader, request.GET)
    found = trail_reader.page(wanted, _place(request.GET.get("before", "")))
    people = lists.participants_of(list({row.ledger for row in found.rows}))
    keys = {one.ledger: Standing.of(one).key for one in people}
    numbered = trail_reader.sees_everything
    asked = {name: text for name, text in request.GET.items() if name != "before" and text}
    further = (
        None
        if found.further is None
        else "?" + urlencode(asked | {"before": sealed_place(_text(found.further))})
    )
    values = {
        "rows": [row_shown(row, keys.get(row.ledger, ""), numbered) for row in found.rows],
        "further": further,
        "found": found,
        "wrong": wrong,
        "asked": request.GET,
        "kinds": kinds_shown(reader.sight),
        "query": urlencode(asked),
        "here": "audit",
    }
    return page(request, reader, "audit/audit.html", values)


@require_safe
def export_audit(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """All of it that is asked for, as a file that streams; that it was asked for is kept first.

    Raises:
        Http404: for another form of file.
    """
    if form not in FORMATS:
        raise Http404
    reader = reader_of(request)
    wanted, wrong = _wanted(reader, request.GET)
    if wrong:
        raise Http404
    trail_reader = TrailReader(reader.study, reader.sight, reader.sites)
    media, write = FORMATS[form]
    asked = urlencode({name: text for name, text in sorted(request.GET.items()) if text})
    note_given(request, reader, f"audit trail, {form}{f', {asked}' if asked else ''}")
    lines: Iterator[str] = write(trail_reader.all(wanted), trail_reader.sees_everything)
    return streamed(lines, f"{reader.study.name}-audit.{form}", media)


def _wanted(reader: Reader, asked: Mapping[str, str]) -> tuple[Wanted, list[str]]:
    """What is looked for, and what of it cannot be."""
    wrong: list[str] = []
    asked = {name: text.replace("\0", "") for name, text in asked.items()}
    number, ledger = asked.get("participant", "").strip(), ""
    if number:
        standing = reader.standing(number)
        ledger = standing.ledger if standing is not None else ""
        wrong += (
            [] if ledger else [gettext("There is no participant {number}.").format(number=repr(number[:40]))]
        )
    since, until = (_day(name, asked, wrong) for name in ("from", "to"))
    wanted = Wanted(
        who=asked.get("who", "").strip()[:200],
        kind=asked.get("kind", ""),
        item=asked.get("item", "").strip()[:200],
        ledger=ledger or ("-" if number else ""),
        since=since,
        until=None if until is None else until + timedelta(days=1),
        after_signature=asked.get("signed", "") == "1",
    )
    return wanted, wrong


def _day(name: str, asked: Mapping[str, str], wrong: list[str]) -> datetime | None:
    text = asked.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return found if 1900 <= found.year <= 2999 else datetime.fromisoformat("")
    except ValueError:
        wrong.append(gettext("{text} is no day: write it as 2026-04-30.").format(text=repr(text[:40])))
        return None


def _text(key: ArrivalKey) -> list[str | int]:
    return [key[0].isoformat(), key[1], key[2]]


def _place(text: str) -> ArrivalKey | None:
    found = opened_place(text)
    return (
        None if found is None or len(found) != 3 else (datetime.fromisoformat(found[0]), found[1], found[2])
    )
