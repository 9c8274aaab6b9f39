"""Pages of monitors: verification against the source, what waits for it, reports of visits to sites."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.access.models import Account
from entact.conduct.asking import Asked, authenticated_by, now_in, reader_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.given import note_given
from entact.conduct.language.printed import in_language
from entact.conduct.monitoring.domain import verify
from entact.conduct.monitoring.page import (
    ROWS,
    Report,
    actions_sent,
    count_withheld,
    draft_shown,
    reports_shown,
)
from entact.conduct.monitoring.visit import draft_of, owners_at, send_report, settle_action, token_of
from entact.conduct.monitoring.worklist import worklist
from entact.conduct.narrowed import not_taken
from entact.conduct.places import opened_place, sealed_place
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.words import told
from entact.report.monitoring import draw_report
from entact.store import lists


@require_POST
def verify_entries(request: HttpRequest, key: str) -> HttpResponse:
    """Notes that entries agree with the source, and goes back to where that was said.

    Raises:
        Http404: when there is no such participant, or whoever asks may not verify.
    """
    asked = Asked(request, key)
    author = asked.author(asked.role_for("verify"))
    head = asked.sent("head")
    known = int(head) if head.isascii() and head.isdecimal() and len(head) < 16 else 0
    items = [one.replace("\0", "") for one in request.POST.getlist("item")]
    problem = verify(asked, request.POST.getlist("entry"), items, known, author)
    if problem is not None:
        values = {"problems": [problem], "participant": asked.participant, "here": "participants"}
        return page(request, asked.reader, "monitoring/refused.html", values, 422)
    back = asked.sent("back")
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return HttpResponseRedirect(back) if safe else redirect("participant", key=key)


@require_safe
def show_worklist(request: HttpRequest) -> HttpResponse:
    """What is to be verified and is not yet, participant by participant."""
    reader = reader_of(request)
    sites = [site for site in reader.study.newest.file.sites if reader.sees_site(site)]
    site = request.GET.get("site", "")
    site = site if site in sites else ""
    found = worklist(reader, site or None, _place(request.GET.get("after", "")))
    further = {"after": sealed_place(list(found.further))} if found.further is not None else {}
    values = {
        "found": found,
        "plan": reader.study.newest.file.verification,
        "wrong": not_taken(request.GET, {"site": site}, {"site": gettext("Site")}),
        "sites": sites,
        "site": site,
        "further": "?" + urlencode({**further, "site": site} if site else further) if further else "",
        "here": "worklist",
    }
    return page(request, reader, "monitoring/worklist.html", values)


def _place(text: str) -> lists.Key | None:
    found = opened_place(text)
    return (found[0], found[1], found[2]) if found is not None and len(found) == 3 else None


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_visits(request: HttpRequest, site: str) -> HttpResponse:
    """The reports of monitoring visits to a site; a new one, signed when it is sent by who monitors.

    Raises:
        Http404: when the site's reports are not for whoever asks, or one is not theirs to write.
    """
    person, reader = request.person, _reader_at(request, site)
    monitors = person.role_for("verify", site)
    problem = ""
    if request.method == "POST":
        if monitors is None:
            raise Http404
        sent = {name: value.replace("\0", "") for name, value in request.POST.items()}
        try:
            second = sign_again(request, sent.get("expected", ""), now_in(reader))
            if isinstance(second, str):
                raise ConductError(second)
            author = _author(request, monitors)
            by = replace(author, authenticated=msgspec.structs.replace(author.authenticated, second=second))
            actions = actions_sent(sent)
            report = send_report(
                reader, person, site, sent.get("expected", ""), sent.get("text", ""), actions, by
            )
        except ConductError as error:
            problem = str(error)
        else:
            return redirect("monitoring_report", site=site, report=report)
    names = dict(Account.objects.values_list("name", "title"))
    draft = draft_of(reader, person, site) if monitors is not None else None
    values = {
        "site": site,
        "reports": reports_shown(reader, person, site, names),
        "withheld": count_withheld(reader, site),
        "draft": draft_shown(draft, reader.zone_of(site)) if draft is not None else None,
        "expected": token_of(draft) if draft is not None else "",
        "owners": owners_at(person, site) if monitors is not None else [],
        "rows": [
            (number, *(request.POST.get(f"{name}{number}", "") for name in ("action", "owner", "due")))
            for number in range(1, ROWS + 1)
        ],
        "text": request.POST.get("text", ""),
        **(asks_again(request, token_of(draft)) if draft is not None else {}),
        "problem": problem,
        "here": "monitoring",
    }
    return page(request, reader, "monitoring/visits.html", values, 422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def show_report(request: HttpRequest, site: str, report: str) -> HttpResponse:
    """One report with its actions, as far as it is for whoever asks; what became of an action is sent here.

    Raises:
        Http404: when there is no such report, or nothing of it is for whoever asks.
    """
    person, reader = request.person, _reader_at(request, site)
    problem = ""
    if request.method == "POST":
        role = person.role_for("read_monitoring", site)
        number, sent = request.POST.get("action", ""), request.POST
        by = _author(request, role)
        try:
            which = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0
            status, text = sent.get("status", ""), sent.get("text", "").replace("\0", "")
            settle_action(person, site, report, which, status, text, by)
        except ConductError as error:
            problem = str(error)
        else:
            return redirect("monitoring_report", site=site, report=report)
    shown = _report(request, reader, site, report)
    values = {"site": site, "report": shown, "problem": problem, "here": "monitoring"}
    return page(request, reader, "monitoring/report.html", values, 422 if problem else 200)


@require_safe
def give_report(request: HttpRequest, site: str, report: str) -> HttpResponse:
    """One report to print; that it was given out is kept.

    Raises:
        Http404: when there is no such report, or not all of it is for whoever asks.
    """
    reader = _reader_at(request, site)
    shown = _report(request, reader, site, report)
    if not shown.is_whole:
        raise Http404
    note_given(request, reader, f"report of a monitoring visit to {site}, {report}")
    study = reader.study.newest.file
    document = draw_report(shown, told(study.title), site, reader.environment, in_language("monitoring", {}))
    answer = HttpResponse(document, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{reader.study.name}-monitoring-{site}.pdf"'
    return answer


def _reader_at(request: HttpRequest, site: str) -> Reader:
    person = request.person
    if site not in person.permissions.sites or not person.may("read_monitoring", site):
        raise Http404
    reader = reader_of(request)
    if not reader.sight.sees_schedule:
        raise Http404
    return reader


def _author(request: HttpRequest, role: str | None) -> Author:
    authenticated = authenticated_by(request)
    if role is None or authenticated is None:
        raise Http404
    return Author(request.person.identity, role, authenticated)


def _report(request: HttpRequest, reader: Reader, site: str, report: str) -> Report:
    names = dict(Account.objects.values_list("name", "title"))
    known = reports_shown(reader, request.person, site, names)
    shown = next((one for one in known if one.entry == report), None)
    if shown is None:
        raise Http404
    return shown
