"""Assessments for a crawl: one that is offered to raters, and one that a rater is in the midst of."""

from __future__ import annotations

from datetime import timedelta

from entact.conduct.drift.domain import certify
from entact.conduct.rating.domain import begin_rating, renew_offers, take_offer, tell_site
from entact.conduct.rating.models import Offer
from entact.conduct.reader import reader_as
from entact.conduct.record.door import Author
from entact.conduct.visits.domain import book_visit
from entact.course.entry import SYSTEM
from entact.protocol import Study
from entact.store import lists

SOON = timedelta(days=1)


def with_assessments(study: Study) -> None:
    """Books two, of which the first rater of the demonstration has one, and has told the site something."""
    roles = sorted(study.newest.roles_apart)
    visits = [name for name in study.newest.visits if study.newest.rated_apart(name)]
    if not roles or not visits:
        return
    role = next(iter(roles))
    site = max(lists.counts(), key=lambda one: (one.participants, one.site)).site
    for one in lists.participants(sites=frozenset({site}), limit=2):
        coordinator = Author("demo-coordinator", "coordinator", SYSTEM)
        reader = reader_as(role)
        now = reader.at + timedelta(milliseconds=1)
        book_visit(f"{visits[0]}#2", reader, one.ledger, coordinator, now, at=reader.at + SOON)
    renew_offers(reader_as(role))
    rater = Author(f"demo-{role}", role, SYSTEM)
    for said in study.newest.file.second_ratings.values():
        if said.certificate is not None:
            certify(reader_as(role), rater.identity, said.certificate, "2020-01-01", "2090-01-01", by=rater)
    offer = Offer.objects.order_by("ledger").first()
    assert offer is not None
    assert take_offer(offer.token, reader_as(role), rater)
    begin_rating(offer, reader_as(role), rater)
    tell_site(offer, reader_as(role), rater, "adverse_event", "heard of a fall")
