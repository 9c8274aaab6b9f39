"""Assessments for a crawl: one that is offered to raters, and one that a rater is in the midst of."""

from __future__ import annotations

from datetime import timedelta

from entact.conduct.demonstration import offer_assessments
from entact.conduct.rating.domain import begin_rating, take_offer, tell_site
from entact.conduct.rating.models import Offer
from entact.conduct.reader import reader_as
from entact.conduct.record.door import Author
from entact.course.entry import SYSTEM
from entact.protocol import Study


def with_assessments(study: Study) -> None:
    """Books two, of which the first rater of the demonstration has one, and has told the site something."""
    if not offer_assessments((timedelta(days=1),) * 2):
        return
    role = next(iter(sorted(study.newest.roles_apart)))
    rater = Author(f"demo-{role}", role, SYSTEM)
    offer = Offer.objects.order_by("ledger").first()
    assert offer is not None
    assert take_offer(offer.token, reader_as(role), rater)
    begin_rating(offer, reader_as(role), rater)
    tell_site(offer, reader_as(role), rater, "adverse_event", "heard of a fall")
