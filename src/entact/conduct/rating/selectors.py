"""The pool of raters, what each of them is offered, and what they have taken: read from rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count

from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.permissions import Person
from entact.conduct.rating.models import Offer, RaterProfile
from entact.conduct.reader import Reader
from entact.course.schedule.pool import Open, Rater, offers_of

OFFERED: Final = timedelta(days=14)  # before its time an assessment is offered
SOON: Final = timedelta(hours=48)  # before its time it is offered to everybody who can take it
LATELY: Final = timedelta(days=28)  # in which what somebody took counts as load
KEPT: Final = timedelta(days=14)  # after it was sent it can be corrected from one's calendar


@dataclass(frozen=True)
class Profile:
    """A rater's zone and languages."""

    zone_name: str
    languages: tuple[str, ...]

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are shown."""
        return ZoneInfo(self.zone_name)


def profile_of(name: str, reader: Reader) -> Profile:
    """What a rater said; until then UTC, and the study's main language."""
    row = RaterProfile.objects.filter(account__name=name).first()
    main = reader.study.newest.file.languages[:1]
    return Profile(*((row.zone, tuple(row.languages)) if row is not None else ("UTC", tuple(main))))


def pool_of(reader: Reader, person: Person) -> list[Rater]:
    """Everybody who may take an assessment, with how much they have lately taken."""
    roles = person.permissions.roles_for("rate")
    held = Account.objects.filter(is_active=True, roles__role__in=roles).distinct().prefetch_related("roles")
    names = sorted(one.name for one in held if roles & person_of(one).all_roles)  # whose last day is not over
    taken = Offer.objects.filter(over=False, taken_at__gt=reader.at - LATELY).exclude(taken_by="")
    load = dict(taken.values_list("taken_by").annotate(Count("id")))
    spoken = dict(RaterProfile.objects.values_list("account__name", "languages"))
    main = reader.study.newest.file.languages[:1]
    return [Rater(name, frozenset(spoken.get(name, main)), load.get(name, 0)) for name in names]


def offered_to(person: Person, reader: Reader) -> list[Offer]:
    """What a rater may take now, by token: the order tells nothing."""
    coming = Offer.objects.filter(over=False, at__lt=reader.at + OFFERED, at__gt=reader.at)
    # The first of a participant alone, and until its time nothing after it, whoever has taken it: two that
    # went from the list together, or one that came as another went, would tell that they are of one person.
    first = {one.ledger: one for one in coming.order_by("-at", "token")}
    rows = [one for one in first.values() if not one.taken_by]
    met = _met([one.ledger for one in rows])
    open_ones = [
        Open(
            one.token,
            one.language,
            frozenset(one.met) | met.get(one.ledger, frozenset()),
            one.at - reader.at <= SOON,
        )
        for one in rows
    ]
    tokens = offers_of(pool_of(reader, person), open_ones).get(person.identity, ())
    known = {one.token: one for one in rows}
    return [known[token] for token in tokens]


def taken_by(person: Person, at: datetime) -> list[Offer]:
    """What a rater has taken and still has, by time; what was sent stays for a while."""
    rows = Offer.objects.filter(over=False, taken_by=person.identity).order_by("at", "token")
    return [one for one in rows if one.done_at is None or one.done_at > at - KEPT]


def held_by(person: Person, token: str) -> Offer | None:
    """The assessment of a token, where this person has it."""
    return Offer.objects.filter(token=token, taken_by=person.identity, over=False).first()


def in_danger(person: Person, token: str) -> Offer | None:
    """The assessment of a token in which this person called for help: the number stays to be seen."""
    return Offer.objects.filter(token=token, taken_by=person.identity, danger_at__isnull=False).first()


def in_danger_at() -> dict[str, set[str]]:
    """Ledger -> the visits in which a rater called for help."""
    found: dict[str, set[str]] = {}
    rows = Offer.objects.filter(danger_at__isnull=False).order_by("danger_at")
    for ledger, encounter in rows.values_list("ledger", "encounter"):
        found.setdefault(ledger, set()).add(encounter)
    return found


def offer_at(ledger: str, encounter: str) -> Offer | None:
    """The offer of a visit; None where it has none."""
    return Offer.objects.filter(ledger=ledger, encounter=encounter, over=False).first()


def untaken(ledgers_and_visits: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of some visits those that no rater has taken."""
    ledgers = {ledger for ledger, _ in ledgers_and_visits}
    rows = Offer.objects.filter(over=False, ledger__in=ledgers).exclude(taken_by="")
    return set(ledgers_and_visits) - set(rows.values_list("ledger", "encounter"))


def video_link(offer: Offer) -> str:
    """The address of the video call; empty where the study has none. It names nobody, and no site."""
    return settings.VIDEO.replace("{room}", offer.room) if settings.VIDEO else ""


def _met(ledgers: Sequence[str]) -> dict[str, frozenset[str]]:
    """Who has taken something of each participant, let go of it or not."""
    rows = Offer.objects.filter(ledger__in=ledgers).exclude(taken_by="")
    found: dict[str, frozenset[str]] = {}
    for ledger, name in rows.values_list("ledger", "taken_by"):
        found[ledger] = found.get(ledger, frozenset()) | {name}
    return found
