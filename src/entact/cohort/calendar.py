"""When virtual visits are held: near their target, sometimes late, at hours when somebody is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from entact.course import Course, Due
from entact.protocol.study import Visit

NEAR = 2  # days around the target
HOURS = {"dosing": 8, "telephone": 17, "video": 14}  # when such visits begin; all others in the morning
MORNING = 10
EVENTS = {"consent", "enrolment", "randomisation", "dose", "medication"}  # what visits are counted from


class Calendar:
    """The visits of one participant in the order in which they are held, as the course goes on.

    Args:
        course: as it is being written. zone: of the site. clock: study time now. random: source of chance.
        late: whether a visit that may be late is. wanted: which visits to hold.
    """

    def __init__(
        self,
        course: Course,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        random: np.random.Generator,
        late: Callable[[], bool],
        wanted: Callable[[Visit], bool],
    ) -> None:
        self.course = course
        self.zone = zone
        self.clock = clock
        self.random = random
        self.late = late
        self.wanted = wanted
        self.planned: dict[str, datetime] = {}
        self.done: set[str] = set()
        visits = course.release.visits.values()
        anchors = {visit.after for visit in visits}
        # Windows move only when something they are counted from has happened, or something has stopped.
        self._moving = {one.visit for one in visits if one.visit in anchors or EVENTS & {*one.do}}
        self._stopped = -1

    def __iter__(self) -> Iterator[tuple[Visit, datetime]]:
        visits = self.course.release.visits
        name = ""
        while True:
            if name in self._moving or len(self.course.discontinued) != self._stopped:
                self._plan()
                self._stopped = len(self.course.discontinued)
            if not self.planned:
                return
            name = min(self.planned, key=lambda one: (self.planned[one], one))
            at = self.planned.pop(name)
            self.done.add(name)
            yield visits[name], max(at, self.clock() + timedelta(minutes=30))

    def time_of(self, visit: str) -> datetime | None:
        """When a visit is planned, if it is."""
        return self.planned.get(visit)

    def _plan(self) -> None:
        now = self.clock()
        for due in self.course.due(now):
            visit = self.course.release.visits[due.visit]
            if due.visit in self.done or not self.wanted(visit):
                continue
            if due.status in ("done", "missed", "not_reachable"):
                self.planned.pop(due.visit, None)
            elif visit.opens:
                self.planned[due.visit] = now
            elif due.target is not None and due.visit not in self.planned:
                self.planned[due.visit] = self._choose(due, visit, now)

    def _choose(self, due: Due, visit: Visit, now: datetime) -> datetime:
        assert due.target is not None
        if due.opens is not None and due.closes is not None:
            room = (due.closes - due.opens) / timedelta(minutes=1)
            return due.opens + timedelta(minutes=float(round(room * self.random.uniform(0.4, 0.7))))
        moved = int(self.random.integers(-NEAR, NEAR + 1))
        late = self.late() and visit.kind != "dosing"
        day = due.target + timedelta(days=moved)
        if due.latest is not None:
            day = due.latest + timedelta(days=1 + abs(moved)) if late else min(day, due.latest)
        if due.earliest is not None:
            day = max(day, due.earliest)
        return self._at(max(day, now.date()), visit)

    def _at(self, day: date, visit: Visit) -> datetime:
        hour = HOURS.get(visit.kind, HOURS.get(visit.contact, MORNING))
        start = datetime.combine(day, time(hour), self.zone)
        return start + timedelta(minutes=int(self.random.integers(0, 50)))
