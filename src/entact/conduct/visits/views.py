"""The pages of one visit, and of all visits of a participant by form."""

from __future__ import annotations

from typing import get_args

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entact import store
from entact.conduct.asking import Asked
from entact.conduct.blinding.guess import asked_of
from entact.conduct.blinding.telling import is_planned
from entact.conduct.consent.page import renewal_of
from entact.conduct.entries.kinds import ABOUT_ANOTHER, AT_A_VISIT, ENTERED
from entact.conduct.entries.page import entered_by_hand
from entact.conduct.forms.place import encounter_of, visit_address
from entact.conduct.forms.saying import time_to_come, with_weekday
from entact.conduct.frame import page
from entact.conduct.linking.domain import linked_population
from entact.conduct.monitoring.worklist import waiting_of
from entact.conduct.rating.domain import call_with_rater
from entact.conduct.reviewing import reviewing
from entact.conduct.session.open import open_sessions
from entact.conduct.stops import over_words
from entact.conduct.visits.ahead import asked_ahead
from entact.conduct.visits.domain import (
    begin_visit,
    book_visit,
    end_visit,
    miss_visit,
    next_unscheduled,
)
from entact.conduct.visits.page import SIGNS, STATUS_WORDS, Visits
from entact.conduct.visits.steps import steps_for
from entact.course import Reason, Refused
from entact.course.disclosure import class_named
from entact.course.kinds import KINDS
from entact.course.kinds.booking import bookings_of
from entact.course.personal import REASONS
from entact.course.state.encounter import UNSCHEDULED, Disposition, visit_of

CONTACTS = ("in_person", "telephone", "video")
WHY_MISSED = (
    ("participant_request", gettext_lazy("the participant did not want to")),
    ("not_reached", gettext_lazy("not reached")),
    ("rescheduled", gettext_lazy("will take place another time")),
    ("safety", gettext_lazy("safety")),
    ("clinical_judgement", gettext_lazy("clinical judgement")),
)


@require_safe
def show_matrix(request: HttpRequest, key: str) -> HttpResponse:
    """Every form of a participant by visit, with how far each is."""
    asked = Asked(request, key)
    visits = _visits(asked, _waiting(asked))
    values = {
        "verifies": asked.role_for("verify") is not None,
        "matrix": visits.matrix(),
        "participant": asked.participant,
        "steps": steps_for(asked),
        "entered": entered_by_hand(asked.course, asked.seen, asked.zone),
        "signs": [(SIGNS[one], STATUS_WORDS[one]) for one in SIGNS],
        "ways": (ways := _ways(asked)),
        "kinds": [kind for kind, _ in ways],
        "renewal": renewal_of(asked),
        "may_stop": asked.role_for("stop") is not None,
        "may_begin": asked.role_for("enter") is not None,
        "review": reviewing(asked),
        "here": "participants",
    }
    return page(request, asked.reader, "visits/matrix.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def show_visit(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    """One visit with its forms; begun, ended or missed.

    Raises:
        Http404: when there is no such visit, or it may not be seen.
    """
    asked = Asked(request, key)
    encounter = encounter_of(visit, asked.course.release)
    name = visit.partition(".")[0]
    if encounter is None or not asked.reader.sight.sees_visit(name):
        raise Http404
    if name == UNSCHEDULED and encounter not in asked.course.encounters:
        raise Http404
    if request.method != "POST":
        return _shown(asked, encounter)
    author = asked.author(asked.role_for("enter"))
    to = asked.reader, asked.participant.ledger, author, asked.now
    what, contact, reason = asked.sent("do"), asked.sent("contact"), asked.sent("reason_code")
    if what == "begin":
        begin_visit(encounter, *to, contact=contact if contact in CONTACTS else "in_person")
    elif what == "cancel":
        book_visit(encounter, *to, at=None)
    elif what == "book":
        at = time_to_come(asked.sent("at"), asked.reader.zone_of(asked.course.site or ""), asked.now)
        if isinstance(at, Reason):
            return _shown(asked, encounter, (at,))
        book_visit(encounter, *to, at=at)
    elif what == "end":
        disposition = asked.sent("disposition")
        known = disposition if disposition in get_args(Disposition) else "discharged"
        done = end_visit(encounter, *to, disposition=known)
        if isinstance(done, Refused):
            return _shown(Asked(request, key), encounter, done.reasons)
    elif what == "miss" and reason in REASONS:
        miss_visit(encounter, *to, reason=reason)
    elif what == "miss":
        return _shown(asked, encounter, (Reason("reason", gettext("Say why the visit did not take place.")),))
    else:
        raise Http404
    return redirect("visit", key=key, visit=visit)


@require_POST
def begin_unscheduled(request: HttpRequest, key: str) -> HttpResponse:
    """Begins a visit outside the schedule, with its reason."""
    asked = Asked(request, key)
    author = asked.author(asked.role_for("enter"))
    reason = asked.sent("reason").strip()[:2000]
    if not reason:
        return redirect("matrix", key=key)
    encounter = next_unscheduled(asked.course)
    begin_visit(encounter, asked.reader, asked.participant.ledger, author, asked.now, reason=reason)
    return redirect("visit", key=key, visit=visit_address(encounter))


def _waiting(asked: Asked) -> frozenset[str]:
    """Entries that whoever asks is to verify: which of them were drawn only a monitor may know."""
    if asked.role_for("verify") is None:
        return frozenset()
    waiting = waiting_of(asked.reader, asked.course, asked.seen, store.key_of(asked.participant.ledger))
    return frozenset(one.effective.id for one in waiting)


def _visits(asked: Asked, to_verify: frozenset[str] = frozenset()) -> Visits:
    def enters(form: str) -> bool:
        return asked.role_entering(form) is not None

    return Visits(asked.folded, asked.seen, asked.now, asked.zone, to_verify, asked.person.identity, enters)


def _shown(asked: Asked, encounter: str, refused: tuple[Reason, ...] = ()) -> HttpResponse:
    visits = _visits(asked)
    values = {
        "visit": visits.one(encounter),
        "participant": asked.participant,
        "may_write": asked.role_for("enter") is not None,
        "may_begin": asked.course.died is None,
        "over": over_words(asked.course, asked.reader.sight) if visit_of(encounter) != UNSCHEDULED else "",
        "refused": refused,
        "why_missed": WHY_MISSED,
        "console": _has_console(asked, encounter),
        **_booked(asked, encounter),
        **call_with_rater(asked.reader, asked.course, encounter),
        "kinds": [kind for kind, _ in _ways(asked)],
        "asks_none": asked.role_for(ENTERED["asked_none"]) is not None,
        "guess": any(asked_of(asked, encounter).values()),
        "links": asked.role_for("link") is not None and linked_population(asked.course) is not None,
        "told_of": ("assignment", "unblinding") if is_planned(asked.person, asked.course) else (),
        "review": reviewing(asked, encounter),
        "here": "participants",
    }
    return page(asked.request, asked.reader, "visits/visit.html", values, 422 if refused else 200)


def _has_console(asked: Asked, encounter: str) -> bool:
    """Whether the console of a dosing session is this role's, and the session booked or under way."""
    return encounter in open_sessions(asked.reader, asked.course) and (
        asked.role_for("follow_session") is not None
    )


def _booked(asked: Asked, encounter: str) -> dict[str, object]:
    """For when a visit is booked, and what its gate will say then."""
    booked = bookings_of(asked.course).get(encounter)
    if booked is None:
        return {"booked": "", "ahead": ()}
    ahead = asked_ahead(asked.reader, asked.course, encounter, booked.at)
    return {"booked": with_weekday(booked.at, asked.zone), "ahead": ahead}


def _outlives(kind: str) -> bool:
    """Whether there is still something of a kind to enter of somebody who has died."""
    return kind != "death" and not KINDS[kind].with_participant and not KINDS[kind].acts


def _ways(asked: Asked) -> list[tuple[str, str]]:
    """What whoever asks may enter beside forms: kinds of entry, by what they are called."""
    sight = asked.reader.sight
    left_out = {
        *ABOUT_ANOTHER,
        *AT_A_VISIT,
        *(() if asked.course.release.file.randomisation else ("randomisation",)),
        *(kind for kind in ENTERED if asked.course.died is not None and not _outlives(kind)),
    }
    return [
        (kind, gettext(KINDS[kind].title))
        for kind, act in ENTERED.items()
        if kind not in left_out
        and asked.role_for(act) is not None
        and sight.sees_names(frozenset(map(class_named, KINDS[kind].tells)))
    ]
