"""The pages of the deviation log."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from entact.conduct.asking import reader_of
from entact.conduct.deviations.selectors import Looked, all_deviations, category_words, list_deviations
from entact.conduct.frame import page
from entact.conduct.given import stream_csv
from entact.conduct.language.codelists import called_code, codelist
from entact.conduct.narrowed import not_taken
from entact.conduct.places import opened_place, sealed_place
from entact.conduct.reader import Reader
from entact.course.kinds.checks import OVERRIDDEN
from entact.course.kinds.stopping import DEVIATION
from entact.store.lists.filled import FilledKey

IMPORTANCES = ("minor", "major")
COLUMNS = ("participant", "site", "visit", "when", "category", "importance", "by", "entry")


@require_safe
def show_deviations(request: HttpRequest) -> HttpResponse:
    """Deviations of the sites that whoever asks sees, narrowed as the address says."""
    reader = reader_of(request)
    looked = _looked(request, reader)
    log = list_deviations(reader, looked, _place(request.GET.get("after", "")))
    asked = _asked(looked)
    values = {
        "wrong": _wrong(request, looked),
        "log": log,
        "looked": looked,
        "query": urlencode(asked),
        "sites": [site for site in reader.study.newest.file.sites if reader.sees_site(site)],
        "categories": [
            *codelist(DEVIATION.name, "category").items(),
            (OVERRIDDEN, category_words(OVERRIDDEN)),
        ],
        "importances": [(one, called_code(DEVIATION.name, "importance", one)) for one in IMPORTANCES],
        "further": f"{reverse('deviations')}?" + urlencode(asked | {"after": sealed_place(list(log.further))})
        if log.further is not None
        else "",
        "here": "deviations",
    }
    return page(request, reader, "deviations/log.html", values)


@require_safe
def export_deviations(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All that are looked for as CSV, in the codes of the record; that it was given out is kept."""
    reader = reader_of(request)
    looked = _looked(request, reader)
    if _wrong(request, looked):  # the page says what; a file cannot
        return redirect(f"{reverse('deviations')}?{request.GET.urlencode()}")
    rows = (
        {
            "participant": row.number,
            "site": row.site,
            "visit": row.encounter if row.visit else "",
            "when": row.when,
            "category": row.category,
            "importance": row.importance,
            "by": row.reporter,
            "entry": row.entry,
        }
        for row in all_deviations(reader, looked)
    )
    asked = urlencode(_asked(looked))
    kept_as = f"deviation log{f', {asked}' if asked else ''}"
    return stream_csv(request, reader, "deviations", kept_as, COLUMNS, rows)


def _looked(request: HttpRequest, reader: Reader) -> Looked:
    """What the address looks for; what it says and is not there is said, and not looked for."""
    site, importance = request.GET.get("site", ""), request.GET.get("importance", "")
    return Looked(
        site=site if site in reader.study.newest.file.sites else "",
        category=request.GET.get("category", "").replace("\0", "")[:80],
        importance=importance if importance in IMPORTANCES else "",
    )


def _wrong(request: HttpRequest, looked: Looked) -> list[str]:
    titles = {"site": gettext("Site"), "importance": gettext("Importance")}
    return not_taken(request.GET, {"site": looked.site, "importance": looked.importance}, titles)


def _asked(looked: Looked) -> dict[str, str]:
    said = {"site": looked.site, "category": looked.category, "importance": looked.importance}
    return {name: text for name, text in said.items() if text}


def _place(text: str) -> FilledKey | None:
    found = opened_place(text)
    return None if found is None or len(found) != 4 else (found[0], found[1], found[2], found[3])
