"""Pages of forms across participants, and what is done about several of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked, reader_of
from entact.conduct.frame import page
from entact.conduct.given import stream_csv
from entact.conduct.listings import saved
from entact.conduct.listings.selectors import STATES, Looked, all_forms, list_forms
from entact.conduct.locks.domain import freeze
from entact.conduct.monitoring.domain import verify
from entact.conduct.monitoring.since import last_visit
from entact.conduct.narrowed import not_taken
from entact.conduct.places import opened_place, sealed_place
from entact.conduct.queries.domain import may_be_asked, raise_query
from entact.conduct.reader import Reader
from entact.conduct.words import role_words, title_of_form, title_of_visit
from entact.store.lists.filled import FilledKey

COLUMNS = (
    *("participant", "site", "visit", "timepoint", "repeat", "form", "when", "changed", "by"),
    *("queries", "verified", "signed", "frozen", "entry"),
)


@require_safe
def show_listing(request: HttpRequest) -> HttpResponse:
    """Forms across participants, narrowed as the address says."""
    reader = reader_of(request)
    looked = _looked(request, reader)
    return _shown(request, reader, looked)


@require_safe
def export_listing(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All of a listing as CSV; that it was given out is kept. Of one that is not as asked for, the page."""
    reader = reader_of(request)
    looked = _looked(request, reader)
    if _wrong(request, looked):  # the page says what; a file cannot
        return redirect(f"{reverse('listing')}?{urlencode(_asked(request.GET))}")
    rows = (
        {
            "participant": row.number,
            "site": row.site,
            "visit": row.encounter,
            "timepoint": row.timepoint,
            "repeat": row.repeat,
            "form": row.form,
            "when": row.when,
            "changed": row.changed,
            "by": row.by,
            "queries": row.queries,
            "verified": row.verified,
            "signed": row.signed,
            "frozen": row.frozen,
            "entry": row.entry,
        }
        for row in all_forms(reader, looked)
    )
    asked = urlencode(_asked(request.GET))
    return stream_csv(
        request, reader, "forms", f"listing of forms{f', {asked}' if asked else ''}", COLUMNS, rows
    )


@require_http_methods(["GET", "HEAD", "POST"])
def act_on_listing(request: HttpRequest) -> HttpResponse:
    """Verifies, freezes or asks about the entries that were ticked; each for itself, and says what was not.

    Who comes back to the address, or changes the language there, is shown the listing.

    Raises:
        Http404: when whoever asks may do it at none of their sites, or nothing is asked for.
    """
    if request.method != "POST":
        return redirect(f"{reverse('listing')}?{urlencode(_asked(request.GET))}")
    what = request.POST.get("do", "")
    acts = {"verify": "verify", "freeze": "freeze", "query": "ask_query"}
    if what not in acts or not request.person.may(acts[what]):
        raise Http404
    head = request.POST.get("head", "")
    text = request.POST.get("text", "").replace("\0", "").strip()
    done, problems = 0, []
    ticked = _ticked(request)
    if not ticked:
        problems.append(gettext("Nothing was ticked: tick what it is about."))
    elif what == "query" and not text:
        problems.append(gettext("Say what is asked."))
    for key, entries in ticked.items() if not problems else ():
        asked = Asked(request, key)
        author = asked.author(asked.role_for(acts[what]))
        problem: str | None = None
        if what == "verify":
            known = _number(head.partition(f"{key}~")[2].partition(" ")[0])
            problem = verify(asked, entries, (), known, author)
        elif what == "query":
            for entry in entries:
                if may_be_asked(asked, entry) is None or raise_query(asked, entry, "", text) is None:
                    problem = gettext("An entry cannot be asked about.")
        else:
            for encounter in _encounters(asked, entries):
                problem = freeze(asked, encounter, "", author) or problem
        done += problem is None
        problems += [] if problem is None else [f"{asked.participant.number}: {problem}"]
    reader = reader_of(request)
    said = (
        ""
        if not done
        else ngettext("Done for {done} participant.", "Done for {done} participants.", done).format(done=done)
    )
    return _shown(request, reader, _looked(request, reader), said, problems)


@require_http_methods(["GET", "HEAD", "POST"])
def save_listing(request: HttpRequest) -> HttpResponse:
    """Saves what the address looks for under a name, or removes one of one's own.

    Who comes back to the address, or changes the language there, is shown the listing.

    Raises:
        Http404: when there is none to be removed.
    """
    person, asked = request.person, saved.asked_in(request.GET)
    if request.method != "POST":
        return redirect(f"{reverse('listing')}?{asked}")
    if request.POST.get("do") == "remove":
        if not saved.remove(person, request.POST.get("saved", "")):
            raise Http404
        return redirect("listing")
    title, shared = request.POST.get("title", ""), bool(request.POST.get("shared"))
    problem = saved.save(person, title, asked, shared=shared)
    if problem is None:
        return redirect(f"{reverse('listing')}?{asked}")
    reader = reader_of(request)
    return _shown(request, reader, _looked(request, reader), problems=[problem])


def _shown(
    request: HttpRequest, reader: Reader, looked: Looked, said: str = "", problems: list[str] | None = None
) -> HttpResponse:
    listing = list_forms(reader, looked, _place(request.GET.get("after", "")))
    asked = _asked(request.GET)
    forms = {
        name: title_of_form(form)
        for release in reader.study.releases
        for name, form in release.forms.items()
        if reader.sight.sees_form(name)
    }
    visits = {
        name: title_of_visit(name, reader.visits) for name in reader.visits if reader.sight.sees_visit(name)
    }
    heads = {row.key: row.seq for row in listing.rows}
    person, names = request.person, people_called()
    values = {
        "listing": listing,
        "rows": [(row, names.get(row.by) or role_words(row.by)) for row in listing.rows],
        "asked": request.GET,
        "forms": sorted(forms.items(), key=lambda one: one[1]),
        "visits": visits.items(),
        "sites": [site for site in reader.study.newest.file.sites if reader.sees_site(site)],
        "states": STATES,
        "further": f"{reverse('listing')}?"  # also from the page that says what was done
        + urlencode(asked | {"after": sealed_place(list(listing.further))})
        if listing.further is not None
        else "",
        "query": urlencode(asked),
        "head": " ".join(f"{key}~{seq}" for key, seq in heads.items()),
        "may": [what for what, act in _MAY.items() if person.may(act)],
        "said": said,
        "problems": problems or [],
        "wrong": _wrong(request, looked),
        "is_new": request.GET.get("since") == saved.LAST and looked.since is None,
        "last_visit": last_visit(person.identity),
        "saved": saved.saved_for(person),
        "here": "listing",
    }
    return page(request, reader, "listings/listing.html", values, 422 if problems else 200)


_MAY = {"verify": "verify", "freeze": "freeze", "query": "ask_query"}


def _asked(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in asked.items() if name != "after" and text}


def _looked(request: HttpRequest, reader: Reader) -> Looked:
    asked = request.GET
    form, visit, site = asked.get("form", ""), asked.get("visit", ""), asked.get("site", "")
    since = asked.get("since", "")
    return Looked(
        form=form if reader.sight.sees_form(form) else "",
        visit=visit if visit in reader.visits else "",
        site=site if site in reader.study.newest.file.sites else "",
        state=asked.get("state", "") if asked.get("state") in STATES else "",
        since=_day(since if since != saved.LAST else last_visit(request.person.identity)),
    )


def _wrong(request: HttpRequest, looked: Looked) -> list[str]:
    """What is asked for and is not there, in words."""
    asked, since = request.GET, request.GET.get("since", "")
    taken = {"form": looked.form, "visit": looked.visit, "site": looked.site, "state": looked.state}
    titles = {"form": gettext("Form"), "visit": gettext("Visit")}
    titles |= {"site": gettext("Site"), "state": gettext("Still")}
    told = not_taken(asked, taken, titles)
    if since and since != saved.LAST and looked.since is None:
        told.append(gettext("{text} is no day: write it as 2026-04-30.").format(text=repr(since[:40])))
    return told


def _day(text: str) -> datetime | None:
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2999 else None


def _place(text: str) -> FilledKey | None:
    found = opened_place(text)
    return None if found is None or len(found) != 4 else (found[0], found[1], found[2], found[3])


def _ticked(request: HttpRequest) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in request.POST.getlist("tick"):
        key, _, entry = text.replace("\0", "").rpartition("~")
        found.setdefault(key, []).append(entry)
    return found


def _encounters(asked: Asked, entries: list[str]) -> list[str]:
    named = (one.entry.encounter for one in asked.course.effective if one.id in entries)
    return list(dict.fromkeys(one for one in named if one is not None))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
