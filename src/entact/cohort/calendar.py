"""When virtual visits are held: near their target, sometimes late, at hours when somebody is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from entact.cohort.attendance import Attendance
from entact.cohort.interview import hear_of_stops
from entact.course import Due
from entact.course.kinds import KINDS
from entact.course.state.progress import due_visits
from entact.protocol import Release
from entact.protocol.study import Visit

NEAR = 2  # days around the target
HOURS = {"dosing": 8, "telephone": 17, "video": 14}  # when such visits begin; all others in the morning
MORNING = 10
EVENTS = {kind.activity for kind in KINDS.values() if kind.anchors}  # what visits are counted from
LATE = timedelta(days=14)
BETWEEN = timedelta(minutes=30)  # at least, from one visit to the next


class Calendar:
    """The visits of one participant in the order in which they are held, as the course goes on.

    Args:
        staff: who hold them. zone: of the site. wanted: names of the visits to hold.
    """

    def __init__(self, staff: Attendance, zone: ZoneInfo, wanted: Collection[str]) -> None:
        self.staff = staff
        self.zone = zone
        self.wanted = wanted
        self.planned: dict[str, datetime] = {}
        self._earliest: dict[str, date] = {}
        self._done: set[str] = set()
        self._stopped = -1
        self._follow(staff.release)

    def _follow(self, release: Release) -> None:
        """Takes the visits of a release; what it does not have is no longer planned."""
        self.release = release
        self.visits = {name: visit for name, visit in release.visits.items() if name in self.wanted}
        self.planned = {name: at for name, at in self.planned.items() if name in self.visits}
        anchors = {visit.after for visit in self.visits.values()}
        # Windows move only when something they are counted from has happened, or something has stopped.
        self._moving = {
            name for name, visit in self.visits.items() if name in anchors or EVENTS & {*visit.do}
        }

    def __iter__(self) -> Iterator[tuple[Visit, datetime]]:
        course, name = self.staff.scribe.course, ""
        while True:
            if self.staff.release is not self.release:
                self._follow(self.staff.release)
                name = ""
                self._plan()
            if name in self._moving or len(course.discontinued) != self._stopped:
                self._plan()
                self._stopped = len(course.discontinued)
            if not self.planned and self._waits_for_washout():
                hear_of_stops(self.staff)
                self._plan()
            if not self.planned:
                return
            name = min(self.planned, key=lambda one: (self.planned[one], one))
            at = self.planned.pop(name)
            self._done.add(name)
            yield self.visits[name], max(at, self.staff.now + BETWEEN)

    def _waits_for_washout(self) -> bool:
        return any(
            visit.after == "washout_end" and name not in self._done for name, visit in self.visits.items()
        )

    def _plan(self) -> None:
        now = self.staff.now
        for due in due_visits(self.staff.scribe.course, now, only=self.visits.keys() - self._done):
            visit = self.visits[due.visit]
            if due.status in ("done", "missed", "not_reachable"):
                self.planned.pop(due.visit, None)
            elif visit.opens:
                self.planned[due.visit] = now
            elif due.target is not None and due.visit not in self.planned:
                self.planned[due.visit] = self._choose(due, visit, now)
                self._earliest[due.visit] = due.earliest or now.date()
        self._put_before_sessions()

    def _choose(self, due: Due, visit: Visit, now: datetime) -> datetime:
        random = self.staff.random
        if due.opens is not None and due.closes is not None:
            room = (due.closes - due.opens) / timedelta(minutes=1)
            return due.opens + timedelta(minutes=float(round(room * random.uniform(0.4, 0.7))))
        assert due.target is not None
        moved = int(random.integers(-NEAR, NEAR + 1))
        late = self.staff.chance("late_visit") and visit.kind != "dosing"
        day = due.target + timedelta(days=moved)
        if due.latest is not None:
            # Late is after the window; where that is wide open, some two weeks after the target.
            after = min(due.latest + timedelta(days=1), due.target + LATE)
            day = after + timedelta(days=abs(moved)) if late else min(day, due.latest)
        if due.earliest is not None:
            day = max(day, due.earliest)
        return self._at(max(day, now.date()), visit)

    def _at(self, day: date, visit: Visit) -> datetime:
        hour = HOURS.get(visit.kind, HOURS.get(visit.contact, MORNING))
        start = datetime.combine(day, time(hour), self.zone)
        return start + timedelta(minutes=int(self.staff.random.integers(0, 50)))

    def _put_before_sessions(self) -> None:
        """What the file lists before a session is held before it, so that no dose blurs what it shows.

        But not before its window opens: what the file plans for later comes later.
        """
        before: list[str] = []
        for name, visit in self.visits.items():
            if name not in self.planned:
                continue
            if visit.kind == "dosing":
                for other in before:
                    if self.planned[other] >= self.planned[name]:
                        eve = self.planned[name].date() - timedelta(days=1)
                        if eve >= self._earliest.get(other, eve):
                            self.planned[other] = datetime.combine(eve, self.planned[other].timetz())
            before.append(name)


def first_hour(day: date, zone: ZoneInfo) -> datetime:
    """When a visit in the morning begins."""
    return datetime.combine(day, time(MORNING), zone)
