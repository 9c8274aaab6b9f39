"""The pages of releases: which there are and where they count; one is tried on the record, and entered."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.access.models import Account
from entact.conduct.asking import now_in, reader_of
from entact.conduct.delegation import zone_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.releases.domain import (
    STATUSES,
    SiteStands,
    enter_release,
    entered,
    read_release,
    seen_of,
    set_status,
    sites_stand,
)
from entact.conduct.releases.preview import preview
from entact.conduct.words import lower_words, moment
from entact.course.entry import Entry, instant
from entact.protocol import StudyError
from entact.protocol.words.label import begun

FILE = "release.yaml"


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_releases(request: HttpRequest) -> HttpResponse:
    """Every release, and under which of them each site may work since when; who may says that of a site.

    Raises:
        Http404: when somebody sends who may not.
    """
    reader, problem = reader_of(request), ""
    person = request.person
    opens = person.may("open_site")
    if request.method == "POST":
        if not opens:
            raise Http404
        problem = _open_site(request, reader)
        if not problem:
            return redirect("releases")
    names = dict(Account.objects.values_list("name", "title"))
    brought, sites = entered(), sites_stand(reader.study)
    values = {
        "releases": [
            (one.file.release, one.id, one.file.amendment, _said(brought.get(one.id), names, reader))
            for one in reversed(reader.study.releases)
        ],
        "sites": [_shown(one, reader, names) for one in sites],
        "seen": seen_of(sites),
        "opens": opens,
        "tries": person.may("try_release"),
        "statuses": [(one, _STATUS[one]) for one in STATUSES],
        "problem": problem,
        "sent": request.POST,
        "here": "releases",
        **(asks_again(request, seen_of(sites)) if opens else {}),
    }
    return page(request, reader, "releases/releases.html", values, 422 if problem else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def preview_release(request: HttpRequest) -> HttpResponse:
    """What the study file that is sent would do to whom, or what is wrong in it; then it is entered."""
    reader = reader_of(request)
    problems: list[str] = []
    found, text, expected = None, "", ""
    if request.method == "POST":
        raw, wrong = _sent_file(request)
        problems = [wrong] if wrong else []
        try:
            if raw and request.POST.get("do") == "enter":
                problem = _enter(request, reader, raw)
                if not problem:
                    return redirect("releases")
                problems.append(problem)
            if raw:
                found = preview(reader, raw, FILE)
                text, expected = b64encode(raw).decode(), found.id
                read_release(reader.study, raw, FILE, reader.environment)
        except StudyError as error:
            problems += [str(one) for one in error.problems]
            text = ""
        except ValueError as error:
            problems.append(str(error))
            text = ""
    values: dict[str, Any] = {
        "found": found,
        "text": text,
        "expected": expected,
        "problems": problems,
        "newest": reader.study.newest.file.release,
        "reason": request.POST.get("reason", ""),
        "here": "releases",
        **(asks_again(request, expected) if text else {}),
    }
    return page(request, reader, "releases/preview.html", values, 422 if problems else 200)


_STATUS = {
    "active": gettext_lazy("May work"),
    "held": gettext_lazy("On hold"),
    "closed": gettext_lazy("Closed"),
}


def _sent_file(request: HttpRequest) -> tuple[bytes, str]:
    """The study file that was chosen, or that the page sends back; else why there is none."""
    file = request.FILES.get("file")
    try:
        raw = file.read() if file is not None else b64decode(request.POST.get("text", ""), validate=True)
    except ValueError:
        raw = b""
    return raw, "" if raw else gettext("Choose the study file of the release.")


def _enter(request: HttpRequest, reader: Reader, raw: bytes) -> str:
    """Enters the release that was tried; else why not."""
    expected = request.POST.get("expected", "")
    second = sign_again(request, expected, now_in(reader))
    if isinstance(second, str):
        return second
    by = _author(request, "try_release")
    try:
        enter_release(reader, raw, FILE, expected, request.POST.get("reason", ""), by=by, second=second)
    except ConductError as error:
        return f"{begun(str(error))}."
    return ""


def _open_site(request: HttpRequest, reader: Reader) -> str:
    """Says of a site whether it may work; else why not."""
    sent = request.POST
    seen = sent.get("seen", "")
    second = sign_again(request, seen, now_in(reader))
    if isinstance(second, str):
        return second
    try:
        set_status(
            reader, sent.get("site", ""), sent.get("release", ""), sent.get("status", ""), seen,
            sent.get("reason", ""),
            by=_author(request, "open_site"), second=second,
        )  # fmt: skip
    except ConductError as error:
        return f"{begun(str(error))}."
    return ""


def _author(request: HttpRequest, act: str) -> Author:
    person = request.person
    return Author(person.identity, person.role_for(act) or "", request.authenticated)


def _shown(one: SiteStands, reader: Reader, names: dict[str, str]) -> dict[str, Any]:
    labels = {release.id: release.file.release for release in reader.study.releases}
    zone = zone_of(one.site)
    history = [
        (
            _STATUS.get(str(said.data.get("status", "active")), ""),
            labels.get(str(said.data.get("release")), "?"),
            moment(instant(said.occurred_at), zone),
            f"{names.get(said.by, said.by)}, {lower_words(said.role)}",
            said.reason or "",
        )
        for said in reversed(one.history)
    ]
    return {
        "site": one.site,
        "release": one.release,
        "status": one.status,
        "title": _STATUS.get(one.status, ""),
        "waits": one.waits,
        "history": history,
    }


def _said(entry: Entry | None, names: dict[str, str], reader: Reader) -> str:
    """Who entered a release, and when."""
    if entry is None:
        return ""
    at = moment(instant(entry.occurred_at), reader.at.tzinfo or UTC)
    said = gettext("entered {at} by {by}").format(at=at, by=names.get(entry.by, entry.by))
    return f"{said}: {entry.reason}" if entry.reason else said
