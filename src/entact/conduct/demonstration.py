"""What waits for raters in a demonstration: those of a rehearsal write past the pool, and leave nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from entact.conduct.access.demonstration import DEMONSTRATION
from entact.conduct.asking import now_in
from entact.conduct.drift.domain import certify
from entact.conduct.error import ConductError
from entact.conduct.rating.domain import course_in, renew_offers
from entact.conduct.rating.models import Offer
from entact.conduct.reader import Reader, reader_as
from entact.conduct.record.door import Author
from entact.conduct.visits.domain import book_visit
from entact.course.entry import SYSTEM
from entact.store import lists
from entact.store.studies import study_of_record

# From now: one is due today, one is beyond what is offered yet.
TIMES: Final = tuple(timedelta(hours=hours) for hours in (3, 26, 50, 98, 194, 386))
_TAKES_PART: Final = frozenset({"enrolled", "randomised", "in_treatment", "completed"})
_ALWAYS: Final = "2020-01-01", "2090-01-01"


def offer_assessments(times: tuple[timedelta, ...] = TIMES) -> int:
    """Books visits that raters apart rate, of people at the busiest site, and certifies who rates them.

    Returns:
        How many wait: none where the study has no such visit, or some wait already.
    Raises:
        ConductError: where people are not virtual.
    """
    _, study = study_of_record()
    role = next(iter(sorted(study.newest.roles_apart)), "") if study is not None else ""
    if study is None or not role or Offer.objects.exists():
        return 0
    visits = [name for name in study.newest.visits if study.newest.asks_apart(name)]
    counts = lists.counts()
    if not visits or not counts:  # a role may rate recordings alone
        return 0
    reader, rater = reader_as(role), Author(f"{DEMONSTRATION}{role}", role, SYSTEM)
    if reader.environment != "rehearsal":
        raise ConductError("assessments are made up for virtual people alone")
    for said in study.newest.file.second_ratings.values():
        if said.certificate is not None:
            certify(reader, rater.identity, said.certificate, *_ALWAYS, by=rater)
    site = max(counts, key=lambda one: (one.participants, one.site)).site
    people = lists.participants(sites=frozenset({site}), limit=200)
    taking_part = [one for one in people if one.status in _TAKES_PART]
    for turn, (one, ahead) in enumerate(zip(taking_part, times, strict=False)):
        _book(reader_as(role), one.ledger, visits[turn % len(visits)], ahead)
    renew_offers(reader_as(role))
    return Offer.objects.count()


def _book(reader: Reader, ledger: str, visit: str, ahead: timedelta) -> None:
    held, number = course_in(reader, ledger).encounters, 1
    while f"{visit}#{number}" in held:
        number += 1
    coordinator, now = Author(f"{DEMONSTRATION}coordinator", "coordinator", SYSTEM), now_in(reader)
    book_visit(f"{visit}#{number}", reader, ledger, coordinator, now, at=now + ahead)
