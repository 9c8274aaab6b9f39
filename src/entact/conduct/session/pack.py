"""What is printed the evening before a dosing session: it needs no network, and knows no arm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.frame import banner
from entact.conduct.language.codes import item_title
from entact.conduct.language.sentences import told_again
from entact.conduct.session.rules import GATED, plan_of
from entact.conduct.words import moment, time_words, title_of_form, title_of_visit, told, told_passage
from entact.course.gates.core import ACTS
from entact.course.kinds.booking import bookings_of
from entact.course.state.form import VITALS
from entact.protocol import Release
from entact.protocol.core_alerts import CORE_ALERTS
from entact.protocol.study import SessionPlan
from entact.protocol.words.label import begun
from entact.protocol.words.passage import Passage
from entact.protocol.words.safety import Safety, act_words

ROWS = 24  # empty lines for what happens: one sheet


def pack_of(asked: Asked, encounter: str) -> dict[str, Any]:
    """The pack of one session, as one role may see it: numbers, checklist, limits, and sheets to write on."""
    course, release = asked.course, asked.course.site_release(asked.now)
    visit = course.release.visits[encounter.partition("#")[0]]
    booked = bookings_of(course).get(encounter)
    sight = asked.reader.sight
    plan = plan_of(release.file.session or SessionPlan(), course.site)
    vitals = release.forms.get(VITALS)
    timed = [one for one in visit.timed if sight.sees_activity(one.do)]
    return {
        "banner": banner(asked.reader.environment) or "",
        "study": told(release.file.title),
        "release": release.id,
        "participant": asked.participant.number,
        "title": title_of_visit(visit.visit, course.release.visits),
        "booked": moment(booked.at, asked.zone) if booked is not None else "",
        **plan,
        "before": [
            *(_title(release, name) for name in _before(visit.activities) if sight.sees_activity(name)),
            *(one["title"] for one in plan["arrival"]),
        ],
        "gates": [
            {
                "act": begun(told_again(act_words(act))),
                "lines": [_said(one) for one in Safety(release).requirements(ACTS[act].gate)],
            }
            for act in GATED
            if ACTS[act].gate in release.gates and sight.sees_gate(ACTS[act].gate)
        ],
        "alerts": [
            *(_said(Safety(release).alert(name)) for name in release.alerts if sight.sees_alert(name)),
            *({"term": gettext(title), "text": "", "notes": []} for title in CORE_ALERTS.values()),
        ],
        "timed": [{"what": _title(release, one.do), "at": list(map(time_words, one.at))} for one in timed],
        "signs": [_sign(name, item.title) for name, item in vitals.items.items()] if vitals else [],
        "planned": [time_words(at) for one in timed if one.do == "vital_signs" for at in one.at],
        "rows": ROWS,
    }


def _before(activities: Iterable[str]) -> Iterator[str]:
    """What is done before the dose."""
    for name in activities:
        if name == "dose":
            return
        yield name


def _title(release: Release, name: str) -> str:
    form = release.forms.get(name)
    return title_of_form(form) if form is not None else item_title(name)


def _sign(name: str, title: str | None) -> str:
    return told(title) if title else item_title(name)


def _said(passage: Passage) -> dict[str, Any]:
    passage = told_passage(passage)
    return {"term": passage.term, "text": passage.text, "notes": list(passage.notes)}
