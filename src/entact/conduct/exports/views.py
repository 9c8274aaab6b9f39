"""The page of files that can be had, and each of them as it is written."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from io import StringIO

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from entact.conduct.access import trail
from entact.conduct.asking import authenticated_by, reader_of
from entact.conduct.cells import cell
from entact.conduct.exports.tables import Table, dictionary, subject_of, tables_of
from entact.conduct.frame import page
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader, Standing
from entact.course.entry import Authenticated
from entact.course.fold import Broken
from entact.course.kinds.access import Exported
from entact.store import lists

DICTIONARY = "dictionary"
_AT_ONCE = 25  # participants that are read together
_MARK = "\ufeff"  # by which spreadsheets know that a file is UTF-8


@require_safe
def show_exports(request: HttpRequest) -> HttpResponse:
    """What can be had as files."""
    reader = reader_of(request)
    values = {"tables": tables_of(reader), "dictionary": DICTIONARY, "here": "exports"}
    return page(request, reader, "exports/files.html", values)


@require_safe
def export_file(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """One file, written while it is read; that it left, and its digest once it has, are entries.

    Raises:
        Http404: when there is no such table, or it is not for whoever asks.
    """
    reader, authenticated = reader_of(request), authenticated_by(request)
    tables = tables_of(reader)
    table = next((one for one in tables if one.name == name), None)
    if authenticated is None or not tables or (table is None and name != DICTIONARY):
        raise Http404
    rows = dictionary(tables) if table is None else _rows(reader, table)
    file = f"{reader.study.name}-{name}.csv"
    note = _note_of(file, request.person, authenticated)
    note("")
    answer = StreamingHttpResponse(_kept(rows, note), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def _rows(reader: Reader, table: Table) -> Iterator[Sequence[str]]:
    yield table.header
    for some in _by_few(reader):
        folded = reader.folded([one.ledger for one in some])
        for standing in some:
            found = folded[standing.ledger]
            if isinstance(found, Broken):
                yield (cell(standing.number), cell(standing.site), "cannot be read: see `entact verify`")
            else:
                yield from table.rows(subject_of(reader, standing, found))


def _by_few(reader: Reader) -> Iterator[list[Standing]]:
    """Everybody whom the role sees at its sites, some at a time."""
    after: lists.Key | None = None
    while some := lists.participants(sites=reader.sites, after=after, limit=_AT_ONCE):
        yield [Standing.of(one) for one in some]
        after = some[-1].key


def _kept(rows: Iterator[Sequence[str]], note: Callable[[str], None]) -> Iterator[bytes]:
    """The bytes of a file; with the last of them its digest is noted."""
    whole = sha256()
    for number, row in enumerate(rows):
        text = StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(row)
        part = ((_MARK if number == 0 else "") + text.getvalue()).encode()
        whole.update(part)
        yield part
    note(whole.hexdigest())


def _note_of(file: str, person: Person, authenticated: Authenticated) -> Callable[[str], None]:
    """Keeps in the system's ledger that somebody takes a file, and its digest once it is known."""

    def note(digest: str) -> None:
        role = ", ".join(sorted(person.all_roles))
        taken = Exported(person.identity, file, digest)
        trail.enter(taken, by=person.identity, role=role, authenticated=authenticated)

    return note
