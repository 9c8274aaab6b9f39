"""Ten ways in which an arm leaks, planted into the pages: whoever crawls has to find each of them.

Each is what somebody could build in good faith: it shows no arm, and is another one for each.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from tests.conduct.leaks.crawler import route_of
from tests.conduct.leaks.twin import Twin

from entact.course import read

_log = logging.getLogger("entact.planted")


def _sort_order(response: Any, arm: str) -> None:
    body, begin, end = response.content.decode(), "<tbody>", "</tbody>"
    before, _, rest = body.partition(begin)
    rows, _, after = rest.partition(end)
    found = re.findall(r"<tr\b.*?</tr>", rows, re.DOTALL)
    assert len(found) > 1
    ordered = sorted(found, reverse=arm == "mdma")
    response.content = f"{before}{begin}{''.join(ordered)}{end}{after}".encode()


def _length(response: Any, arm: str) -> None:
    response.content += b" " * len(arm)


def _cache_header(response: Any, arm: str) -> None:
    response["Cache-Control"] = f"private, max-age={len(arm)}"


def _count(response: Any, arm: str) -> None:
    response.content = re.sub(rb">(\d)<", rb">%d<" % (1 + (arm == "mdma")), response.content, count=1)


def _filename(response: Any, arm: str) -> None:
    named = response["Content-Disposition"]
    response["Content-Disposition"] = named.replace(".csv", f".{len(arm)}.csv")


def _id_order(response: Any, arm: str) -> None:
    found = sorted(set(re.findall(r"/participants/([\w-]+)/", response.content.decode())))
    assert len(found) > 1
    listed = found if arm == "mdma" else found[::-1]
    response.content += f"<!-- {' '.join(listed)} -->".encode()


def _error_text(response: Any, arm: str) -> None:
    response.content = response.content.replace(b"<title>", b"<title>%d " % len(arm))


def _timing(response: Any, arm: str) -> None:
    _log.info("roles shown in %d ms", 10 + len(arm))


def _chart_axis(response: Any, arm: str) -> None:
    axis = re.compile(rb"(<svg.*?<text[^>]*>)([^<]*)", re.DOTALL)
    response.content = axis.sub(rb"\g<1>%d" % (200 + len(arm)), response.content, count=1)


def _colour(response: Any, arm: str) -> None:
    shade = b"#7a1f1f" if arm == "mdma" else b"#1f7a1f"
    response.content = response.content.replace(b"<body", b'<body data-shade="' + shade + b'"')


PLANTS: dict[str, tuple[str, Callable[[Any, str], None]]] = {
    "sort order": ("listing", _sort_order),
    "length": ("matrix", _length),
    "cache header": ("queries", _cache_header),
    "count": ("dashboard", _count),
    "filename": ("export_queries", _filename),
    "id order": ("participants", _id_order),
    "error text": ("", _error_text),
    "timing hint in a log": ("roles", _timing),
    "chart axis": ("participant", _chart_axis),
    "colour": ("visit", _colour),
}
"""What is planted -> the route on whose answers, and how."""


class Planted:
    """Middleware: answers that depend on the arm of whoever was randomised first."""

    arm = ""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        route = route_of(request.path)
        for of, plant in PLANTS.values():
            if of == route and (response.status_code == 200 or not of) and request.method == "GET":
                plant(response, self.arm)
        return response


@contextmanager
def planted(twin: Twin) -> Iterator[None]:
    """All ten, in pages of a record of which somebody knows the allocation."""
    arms = twin.allocation.arms()
    given = (
        entry.data["number"]
        for name, lines in sorted(twin.ledgers.items())
        for entry in (read(line.text) for line in lines)
        if name.startswith("participant:") and entry.kind == "randomisation"
    )
    Planted.arm = arms[next(given)]
    with override_settings(MIDDLEWARE=[f"{__name__}.Planted", *settings.MIDDLEWARE]):
        yield
