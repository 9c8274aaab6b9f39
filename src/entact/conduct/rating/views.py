"""A rater's day: what can be taken, what is taken, the call and its forms; and what the site is told."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from entact.conduct.asking import Asked, reader_of
from entact.conduct.blinding.guess import RATER, fields_of, keep_guess, received
from entact.conduct.error import ConductError
from entact.conduct.forms.domain import Saved, save_form
from entact.conduct.forms.place import visit_address
from entact.conduct.forms.saved import answer_saved
from entact.conduct.forms.saying import time_to_come, with_weekday
from entact.conduct.forms.views import looked_at, sent_by
from entact.conduct.frame import page
from entact.conduct.language.choice import called
from entact.conduct.rating import domain
from entact.conduct.rating.asked import FormAsked, Rates, RatingAsked
from entact.conduct.rating.models import Offer
from entact.conduct.rating.page import Offered, brief_of, instruments_of, offered
from entact.conduct.rating.questions import answer_question, questions_in, with_questions
from entact.conduct.rating.selectors import in_danger, offered_to, taken_by, video_link
from entact.conduct.words import moment, title_of_visit
from entact.course import Reason
from entact.course.kinds.booking import bookings_of
from entact.course.kinds.rating import BREAK_GLASS, RATER_HEARD, BreakGlass

UNCONFIRMED = gettext_noop("ask first where the person is now, and at which number they can be called back")


@require_http_methods(["GET", "HEAD", "POST"])
def show_ratings(request: HttpRequest) -> HttpResponse:
    """What can be taken, what is taken as a calendar, and where the rater says zone and languages."""
    asked = Rates(request)
    known = asked.reader.study.newest.file.languages
    if request.method == "POST":
        zone = asked.sent("zone")
        languages = [one for one in request.POST.getlist("language") if one in known]
        if zone not in available_timezones():
            return _day(asked, gettext("There is no such zone: write one such as Europe/Berlin."), 422)
        domain.set_profile(asked.person, zone, languages or known[:1])
        return redirect("ratings")
    return _day(asked)


@require_http_methods(["GET", "HEAD", "POST"])
def show_rating(request: HttpRequest, token: str) -> HttpResponse:
    """One assessment: the call, what its instruments need, what is told to the site; taken and sent.

    Raises:
        Http404: when it is not this person's.
    """
    what = request.POST.get("do", "")
    if what == "take":
        return _take(Rates(request), token)
    danger = in_danger(request.person, token.replace("\0", ""))
    if danger is not None:
        return _help(request, danger)
    asked = RatingAsked(request, token)
    to = asked.offer, asked.reader, asked.author
    problem = ""
    if what == "danger":
        domain.break_glass(*to)
        return _help(request, asked.offer)
    try:
        if what == "confirm":
            if asked.sent("confirmed") != "yes":
                raise ConductError(gettext(UNCONFIRMED))
            domain.begin_rating(*to)
            first = asked.next_form or next(iter(asked.names), "")
            return redirect("rate", token=token, form=first) if first else redirect("rating", token=token)
        if what == "let_go":
            domain.let_go(*to)
            return redirect("ratings")
        if what == "tell":
            domain.tell_site(*to, asked.sent("of"), asked.sent("words"))
            return redirect(f"{request.path}?told=1#tell")
        if what == "guess":
            _guess(asked)
        elif what == "answer":
            answer_question(asked, asked.sent("query"), asked.sent("text"))
            return redirect("rating", token=token)
        elif what == "finish" and asked.may_finish:
            domain.finish_rating(*to)
            return redirect("ratings")
        elif what:
            raise Http404
    except ConductError as error:
        problem = f"{str(error).capitalize()}."
    return _rating(RatingAsked(request, token), problem)


@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """One form of an assessment, filled in or corrected.

    Raises:
        Http404: when it is not this person's, or the call has not begun.
    """
    asked = RatingAsked(request, token)
    one = asked.form(form)
    if request.method != "POST":
        return _form(one)
    sent = sent_by(request)
    outcome = save_form(
        one.filling(sent), asked.reader, asked.offer.ledger, asked.opener, asked.author, asked.now
    )
    if isinstance(outcome, Saved):
        return answer_saved(request, reverse("rate", args=[token, form]))
    return _form(RatingAsked(request, token).form(form), 422, sent=sent, unsaved=outcome)


@require_POST
def look_at_rating(request: HttpRequest, token: str, form: str) -> JsonResponse:
    """What follows from the answers so far; nothing is written.

    Raises:
        Http404: as `rate`.
    """
    one = RatingAsked(request, token).form(form)
    return JsonResponse({**looked_at(one.page(sent_by(request))), "scores": []})


@require_http_methods(["GET", "HEAD", "POST"])
def show_told(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """What a rater told the site, for the site to answer; the rater hears nothing of it.

    Raises:
        Http404: when there is no such entry that whoever asks may see.
    """
    asked = Asked(request, key)
    told = next(
        (
            one
            for kind in (RATER_HEARD, BREAK_GLASS)
            for one in asked.course.noted.get(kind.name, ())
            if one.entry == entry
        ),
        None,
    )
    if told is None or entry not in asked.seen.entries:
        raise Http404
    role, problem = asked.role_for("report_event"), ""
    if request.method == "POST":
        try:
            if asked.sent("do") == "offer_again" and isinstance(told.said, BreakGlass):
                return _offered_again(asked, told.encounter or "", entry)
            author = asked.author(role)
            domain.answer_rater(
                asked.participant.ledger, entry, asked.reader, author, asked.sent("done"), told.encounter
            )
            return redirect("rater_told", key=key, entry=entry)
        except ConductError as error:
            problem = f"{str(error).capitalize()}."
    opener = asked.opener(role)
    answers = [one for one in asked.course.noted.get("rater_answered", ()) if one.about == entry]
    heard = getattr(told.said, "of", "")
    values = {
        "participant": asked.participant,
        "heard": heard.replace("_", " "),
        "words": str(opener.value(told.said.words, entry, "words")) if heard and role else "",
        "visit": title_of_visit((told.encounter or "").partition("#")[0], asked.reader.visits),
        "again": "" if heard else _again(asked, told.encounter or ""),
        "may_offer": asked.role_for("enter") is not None,
        "when": moment(told.at, asked.zone),
        "answers": [
            (
                moment(one.at, asked.zone),
                one.by,
                str(opener.value(one.said.done, one.entry, "done")) if role else "",
            )
            for one in answers
        ],
        "may_answer": role is not None,
        "problem": problem,
        "here": "participants",
    }
    return page(request, asked.reader, "rating/told.html", values, 422 if problem else 200)


def _day(asked: Rates, problem: str = "", status: int = 200) -> HttpResponse:
    domain.renew_offers(asked.reader)
    values = {
        "offers": [_line(asked, one) for one in offered_to(asked.person, asked.reader)],
        "asked": [_line(asked, one) for one in with_questions(asked.person, asked.reader)],
        "calendar": [_line(asked, one) for one in taken_by(asked.person, asked.reader.at)],
        "zone": asked.profile.zone_name,
        "zones": sorted(available_timezones()),
        "languages": [
            (one, called(one), one in asked.profile.languages)
            for one in asked.reader.study.newest.file.languages
        ],
        "problem": problem,
        "here": "ratings",
    }
    return page(asked.request, asked.reader, "rating/day.html", values, status)


def _line(asked: Rates, offer: Offer) -> Offered:
    release = asked.reader.study.newest
    names = tuple(
        name
        for name in domain.forms_asked(domain.course_in(asked.reader, offer.ledger), offer.encounter)
        if name in release.forms
    )
    state = "sent" if offer.done_at else "begun" if offer.confirmed_at else ""
    spoken = called(offer.language) if len(release.file.languages) > 1 else ""
    instruments = instruments_of(release, names, offer.language, frozenset())
    return offered(offer.token, offer.at, asked.profile.zone, spoken, instruments, state)


def _take(asked: Rates, token: str) -> HttpResponse:
    try:
        taken = domain.take_offer(token.replace("\0", ""), asked.reader, asked.author)
    except ConductError as error:
        return _day(asked, str(error), 409)
    return redirect("rating", token=token) if taken else _day(asked, gettext(domain.NOT_YOURS), 409)


def _help(request: HttpRequest, offer: Offer) -> HttpResponse:
    reader = reader_of(request)
    site, number = domain.on_call_for(offer, reader)
    values = {"site": site, "number": number, "here": "ratings"}
    return page(request, reader, "rating/danger.html", values)


def _rating(asked: RatingAsked, problem: str) -> HttpResponse:
    offer, release = asked.offer, asked.course.release
    values: dict[str, Any] = {
        "token": offer.token,
        "line": _line(asked, offer),
        "instruments": instruments_of(release, asked.names, offer.language, asked.filled),
        "brief": brief_of(asked.course, asked.reader.sight, asked.opener, offer.language),
        "video": video_link(offer),
        "is_confirmed": offer.confirmed_at is not None,
        "is_done": offer.done_at is not None,
        "asks_guess": asked.asks_guess,
        "may_finish": asked.may_finish,
        "questions": questions_in(asked),
        **fields_of(release, _guess_sent(asked), offer.language),
        "may_leave": True,
        "told": "told" in asked.request.GET,
        "problem": problem,
        "here": "ratings",
    }
    return page(asked.request, asked.reader, "rating/rating.html", values, 422 if problem else 200)


def _form(one: FormAsked, status: int = 200, **sent: Any) -> HttpResponse:
    asked = one.asked
    following = [name for name in asked.names if name not in asked.filled and name != one.place.form]
    values = {
        "form": one.page(**sent),
        "token": asked.offer.token,
        "is_kept": one.written.effective is not None and not sent,
        "following": instruments_of(
            asked.course.release, tuple(following[:1]), asked.offer.language, frozenset()
        ),
        "here": "ratings",
    }
    return page(asked.request, asked.reader, "rating/form.html", values, status)


def _guess(asked: RatingAsked) -> None:
    if not asked.asks_guess:
        raise Http404
    guessing = received(_guess_sent(asked), asked.course.release, may_leave=True)
    to = asked.offer.encounter, asked.reader, asked.offer.ledger, asked.author, asked.now
    problem = guessing.problem or keep_guess(guessing, RATER, *to)
    if problem:
        raise ConductError(problem.rstrip("."))


def _guess_sent(asked: RatingAsked) -> dict[str, str]:
    return {name: asked.sent(name) for name in ("arm", "confidence", "clear", "why", "told")}


def _again(asked: Asked, encounter: str) -> dict[str, str]:
    """The next attempt at a visit whose rater was replaced: its address, and for when it is booked."""
    again = domain.again_after_danger(asked.course, encounter)
    booked = bookings_of(asked.course).get(again)
    when = with_weekday(booked.at, asked.zone) if booked is not None else ""
    return {"visit": visit_address(again), "when": when} if again else {}


def _offered_again(asked: Asked, encounter: str, entry: str) -> HttpResponse:
    author = asked.author(asked.role_for("enter"))
    at = time_to_come(asked.sent("at"), asked.reader.zone_of(asked.course.site or ""), asked.now)
    if isinstance(at, Reason):
        raise ConductError(at.message.rstrip("."))
    domain.offer_again(asked.participant.ledger, encounter, asked.reader, author, at)
    return redirect("rater_told", key=asked.key, entry=entry)
