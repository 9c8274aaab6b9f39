"""Locks of participants that somebody asked to take back: on the home of who is the second person."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.access.called import people_called
from entact.conduct.permissions import Person
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.today import Task
from entact.conduct.words import moment
from entact.course.kinds.unfreeze import UNFREEZE, asked_to_unfreeze
from entact.store import lists
from entact.store.lists.arrivals import arrivals

_MOST = 50  # that are looked at


def unlocks_asked(reader: Reader, person: Person) -> Iterator[Task]:
    """Participants whose lock somebody else asked to take back, until it is done or they are locked anew."""
    if not person.may("freeze") or not reader.sight.sees_schedule:
        return
    asking = ['"said":"asked"']
    lines = arrivals(kinds=[UNFREEZE.name], sites=reader.sites, holding=asking, limit=_MOST)
    since = {one.ledger: one.received_at for one in reversed(lines)}
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([*since])} if since else {}
    folded, names = (reader.folded([*known]), people_called()) if known else ({}, {})
    for ledger, standing in known.items():
        course = folded.get(ledger)
        locked = course.course.frozen.get("") if isinstance(course, Folded) else None
        by = asked_to_unfreeze(course.course, locked.entry) if isinstance(course, Folded) and locked else None
        if by is None or by == person.identity or not person.may("freeze", standing.site):
            continue
        what = gettext("{by} asks to take the lock back: another person does it").format(by=names.get(by, by))
        when = gettext("asked {when}").format(when=moment(since[ledger], reader.zone_of(standing.site)))
        address = reverse("lock", args=[standing.key])
        yield Task(
            False, "", standing.number, standing.site, what, when, rank=2, due=since[ledger], address=address
        )
