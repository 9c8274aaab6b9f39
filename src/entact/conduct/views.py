"""The pages: study, participants, one participant's timeline. They only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from entact.conduct.error import ConductError
from entact.conduct.overview import describe
from entact.conduct.participants import list_participants
from entact.conduct.register import BROKEN, Register, environment_of_database, open_register
from entact.conduct.timeline import tell
from entact.conduct.today import needs_today
from entact.conduct.words import lower_words
from entact.course.fold import Broken
from entact.report.page import schedule_style
from entact.store import StoreError

SIMULATED = {"rehearsal": "rehearsal", "training": "training"}


@require_safe
def show_study(request: HttpRequest) -> HttpResponse:
    """The study: what it is, its schedule, gates and alerts, and how its sites stand."""
    register = open_register(settings.ENTACT_ROLE)
    today = needs_today(register) if register.sight.sees_schedule else None
    values = {"overview": describe(register), "today": today, "here": "study"}
    return _page(request, register, "study.html", values)


@require_safe
def show_participants(request: HttpRequest) -> HttpResponse:
    """The list of participants."""
    register = open_register(settings.ENTACT_ROLE)
    if not register.sight.sees_schedule:
        return _hidden(request, register)
    listing = list_participants(register, request.GET)
    return _page(request, register, "participants.html", {"listing": listing, "here": "participants"})


@require_safe
def show_participant(request: HttpRequest, key: str) -> HttpResponse:
    """One participant's timeline.

    Raises:
        Http404: when nobody has this number.
    """
    register = open_register(settings.ENTACT_ROLE)
    if not register.sight.sees_schedule:
        return _hidden(request, register)  # the same whether or not there is such a participant
    standing = register.standing(key)
    if standing is None:
        raise Http404
    folded = register.folded([standing.ledger])[standing.ledger]
    if isinstance(folded, Broken):
        raise ConductError(f"{standing.number} {BROKEN}")
    timeline = tell(register, standing, folded)
    return _page(request, register, "participant.html", {"timeline": timeline, "here": "participants"})


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
    return render(request, "404.html", {"banner": _banner(environment)}, status=404)


def _page(
    request: HttpRequest, register: Register, template: str, context: Mapping[str, Any]
) -> HttpResponse:
    return render(request, template, {**_frame(register), **context})


def _hidden(request: HttpRequest, register: Register) -> HttpResponse:
    return render(request, "hidden.html", {**_frame(register), "here": "participants"}, status=403)


def _frame(register: Register) -> dict[str, Any]:
    """What every page has around it."""
    sight = register.sight
    until: dict[str, list[str]] = {}
    for name, when in sight.hidden.items():
        until.setdefault(when, []).append(lower_words(name))
    return {
        "study_title": register.study.newest.file.title,
        "study_name": register.study.name,
        "banner": _banner(register.environment),
        "role": lower_words(sight.role),
        "hidden": [(when, sorted(names)) for when, names in until.items()],
        "hidden_until": next(iter(until)) if len(until) == 1 else "lock",
        "study_time": register.environment == "rehearsal",
        "sees_schedule": sight.sees_schedule,
        "sees_status": sight.sees_status,
    }


def _banner(environment: str) -> str:
    return f"SIMULATED DATA — {SIMULATED[environment]}" if environment in SIMULATED else ""
