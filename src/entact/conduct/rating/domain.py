"""What is done about an assessment: offered, taken, begun, heard, sent; and what the site answers.

Every one of these is an entry of the participant's ledger, through the one door; the token stands in none.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext, gettext_noop

from entact.conduct.access.models import Account
from entact.conduct.asking import now_in
from entact.conduct.delegation import state_of
from entact.conduct.error import ConductError
from entact.conduct.permissions import Person
from entact.conduct.rating.models import Offer, RaterProfile
from entact.conduct.rating.selectors import offer_at, video_link
from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author, compose, store_act, store_entry, turn_of
from entact.conduct.refusal import told_reasons
from entact.course import Course, Refused
from entact.course.gates.drift import OF_THE_RATER
from entact.course.gates.rating import have_met, is_rated
from entact.course.kinds.booking import bookings_of
from entact.course.state.numbers import ledger_of
from entact.store import StoreError, lists

_log = logging.getLogger(__name__)

PAST: Final = timedelta(hours=24)  # after its time a visit that has not begun is offered to nobody
FUTURE: Final = timedelta(days=400)
NOT_YOURS: Final = gettext_noop("You cannot take this one: another rater will.")  # whatever stands against it


def renew_offers(reader: Reader) -> None:
    """Every booked visit that a rater apart rates has an offer with its time, and no other visit has one."""
    if not any(release.roles_apart for release in reader.study.releases):
        return
    found = lists.booked(reader.at - PAST, reader.at + FUTURE, limit=5000)
    booked = {(one.ledger, one.encounter): one for one in found if is_rated_apart(reader, one.visit)}
    for offer in Offer.objects.filter(over=False, done_at=None):
        one = booked.pop((offer.ledger, offer.encounter), None)
        if one is not None and one.at != offer.at:
            Offer.objects.filter(pk=offer.pk).update(at=one.at)
        elif one is None and not offer.taken_by:
            Offer.objects.filter(pk=offer.pk, taken_by="").delete()
        elif one is None and not _goes_on(reader, offer):
            Offer.objects.filter(pk=offer.pk).update(over=True)
    done = Offer.objects.filter(over=False, ledger__in={ledger for ledger, _ in booked})
    for place in set(booked) - set(done.values_list("ledger", "encounter")):
        course = course_in(reader, place[0])
        if not course.release.asks_apart(
            place[1].partition("#")[0]
        ):  # not under the release that they consented to
            continue
        values = {
            "token": secrets.token_hex(16),
            "room": secrets.token_hex(16),
            "language": language_of(course),
            "met": sorted(have_met(course)),
            "at": booked[place].at,
        }
        Offer.objects.get_or_create(ledger=place[0], encounter=place[1], over=False, defaults=values)


def set_profile(person: Person, zone: str, languages: Iterable[str]) -> None:
    """Keeps in which zone a rater lives, and in which languages they rate."""
    account = Account.objects.get(name=person.identity)
    said = {"zone": zone, "languages": sorted(set(languages))}
    RaterProfile.objects.update_or_create(account=account, defaults=said)


def take_offer(token: str, reader: Reader, author: Author) -> bool:
    """Takes an assessment, where the gate lets it.

    Raises:
        ConductError: where it does not: why, where that is about the rater alone; else in words that are the
            same whatever stands against it.
    """
    offer = Offer.objects.filter(token=token, over=False).first()
    if offer is None:
        return False
    with turn_of(offer.ledger):
        course = course_in(reader, offer.ledger)
        now = now_in(reader)
        entry = compose(
            course, reader, offer.ledger, author, now, "rating_taken", {}, encounter=offer.encounter
        )
        done = store_act(entry, course, author, now)
        if isinstance(done, Refused):
            own = [one for one in done.reasons if one.code in OF_THE_RATER]
            said = told_reasons(reader.sight, course.release, course.population, "", own)
            raise ConductError(" ".join(said) or gettext(NOT_YOURS))
        Offer.objects.filter(pk=offer.pk).update(taken_by=author.identity, taken_at=now)
    return True


def let_go(offer: Offer, reader: Reader, author: Author) -> None:
    """Gives an assessment back: another rater may take it, this one not again."""
    with turn_of(offer.ledger):
        _write(offer.ledger, offer.encounter, reader, author, "rating_taken", {"status": "let_go"})
        Offer.objects.filter(pk=offer.pk).update(over=True)


def begin_rating(offer: Offer, reader: Reader, author: Author) -> None:
    """The call has begun, and it is confirmed where the person is; what was said of that is kept nowhere."""
    with turn_of(offer.ledger):
        if offer.encounter not in course_in(reader, offer.ledger).encounters:
            _write(
                offer.ledger,
                offer.encounter,
                reader,
                author,
                "encounter",
                {"status": "started", "contact": "video"},
            )
        Offer.objects.filter(pk=offer.pk, confirmed_at=None).update(confirmed_at=now_in(reader))


def tell_site(offer: Offer, reader: Reader, author: Author, of: str, words: str) -> None:
    """What a rater heard goes to the site, and nothing comes back.

    Raises:
        ConductError: when it says nothing.
    """
    if of not in ("suicidality", "adverse_event") or not words.strip():
        raise ConductError(gettext("say what you heard, and whether it speaks of suicidality or of an event"))
    with turn_of(offer.ledger):
        _write(
            offer.ledger, offer.encounter, reader, author, "rater_heard", {"of": of, "words": words.strip()}
        )


def break_glass(offer: Offer, reader: Reader, author: Author) -> None:
    """Somebody is in danger: kept before the number is shown; another rates this person from then on.

    Pressed again it shows the number again. Where the entry cannot be kept the number is shown all the same.
    """
    try:
        with turn_of(offer.ledger):
            if Offer.objects.filter(pk=offer.pk, danger_at=None).exists():
                _write(offer.ledger, offer.encounter, reader, author, "break_glass", {})
                Offer.objects.filter(pk=offer.pk).update(over=True, danger_at=now_in(reader))
    except (ConductError, StoreError):
        _log.exception(gettext("a rater's call for help could not be kept"))


def again_after_danger(course: Course, encounter: str) -> str:
    """The next attempt at a visit whose rater was replaced; empty where it was rated, or one followed."""
    visit, _, attempt = encounter.partition("#")
    if is_rated(course, encounter):
        return ""
    number = int(attempt) if encounter not in course.encounters else int(attempt) + 1
    held = {one for one in course.encounters if one.partition("#")[0] == visit}
    return "" if any(int(one.partition("#")[2]) >= number for one in held) else f"{visit}#{number}"


def offer_again(ledger: str, encounter: str, reader: Reader, author: Author, at: datetime) -> None:
    """After a danger: ends the visit, and books it for another time; by that another rater is offered it.

    Raises:
        ConductError: where it was rated all the same, or has another attempt already.
    """
    with turn_of(ledger):
        course = course_in(reader, ledger)
        again = again_after_danger(course, encounter)
        if not again:
            raise ConductError(gettext("this visit needs no other: it was rated, or held again"))
        if encounter != again and course.encounters[encounter].status == "started":
            _write(ledger, encounter, reader, author, "encounter", {"status": "ended"})
        then = at.astimezone(reader.zone_of(course.site or ""))
        _write(ledger, again, reader, author, "booking", {"at": then.isoformat(), "status": "booked"})
    renew_offers(reader)


def on_call_for(offer: Offer, reader: Reader) -> tuple[str, str]:
    """The site of a participant, and the number at which it answers; empty where none was entered."""
    site = course_in(reader, offer.ledger).site or ""
    return site, state_of(site).on_call if site else ""


def finish_rating(offer: Offer, reader: Reader, author: Author) -> None:
    """All is sent; the visit ends with it, where nothing else is asked there."""
    planned = reader.visits.get(offer.encounter.partition("#")[0])
    own = {*forms_asked(course_in(reader, offer.ledger), offer.encounter), "guess"}
    with turn_of(offer.ledger):
        held = course_in(reader, offer.ledger).encounters.get(offer.encounter)
        if planned is not None and set(planned.do) <= own and held is not None and held.status == "started":
            _write(offer.ledger, offer.encounter, reader, author, "encounter", {"status": "ended"})
    Offer.objects.filter(pk=offer.pk).update(done_at=now_in(reader))


def call_with_rater(reader: Reader, course: Course, encounter: str) -> dict[str, object]:
    """What a site is told of a visit that raters apart rate: whether one has it, and where they meet."""
    if encounter not in bookings_of(course) or not is_rated_apart(reader, encounter.partition("#")[0]):
        return {"by_rater": False}
    renew_offers(reader)
    offer = offer_at(ledger_of(course) or "", encounter)
    has_rater = offer is not None and bool(offer.taken_by)
    return {"by_rater": True, "has_rater": has_rater, "video": video_link(offer) if offer is not None else ""}


def answer_rater(
    ledger: str, about: str, reader: Reader, author: Author, done: str, encounter: str | None
) -> None:
    """What the site did about what a rater told.

    Raises:
        ConductError: when it says nothing.
    """
    if not done.strip():
        raise ConductError(gettext("say what was done"))
    with turn_of(ledger):
        course, now = course_in(reader, ledger), now_in(reader)
        data = {"done": done.strip()}
        entry = compose(
            course, reader, ledger, author, now, "rater_answered", data, encounter=encounter, about=about
        )
        store_entry(entry, author, now)


def forms_asked(course: Course, encounter: str) -> tuple[str, ...]:
    """What is asked in an assessment, in the order of the schedule."""
    return course.release.rated_apart(encounter.partition("#")[0])


def course_in(reader: Reader, ledger: str) -> Course:
    """The participant as the record has them now."""
    folded = reader.folded([ledger])[ledger]
    if not isinstance(folded, Folded):
        raise ConductError(gettext("this assessment cannot be shown now; another can be taken"))
    return folded.course


def is_rated_apart(reader: Reader, visit: str) -> bool:
    """Whether a visit asks anything of raters apart from the sites, in any release."""
    return any(release.asks_apart(visit) for release in reader.study.releases)


def language_of(course: Course) -> str:
    """The language in which somebody takes part: that of their consent, else the study's main one."""
    said = (one.data.get("language") for one in reversed(course.effective) if one.entry.kind == "consent")
    return next((str(one) for one in said if one), course.release.file.languages[0])


def _goes_on(reader: Reader, offer: Offer) -> bool:
    """Whether an assessment that was taken is under way: its visit has begun, or is booked further ahead."""
    course = course_in(reader, offer.ledger)
    held = course.encounters.get(offer.encounter)
    if held is not None:
        return held.status != "missed"
    booked = bookings_of(course).get(offer.encounter)
    return booked is not None and booked.at > reader.at - PAST


def _write(
    ledger: str, encounter: str, reader: Reader, author: Author, kind: str, data: dict[str, object]
) -> None:
    course, now = course_in(reader, ledger), now_in(reader)
    entry = compose(course, reader, ledger, author, now, kind, data, encounter=encounter)
    store_act(entry, course, author, now)  # what no gate stands before is a fact
