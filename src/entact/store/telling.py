"""What is planned to be told of somebody: the arm after the blinded part, or which visits are theirs.

Who waits for it stands in the record alone: whoever asked at the gate of planned unblinding, and whoever is
randomised where visits differ by arm. A process of whoever holds the list opens the row, and enters what is
to be told with a key of its own; the web has no part in it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from django.db import transaction

from entact.course import Allowed, Course, Entry, Refused, fold, may, read, uuid7
from entact.course.entry import Authenticated, Kept
from entact.course.entry.entry import proved_by_person
from entact.course.entry.ledger import Receipt
from entact.course.fold import fold_lines
from entact.course.kinds.assignment import ASSIGNMENT
from entact.course.kinds.unblinding import PLANNED_UNBLINDING, UNBLINDING_REQUESTED, request_of
from entact.course.state.numbers import numbers_of, row_number, unit_of
from entact.course.state.progress import zone_of
from entact.protocol import Study
from entact.store import models
from entact.store.allocation import RANDOMISED
from entact.store.door import fact
from entact.store.error import StoreError
from entact.store.known import raw_cursor
from entact.store.reading import lines
from entact.store.setting import setting_held
from entact.store.studies import study_of_record

What = Literal["planned_unblinding", "assignment"]
UNBLINDING: Final = "planned_unblinding"

_log = logging.getLogger(__name__)
_NEXT: Final = timedelta(milliseconds=1)


class Awaited(NamedTuple):
    """Somebody of whom something is to be told.

    Attributes:
        what: as the kind of entry that tells it is called. ledger: of the participant. number: of the row.
        entry: what asks for it: the request, or the randomisation. since: when that was.
    """

    what: What
    ledger: str
    number: str
    entry: str
    since: datetime


def awaited(study: Study, ledger: str | None = None) -> list[Awaited]:
    """All of whom something is to be told and was not yet, the longest waiting first.

    Somebody whose record cannot be read is left out, and the log says so: everybody else is told.

    Args:
        ledger: of one participant, whatever was told of them and withdrawn since; None for everybody.
    Raises:
        StoreError: when the record of that one participant cannot be read.
    """
    found: list[Awaited] = []
    for name in [ledger] if ledger is not None else ledgers_asking(study):
        course = fold_lines(study, name, lines(name))
        if isinstance(course, Course):
            found += _awaited_of(course, name)
        elif ledger is not None:
            raise StoreError(f"{name}: {course.problem}; run `entact verify`")
        else:
            _log.error("%s cannot be read, and nothing is told of it: run `entact verify`", name)
    return sorted(found, key=lambda one: (one.since, one.ledger))


def ledgers_asking(study: Study) -> list[str]:
    """The ledgers in which something asks for it, and nothing has told it."""
    asking = [(UNBLINDING_REQUESTED.name, PLANNED_UNBLINDING.name)]
    if any(release.file.told_apart for release in study.releases):
        asking.append((RANDOMISED, ASSIGNMENT.name))
    found: set[str] = set()
    for asks, tells in asking:
        told = models.Line.objects.filter(kind=tells).values("ledger")
        waiting = models.Line.objects.filter(kind=asks).exclude(ledger__in=told)
        found.update(waiting.values_list("ledger__name", flat=True).distinct())
    return sorted(found)


def _awaited_of(course: Course, ledger: str) -> Iterator[Awaited]:
    own, request = course.randomisation, request_of(course)
    if own is None:
        return
    number = own.number if unit_of(course) is None else row_number(own.number)
    if course.release.file.told_apart and course.assignment is None:
        yield Awaited("assignment", ledger, number, own.entry, own.at)
    if course.release.file.unblinding is not None and request is not None:
        yield Awaited("planned_unblinding", ledger, number, request.entry, request.at)


def reasons_against(one: Awaited, now: datetime) -> tuple[str, ...]:
    """Why the row is not to be opened now; empty where nothing stands against it.

    The gate of planned unblinding is asked anew, as of whoever asked: what was frozen then may not be now.
    """
    with transaction.atomic():
        _, _, answer = _asked_anew(one, now)
    return tuple(reason.message for reason in answer.reasons) if isinstance(answer, Refused) else ()


def tell(
    one: Awaited,
    arm: str,
    *,
    by: str,
    role: str,
    prove: Callable[[Entry], Authenticated],
    now: datetime,
) -> Receipt | Refused:
    """Enters what is to be told of somebody: the arm, or the arms that have the same visits as it.

    In one transaction, which holds the participant's record, with the gate's answer.

    Args:
        arm: as the row says it. by, role: whoever holds the list; prove: says of the entry that it is they.
    Returns:
        The receipt; or every reason against it, and then nothing is told.
    Raises:
        StoreError: when somebody else told it meanwhile, or the study has no such arm.
    """
    with transaction.atomic():
        course, asked, answer = _asked_anew(one, now)
        if isinstance(answer, Refused):
            return answer
        file = course.release.file
        if arm not in file.arms:
            raise StoreError(f"the row of {one.number} says the arm {arm!r}, which the study has not")
        at = max(now, one.since + _NEXT).astimezone(zone_of(course, now))
        data: dict[str, Any] = {"arms": list(file.told_apart.get(arm, ()))}
        if one.what == UNBLINDING and file.unblinding is not None:
            data = {"arm": arm, "told": list(file.unblinding.tells)}
        entry = Entry(
            id=uuid7(datetime.now(UTC), secrets.randbits(80)),
            ledger=one.ledger,
            kind=one.what,
            release=asked.release,
            environment=asked.environment,
            occurred_at=at.isoformat(),
            recorded_at=at.isoformat(),
            by=by,
            role=role,
            encounter=asked.encounter if one.what == UNBLINDING else None,
            about=one.entry if one.what == UNBLINDING else None,
            data=data,
            basis=None if answer is None else answer.basis,
        )
        return fact(entry, received_at=at.isoformat(), authenticated=prove(entry))


def _require_proved(asked: Entry, *, again: bool) -> None:
    """Refuses what no person was seen to ask: who can write to the database gets no row opened by that.

    Args:
        again: whether they had to show once more who they are.
    """
    by = asked.authenticated if isinstance(asked, Kept) else None
    if by is None or not proved_by_person(asked) or (again and by.second is None):
        raise StoreError(f"nobody showed that {asked.by} asked for it in {asked.id}: a person looks into it")


def _asked_anew(one: Awaited, now: datetime) -> tuple[Course, Entry, Allowed | Refused | None]:
    """The participant's course, held until the transaction ends; what asks; and what the gate says now.

    Raises:
        StoreError: when nothing waits any more.
    """
    models.Ledger.objects.select_for_update().filter(name=one.ledger).first()
    stamp, study = study_of_record()
    if study is None:
        raise StoreError("the record holds no release that can be read")
    course = fold(study, [read(line.text) for line in lines(one.ledger)])
    asked = next((entry for entry in course.entries if entry.id == one.entry), None)
    if asked is None or not any(still[:4] == one[:4] for still in _awaited_of(course, one.ledger)):
        raise StoreError(f"nobody waits for {one.what.replace('_', ' ')} of {one.ledger} any more")
    _require_proved(asked, again=one.what == UNBLINDING)
    if one.what != UNBLINDING:
        return course, asked, None
    numbers = numbers_of(course)
    setting = setting_held(raw_cursor(), stamp, study, course.site or "", numbers, course=course)
    return course, asked, may("unblind", study, setting, course, asked.by, now, encounter=asked.encounter)
