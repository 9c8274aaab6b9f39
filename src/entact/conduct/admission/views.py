"""The pages of screening: somebody new, everybody who was screened, and the attempts of one participant."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.admission.domain import Refusal, scheme_of, screen, screen_again, transfer, why_they_stay
from entact.conduct.admission.known import Person, known_elsewhere
from entact.conduct.admission.page import attempts_of, log_of
from entact.conduct.asking import Asked, authenticated_by, now_in, reader_of
from entact.conduct.frame import page
from entact.conduct.record.door import Author, Held, turn_of


@sensitive_post_parameters("name", "born")
@require_http_methods(["GET", "HEAD", "POST"])
def new_participant(request: HttpRequest) -> HttpResponse:
    """Takes somebody into screening: number, site and population.

    Raises:
        Http404: when whoever asks takes nobody in.
    """
    reader, authenticated = reader_of(request), authenticated_by(request)
    sites = [
        site
        for site in sorted(reader.study.newest.file.sites)
        if authenticated is not None and request.person.role_for("screen", site) is not None
    ]
    if not sites or authenticated is None:
        raise Http404
    populations = list(reader.study.newest.file.populations)
    site = request.POST.get("site", sites[0])
    population = request.POST.get("population", populations[0])
    number = request.POST.get("number", "")
    if site not in sites or population not in populations:
        raise Http404
    person = Person(request.POST.get("name", "")[:200], request.POST.get("born", "")[:40])
    problem = person.problem(now_in(reader).astimezone(reader.zone_of(site)).date())
    there = known_elsewhere(person, reader) if request.method == "POST" and not problem else []
    is_new = request.POST.get("is_new") == "1"
    if request.method == "POST" and not problem and (not there or is_new):
        role = request.person.role_for("screen", site)
        author = Author(request.person.identity, str(role), authenticated)
        try:
            ledger, _ = screen(number, site, population, reader, author, now_in(reader), person)
        except Refusal as refusal:
            problem = str(refusal)
        else:
            row = next((one for one in reader_of(request).standings([ledger])), None)
            return redirect("matrix", key=row.key if row is not None else number.strip())
    values = {
        "sites": sites,
        "site": site,
        "populations": populations,
        "population": population,
        "number": number,
        "scheme": scheme_of(reader).replace("{site}", site),
        "name": person.name,
        "born": person.born,
        "there": there,
        "problem": problem,
        "here": "participants",
    }
    status = 422 if problem else 409 if there else 200
    return page(request, reader, "admission/new.html", values, status)


@require_safe
def show_log(request: HttpRequest) -> HttpResponse:
    """Everybody who was screened, with what became of it and why."""
    reader = reader_of(request)
    values = {
        "log": log_of(reader, request.GET),
        "may_screen": request.person.may("screen"),
        "here": "participants",
    }
    return page(request, reader, "admission/log.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def show_screening(request: HttpRequest, key: str) -> HttpResponse:
    """The attempts of one participant; screened again, or moved to another site.

    Raises:
        Http404: when there is no such participant, or whoever sends may not take anybody in.
    """
    asked = Asked(request, key)
    role = asked.role_for("screen")
    if request.method != "POST":
        return _screening(asked, role)
    author, what = asked.author(role), asked.sent("do")
    if what not in ("again", "transfer"):
        raise Http404
    ledger = asked.participant.ledger
    try:
        with turn_of(ledger):
            course = asked.again().course
            to = asked.reader, ledger, author, asked.now
            if what == "again":
                screen_again(course, asked.sent("number"), *to)
            elif asked.sent("site") not in asked.reader.study.newest.file.sites:
                raise Http404
            else:
                transfer(course, asked.sent("site"), asked.sent("reason"), *to)
    except (Refusal, Held) as refusal:
        return _screening(asked.again(), role, str(refusal))
    there = reader_of(request).standings([ledger])
    return redirect("matrix", key=there[0].key) if there else redirect("participants")


def _screening(asked: Asked, role: str | None, problem: str = "") -> HttpResponse:
    course = asked.course
    ended = course.eligibility is not None or bool(course.discontinued)
    values = {
        "participant": asked.participant,
        "attempts": attempts_of(course, asked.seen, asked.zone),
        "may_screen": role is not None,
        "may_again": course.enrolment is None and ended and asked.reader.sight.sees_status,
        "number": course.screening.number if course.screening is not None else "",
        "scheme": scheme_of(asked.reader),
        "site": course.site,
        "stays": why_they_stay(course),
        "to": asked.sent("site"),
        "reason": asked.sent("reason"),
        "sites": [one for one in sorted(asked.reader.study.newest.file.sites) if one != course.site],
        "problem": problem,
        "here": "participants",
    }
    status = 422 if problem else 200
    return page(asked.request, asked.reader, "admission/screening.html", values, status)
