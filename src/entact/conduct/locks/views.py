"""The pages on which a visit is frozen, a participant locked, and the study cut and locked."""

from __future__ import annotations

from datetime import UTC

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access import trail
from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked, reader_of
from entact.conduct.forms.place import visit_address
from entact.conduct.frame import page
from entact.conduct.language.codes import code_words
from entact.conduct.language.sentences import told_error
from entact.conduct.locks.domain import checklist, freeze, take_back
from entact.conduct.locks.page import lines_of
from entact.conduct.locks.study import change_lock, next_name, study_before_lock, study_now, waiting
from entact.conduct.words import listing, moment, title_of_visit
from entact.course.entry import instant
from entact.course.kinds.unfreeze import asked_to_unfreeze
from entact.store import StoreError


@require_http_methods(["GET", "HEAD", "POST"])
def lock_participant(request: HttpRequest, key: str) -> HttpResponse:
    """What is open of a participant; visits frozen, everything locked, and that taken back.

    Raises:
        Http404: when there is no such participant, or whoever asks may not look, or freeze what is sent.
    """
    asked = Asked(request, key)
    if request.method != "POST":
        if asked.role_for("read_locks") is None:
            raise Http404
        return _participant(asked)
    author = asked.author(asked.role_for("freeze"))
    what, reason, problem = asked.sent("do"), asked.sent("reason"), None
    points = checklist(asked.folded, asked.reader)
    if what == "lock" and any(one.count for one in points) and not reason.strip():
        problem = gettext("Something is still open: say why it is locked all the same.")
    elif what == "lock":
        problem = freeze(asked, None, reason, author)
    elif what == "freeze":
        encounter = asked.sent("encounter")
        if encounter not in asked.course.encounters or not _sees(asked, encounter):
            raise Http404
        problem = freeze(asked, encounter, reason, author)
    elif what == "take_back":
        problem = take_back(asked, asked.sent("freeze"), reason, author)
    else:
        raise Http404
    return redirect("lock", key=key) if problem is None else _participant(asked.again(), problem)


@sensitive_post_parameters("passphrase")
@require_http_methods(["GET", "HEAD", "POST"])
def lock_study(request: HttpRequest) -> HttpResponse:
    """What is open in the study; cut, locked and unlocked with the keys of persons.

    Raises:
        Http404: when whoever sends something may not lock, or who only reads does so at some sites.
    """
    reader, problem = reader_of(request), ""
    if reader.sites is not None and not request.person.may("lock"):
        raise Http404
    if request.method == "POST":
        if not request.person.may("lock"):
            raise Http404
        person = request.person.identity
        what, reason = request.POST.get("do", ""), request.POST.get("reason", "").replace("\0", "")
        if trail.is_locked(person):
            problem = gettext("Too many wrong tries: the account is locked for a quarter of an hour.")
        elif what == "lock" and not reason.strip() and study_before_lock(reader).is_open:
            problem = gettext("Something is still open: say why the study is locked all the same.")
        else:
            try:
                change_lock(
                    what,
                    request.POST.get("name", "").strip(),
                    reason,
                    person,
                    request.POST.get("passphrase", ""),
                )
            except StoreError as error:
                problem = told_error(error)
                if "passphrase" in str(error):
                    trail.failed(person)
            else:
                return redirect("lock_study")
    study, names = study_now(reader), people_called()
    locked = study.cuts.locked
    values = {
        "study": study,
        "cuts": [
            {
                "cut": one,
                "purpose": code_words(one.purpose),
                "at": _in_utc(one.at),
                "by": listing(names.get(signature.person, signature.person) for signature in one.signatures),
            }
            for one in study.cuts.manifests.values()
        ],
        "locked": locked,
        "locked_at": _in_utc(locked.at) if locked is not None else "",
        "is_open_again": locked is not None and locked.purpose == "unlock",
        "waiting": [
            {
                "name": one.name,
                "locks": one.purpose == "lock",
                "person": names.get(one.signatures[0].person, one.signatures[0].person),
                "is_mine": one.signatures[0].person == request.person.identity,
                "reason": one.reason,
                "expires": _in_utc(one.expires or ""),
            }
            for one in waiting(study.cuts, reader.at)
        ],
        "name": request.POST.get("name", "").strip() or next_name(study.cuts),
        "reason": request.POST.get("reason", ""),
        "locks": request.person.may("lock"),
        "problem": problem,
        "here": "lock",
    }
    return page(request, reader, "locks/study.html", values, 422 if problem else 200)


def _in_utc(at: str) -> str:
    """A time of a manifest, which is one of no site, in words."""
    return f"{moment(instant(at), UTC)} UTC" if at else ""


def _participant(asked: Asked, problem: str = "") -> HttpResponse:
    course = asked.course
    frozen = course.frozen
    visits = [
        {
            "encounter": one.id,
            "address": visit_address(one.id),
            "title": title_of_visit(one.visit, course.release.visits),
            "status": code_words(one.status),
            "frozen": frozen.get(one.id),
            "since": moment(frozen[one.id].at, asked.zone) if one.id in frozen else "",
        }
        for one in course.encounters.values()
        if _sees(asked, one.id)
    ]
    whole = frozen.get("")
    values = {
        "participant": asked.participant,
        "points": lines_of(asked, checklist(asked.folded, asked.reader)),
        "visits": visits,
        "freezes": asked.role_for("freeze") is not None,
        "whole": whole,
        "since": moment(whole.at, asked.zone) if whole is not None else "",
        "asked_by": asked_to_unfreeze(course, whole.entry) if whole is not None else None,
        "problem": problem,
        "here": "participants",
    }
    return page(asked.request, asked.reader, "locks/participant.html", values, 422 if problem else 200)


def _sees(asked: Asked, encounter: str) -> bool:
    return asked.reader.sight.sees_visit(encounter.partition("#")[0])
