"""Files that are given out: streamed as CSV, and kept in the system's ledger before their first line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from entact.conduct.access.trail import enter
from entact.conduct.asking import authenticated_by
from entact.conduct.cells import cell
from entact.conduct.reader import Reader
from entact.course.entry import SYSTEM
from entact.course.kinds.access import Exported


def note_given(request: HttpRequest, reader: Reader, what: str) -> None:
    """Keeps that whoever asks was given a file."""
    person = request.person.identity
    known = authenticated_by(request) or SYSTEM
    enter(Exported(person, what), by=person, role=reader.sight.role, authenticated=known)


def stream_csv(
    request: HttpRequest,
    reader: Reader,
    name: str,
    what: str,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
) -> StreamingHttpResponse:
    """Rows as a CSV file that streams; that it was given out is kept first.

    Args:
        name: of the file. what: as the ledger says it.
    """
    note_given(request, reader, what)
    return streamed(csv_lines(columns, rows), f"{reader.study.name}-{name}.csv", "text/csv; charset=utf-8")


def streamed(lines: Iterable[str], name: str, media: str) -> StreamingHttpResponse:
    """Lines as a file that is kept, not shown."""
    answer = StreamingHttpResponse((line.encode("utf-8", "replace") for line in lines), content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Rows as CSV, line by line; what a spreadsheet would take for a formula has ' before it."""
    yield _line(columns)
    for row in rows:
        yield _line([_cell(row[name]) for name in columns])


def _line(cells: Sequence[str]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cell(found: Any) -> str:
    if found is None:
        return ""
    return cell(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, sort_keys=True))
