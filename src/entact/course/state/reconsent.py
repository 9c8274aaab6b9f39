"""When consent is to be given again: to a release that the site works under and that asks for it."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from entact.course.schedule import civil_date
from entact.course.state.progress import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entact.course.state.state import State
    from entact.protocol import Release

# Who is through: nothing is asked of them any more.
THROUGH: Final = frozenset(
    {"died", "screen_failed", "not_entered", "withdrawn", "lost_to_follow_up", "completed"}
)


class Reconsent(NamedTuple):
    """That consent is to be given to a release.

    Attributes:
        release: its id. since, until: from when on the site works under it, and before when (None: for ever).
        due: the last civil day at the site by which it, or one before it, asks; None where none says a time.
    """

    release: str
    since: datetime
    until: datetime | None
    due: date | None

    def holds(self, at: datetime) -> bool:
        """Whether it is so at an instant."""
        return self.since <= at and (self.until is None or at < self.until)


def reconsents_of(course: State) -> tuple[Reconsent, ...]:
    """What whoever takes part is to consent to, in order of time: one at any moment, none once they have.

    A release that nobody under way is touched by asks for nothing (`Amendment.asks_consent_again`). A later
    one moves no day that one before it had set.
    """
    study, consent = course.study, course.consent
    if len(study.releases) == 1 or consent is None or not consent.given or course.status in THROUGH:
        return ()
    approved = dict(study.approvals).get(course.site or "", ())
    numbers = [(since, study.number(release)) for since, release in approved if _is_known(course, release)]
    consented = study.number(consent.release) if _is_known(course, consent.release) else -1
    if not numbers:  # what is known of no site's approval is in force, and nobody knows since when
        asks = any(map(_asks, study.releases[consented + 1 :]))
        return (Reconsent(study.newest.id, consent.since, None, None),) if asks else ()
    ends = [(*one, since) for one, (since, _) in pairwise(numbers)] + [(*one, None) for one in numbers[-1:]]
    found = []
    for since, number, until in ends:
        asking = [later for later in range(consented + 1, number + 1) if _asks(study.releases[later])]
        if asking:
            days = [day for later in asking for day in _days(course, numbers, later)]
            found.append(Reconsent(study.releases[number].id, since, until, min(days, default=None)))
    return tuple(found)


def _is_known(course: State, release: str) -> bool:
    return any(one.id == release for one in course.study.releases)


def _asks(release: Release) -> bool:
    amendment = release.file.amendment
    return amendment is None or amendment.asks_consent_again


def _days(course: State, numbers: list[tuple[datetime, int]], release: int) -> Iterator[date]:
    """By when a release asks at the site: counted from when it, or one after it, was first approved."""
    amendment = course.study.releases[release].file.amendment
    if amendment is not None and amendment.reconsent_within is not None:
        since = min(since for since, number in numbers if number >= release)
        yield civil_date(since + amendment.reconsent_within, zone_of(course, since))
