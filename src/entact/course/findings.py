"""What is not as it should be in a course: found in the fold, in the whole, by the clock; or since mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from entact.course.course import Course
from entact.course.entry.effective import Effective
from entact.course.found.attended import found_in_windows, found_missed, found_not_ended
from entact.course.found.searches import SEARCHES
from entact.course.found.watch import Watch, as_finding
from entact.course.kinds.calls import late_calls
from entact.course.kinds.reporting import late_reports
from entact.course.schedule import Due
from entact.course.state.progress import due_visits
from entact.course.state.state import Finding

OPEN_FOR = timedelta(hours=24)  # an encounter that nobody ended for so long was forgotten


def findings(course: Course, at: datetime) -> list[Finding]:
    """Everything found in a course as seen at a time, by id, those that no longer hold last.

    Args:
        course: the folded entries. at: aware time of the question; missed visits depend on it.
    Returns:
        Findings with an id that stays the same (rule, entry, item). One that a correction or withdrawal has
        mended is still there, with `holds` false.
    """
    if course.lasting is None:
        course.lasting = tuple(found_at_any_time(course))
    holding = {found.id: found for found in course.lasting}
    dues = due_visits(course, at)
    for found in (*found_in_windows(course, dues, at), *_clock(course, dues, at)):
        known = holding.get(found.id)
        if known is None or (
            found.holds and not known.holds
        ):  # begun late, and entered as missed too: missed
            holding[found.id] = found
    mended = [found for name, found in _former(course).items() if name not in holding]
    return [*sorted(holding.values(), key=_id), *sorted(mended, key=_id)]


def _id(found: Finding) -> str:
    return found.id


def _former(course: Course) -> dict[str, Finding]:
    """What was found before corrections, by id, as no longer holding."""
    if course.former is None:
        course.former = dict(_no_longer((one, None) for one in course.without_corrections()))
    return course.former


def _no_longer(courses: Iterable[tuple[Course, Watch | None]]) -> Iterator[tuple[str, Finding]]:
    """What was found in courses as they were before corrections, with its id."""
    for earlier, watch in courses:
        at = earlier.effective[-1].at if earlier.effective else None
        windows = () if at is None else found_in_windows(earlier, due_visits(earlier, at), at)
        for found in (*found_at_any_time(earlier, watch), *windows):
            yield found.id, Finding(found.id, found.rule, found.entry, found.item, found.message, False)


class CourseWatch:
    """What is found in one participant's course, from one head to the next: what follows costs little.

    It may be asked by one thread at a time; the courses are left as they are for everybody.
    """

    def __init__(self) -> None:
        self._watch = new_watch()
        self._entries: list[Effective] | None = None
        self._earlier: list[tuple[Course, Watch]] = []

    def look(self, course: Course) -> None:
        """Finds what `findings` will be asked for, in a course that continues the one before or does not."""
        known = self._entries is not None and course.continues is self._entries
        course.lasting = tuple(found_at_any_time(course, self._watch))
        if not (known and all(one.follow(course) for one, _ in self._earlier)):
            self._earlier = [(earlier, new_watch()) for earlier in course.without_corrections()]
        course.former = dict(_no_longer(self._earlier))
        self._entries = course.effective


def new_watch() -> Watch:
    """Keeps what is found in one course at any time, from entry to entry."""
    return Watch(SEARCHES)


def found_at_any_time(course: Course, watch: Watch | None = None) -> Iterator[Finding]:
    """What is found in a course whenever it is asked: all but windows and the clock.

    Args:
        watch: kept from the last call for the same course, to save work.
    """
    yield from course.findings.values()
    for (rule, _), (_, entry, message) in course.doubts.items():
        yield as_finding(rule, entry, "", message)
    yield from (watch or new_watch()).look(course)


def _clock(course: Course, dues: list[Due], at: datetime) -> Iterator[Finding]:
    yield from found_missed(dues)
    for begun, found in found_not_ended(course):
        if at - begun > OPEN_FOR:
            yield found
    for since, found in (*found_unreported(course), *found_unanswered(course)):
        if at > since:
            yield found


def found_unanswered(course: Course) -> Iterator[tuple[datetime, Finding]]:
    """Alerts not answered or not confirmed in time, each with the last instant at which it still was."""
    for since, rule, entry, item, message in late_calls(course):
        yield since, as_finding(rule, entry, item, message)


def found_unreported(course: Course) -> Iterator[tuple[datetime, Finding]]:
    """Safety reports not sent in time, each with the last instant at which it still could have been."""
    for last, rule, entry, item, message in late_reports(course):
        yield last, as_finding(rule, entry, item, message)
