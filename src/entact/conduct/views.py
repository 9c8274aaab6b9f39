"""The pages: study, participants, one participant's timeline. They only read.

Who may see which of them the doorkeeper asks the table (`permissions`) before they are called; whom they show
follows from the sites and the sight of who asks.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from entact.conduct.asking import Asked
from entact.conduct.blinding.telling import is_planned
from entact.conduct.casebook import casebook
from entact.conduct.dashboard import draw_board
from entact.conduct.error import ConductError
from entact.conduct.forms.place import visit_address
from entact.conduct.frame import banner, page
from entact.conduct.given import note_given, stream_csv
from entact.conduct.home import waits_for
from entact.conduct.language.printed import in_language
from entact.conduct.linking.domain import linked_population
from entact.conduct.overview import describe
from entact.conduct.participants import COLUMNS, find_number, list_participants, participant_rows
from entact.conduct.reader import BROKEN, environment_of_database, reader_for
from entact.conduct.session.open import open_sessions
from entact.conduct.timeline import tell
from entact.conduct.upkeep.reports import upkeep
from entact.conduct.versions.domain import has_conflicts
from entact.conduct.words import title_of_visit
from entact.course.fold import Broken
from entact.course.kinds import KINDS
from entact.report.casebook import draw_casebook
from entact.report.page import schedule_style
from entact.store import StoreError


@require_safe
def show_study(request: HttpRequest) -> HttpResponse:
    """The study: what it is, its schedule, gates and alerts, and how its sites stand."""
    reader = reader_for(request.person)
    kept = upkeep() if request.person.may("manage_people") else None
    today, may_screen = waits_for(reader, request.person), request.person.may("screen")
    values = {
        "overview": describe(reader),
        "today": today,
        "upkeep": kept,
        "may_screen": may_screen,
        "here": "study",
    }
    return page(request, reader, "study.html", values)


@require_safe
def show_participants(request: HttpRequest) -> HttpResponse:
    """The list of participants."""
    reader = reader_for(request.person)
    listing = list_participants(reader, request.GET)
    values = {
        "listing": listing,
        "may_screen": request.person.may("screen"),
        "query": _narrowed(request),
        "here": "participants",
    }
    return page(request, reader, "participants.html", values)


@require_safe
def export_participants(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All of the list as CSV; that it was given out is kept. Of one that is not as asked for, the page."""
    reader, asked = reader_for(request.person), _narrowed(request)
    if list_participants(reader, request.GET).wrong:  # the page says what; a file cannot
        return redirect(f"/participants/?{asked}")
    kept_as = f"participants{f', {asked}' if asked else ''}"
    rows = participant_rows(reader, request.GET)
    return stream_csv(request, reader, "participants", kept_as, COLUMNS, rows)


def _narrowed(request: HttpRequest) -> str:
    """By what the list is narrowed, as an address says it."""
    said = {name: request.GET.get(name, "") for name in ("site", "status")}
    return urlencode({name: text for name, text in said.items() if text})


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The participant of a number, whichever of theirs it is: screening number, subject number, opaque id."""
    reader = reader_for(request.person)
    number = request.GET.get("number", "").replace("\0", "").strip()[:80]  # which no record can hold
    found = find_number(reader, number) if number else []
    if len(found) == 1:
        return redirect("participant", key=found[0].key)
    values = {"number": number, "found": found, "here": "participants"}
    return page(request, reader, "find.html", values, 200 if found or not number else 404)


@require_safe
def show_dashboard(request: HttpRequest) -> HttpResponse:
    """How the study goes: recruitment, retention, windows, what is missing; nothing by arm."""
    reader = reader_for(request.person)
    return page(request, reader, "dashboard.html", {"board": draw_board(reader), "here": "dashboard"})


@require_safe
def show_participant(request: HttpRequest, key: str) -> HttpResponse:
    """One participant's timeline.

    Raises:
        Http404: when nobody whom this person may see has this number.
    """
    reader = reader_for(request.person)
    standing = reader.standing(key)
    if standing is None:
        raise Http404
    folded = reader.folded([standing.ledger])[standing.ledger]
    if isinstance(folded, Broken):
        raise ConductError(f"{standing.number} {gettext(BROKEN)}")
    timeline = tell(reader, standing, folded, opened=request.GET.get("open", ""))
    course = folded.course
    follows = request.person.may("follow_session", course.site)
    sessions = open_sessions(reader, course) if follows else ()
    answers = request.person.may("answer_alert", course.site)
    values = {
        "timeline": timeline,
        "alerts": [(one, one.address(standing.key) if answers else "") for one in timeline.alerts],
        "sessions": [
            (title_of_visit(name.partition("#")[0], reader.visits), visit_address(name)) for name in sessions
        ],
        "breaks_code": course.randomisation is not None and request.person.may("break_code", course.site),
        "versions": request.person.may("decide_version", course.site) and has_conflicts(course),
        "links": request.person.may("link", course.site) and linked_population(course) is not None,
        "told_of": is_planned(request.person, course),
        "keeps_kits": request.person.may("check_supply", course.site) and reader.sight.sees("dosing"),
        "sees_medication": reader.sight.sees(*KINDS["medication"].tells),
        "reads_audit": request.person.may("read_audit", course.site),
        "signs": request.person.may("sign", course.site),
        "reads_signatures": request.person.may("read_signatures", course.site),
        "freezes": request.person.may("freeze", course.site),
        "reads_locks": request.person.may("read_locks", course.site),
        "here": "participants",
    }
    return page(request, reader, "participant.html", values)


@require_safe
def give_casebook(request: HttpRequest, key: str) -> HttpResponse:
    """One participant's casebook as a PDF, in the language of the page; that it was given out is kept.

    Raises:
        Http404: when nobody whom this person may see has this number, or the audit trail is not theirs.
    """
    asked = Asked(request, key)
    role = asked.role_for("read_audit")
    if role is None:
        raise Http404
    given_out = gettext("Given out to {name}, who had signed in.").format(name=asked.person.name)
    book = casebook(asked.reader, asked.participant, asked.opener(asked.role_for("correct")), given_out)
    note_given(request, asked.reader, f"casebook of {asked.participant.number}")
    drawn = draw_casebook(in_language("casebook", book.values()))
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{asked.reader.study.name}-casebook.pdf"'
    return answer


@require_safe
def show_style(request: HttpRequest) -> HttpResponse:
    """The style of the schedule, which every page about a study shares."""
    return HttpResponse(schedule_style(), content_type="text/css; charset=utf-8")


def show_unknown(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for an address that leads nowhere; it repeats nothing of the address."""
    try:
        environment = environment_of_database()
    except (DatabaseError, StoreError):
        environment = ""
    return render(request, "404.html", {"banner": banner(environment)}, status=404)
