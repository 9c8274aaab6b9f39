"""What every page has around it: the study, the role, what is hidden from it, and the banner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from entact.conduct.language.choice import TITLES
from entact.conduct.language.codes import code_words
from entact.conduct.reader import Reader, environment_of_database
from entact.conduct.sight import NEVER
from entact.conduct.words import role_words, told

SIMULATED = {"rehearsal": "rehearsal", "training": "training"}


def page(
    request: HttpRequest, reader: Reader, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the record, with its frame."""
    person = request.person
    asker = {
        "manages_people": person.may("manage_people"),
        "reads_staff": person.may("read_staff"),
        "reads_audit": person.may("read_audit"),
        "takes_files": person.may("export"),
        "rates": person.may("rate"),
        "measures_blinding": person.may("measure_blinding"),
        "oversees_raters": bool(reader.study.newest.file.second_ratings) and person.may("oversee_raters"),
        "rates_again": person.may("rate_again"),
        "reads_fidelity": person.may("read_fidelity"),
        "verifies": person.may("verify"),
        "monitored": [
            site for site in sorted(person.permissions.sites) if person.may("read_monitoring", site)
        ]
        if person.sight.sees_schedule
        else [],
        "reads_supply": person.may("read_supply") and person.sight.sees("schedule", "dosing"),
        "reads_releases": person.may("read_releases"),
        "locks_study": person.may("lock") or (person.may("read_locks") and reader.sites is None),
        "reports": bool(reader.study.newest.file.periodic_reports) and person.may("send_report"),
        "reads_holds": person.may("read_holds"),
        "has_account": not request.user.is_demonstration,
    }
    return render(request, template, {**frame(reader), **asker, **context}, status=status)


def frame(reader: Reader) -> dict[str, Any]:
    """What every page has around it."""
    sight = reader.sight
    until: dict[str, list[str]] = {}
    for name, when in sight.hidden.items():
        until.setdefault(when, []).append(code_words(name))
    return {
        "study_title": told(reader.study.newest.file.title),
        "study_name": reader.study.name,
        "banner": banner(reader.environment),
        "unrandomised": reader.study.newest.file.randomisation is None,
        "role": role_words(sight.role),
        "hidden": [(_hidden(when), sorted(names)) for when, names in until.items()],
        "hidden_until": _until(until),
        "study_time": reader.environment == "rehearsal",
        "sees_schedule": sight.sees_schedule,
        "tongues": TITLES.items(),
        "sees_status": sight.sees_status,
    }


def _hidden(when: str) -> str:
    return (
        gettext("Never shown to this role")
        if when == NEVER
        else gettext("Hidden until {when}").format(when=code_words(when))
    )


def _until(until: Mapping[str, object]) -> str:
    """What stands behind `hidden from a role`: until when, where that is ever."""
    if NEVER in until:
        return ""
    return gettext(" until {until}").format(
        until=code_words(str(next(iter(until))) if len(until) == 1 else "lock")
    )


def plain_frame() -> dict[str, Any]:
    """What stands around a page that shows nothing of the record."""
    return {"banner": banner(environment_of_database()), "study_title": "entact"}


def banner(environment: str) -> str:
    """What stands above everything where the data are not of people."""
    return (
        gettext("SIMULATED DATA — {simulated}").format(simulated=code_words(environment))
        if environment in SIMULATED
        else ""
    )
