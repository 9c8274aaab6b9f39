"""What a gate is asked: who wants to do what, and all that its checks look at, found once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import msgspec

from entact.course.state.progress import zone_of

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.dose import DoseState
    from entact.course.state.setting import Setting
    from entact.protocol.release import Release, Study
    from entact.protocol.study import Visit


class Reason(msgspec.Struct, frozen=True):
    """One reason for which an act may not be done: a stable code, words, and what is not known.

    Of a requirement that may be set aside also by whom, and the entries that it was answered from.
    """

    code: str
    message: str
    missing: tuple[str, ...] = ()
    override: str | None = None
    entries: tuple[str, ...] = ()


class Question:
    """May this be done? With all that the checks look at, found once.

    Attributes:
        act: what is to be done. part: of the dose, for the two acts that give one.
        release: in force at the site. today: the civil date there. encounter, visit: where the participant is
            now; None when nowhere. kit, level: of the dose.
        inputs: ids of the entries that were relied upon. until: when what was relied upon stops being so.
        concerns: codes of what is wrong and keeps nobody.
    """

    def __init__(
        self,
        act: Act,
        study: Study,
        setting: Setting,
        course: Course,
        by: str,
        at: datetime,
        detail: Mapping[str, Any],
    ) -> None:
        self.act = act
        self.part = act.part
        self.study = study
        self.setting = setting
        self.course = course
        self.by = by
        self.at = at.astimezone(UTC)  # times of one zone would be told apart by their wall clocks
        self.detail = detail
        self.site = setting.site
        self.zone: tzinfo = zone_of(course, at, setting.site.zone or at.tzinfo)
        self.today: date = at.astimezone(self.zone).date()
        self.release: Release = _in_force(study, setting)
        self.encounter: str | None = detail.get("encounter") or _open_encounter(course, at, self.may_not_wait)
        name = self.encounter.partition("#")[0] if self.encounter else ""
        self.visit: Visit | None = course.release.visits.get(name)
        self.kit: str | None = detail.get("kit")
        self.level: str | None = course.levels.get(self.encounter or "")
        self.inputs: dict[str, None] = {}
        self._corrections = {one.id: one.corrections for one in course.effective if one.corrections}
        self.until: list[datetime] = []
        self.concerns: dict[str, None] = {}

    def relies_on(self, entry: str | None) -> None:
        """Notes an entry without which the answer might be another, with the corrections that it has."""
        if entry:
            self.inputs[entry] = None
            self.inputs.update(dict.fromkeys(self._corrections.get(entry, ())))

    @property
    def may_not_wait(self) -> bool:
        """Whether the act goes on whatever is wrong with staff, site or training."""
        return bool(self.act.concerns)

    def doses_here(self, part: str) -> list[DoseState]:
        """Doses of a part that were taken in this session."""
        visit = self.visit
        return [
            dose
            for dose in self.course.doses
            if dose.part == part and dose.given and visit is not None and dose.session == visit.visit
        ]


Check = Callable[[Question], Iterator[Reason]]


class Act(msgspec.Struct, frozen=True):
    """Something that is gated: its name, the file's gate, who may do it, and the hard core's checks.

    `concerns` are checks of an act that must not wait for them: what they find is noted in the basis, and
    found in the record.
    """

    name: str
    gate: str
    roles: tuple[str, ...]
    checks: tuple[Check, ...]
    part: str | None = None
    concerns: tuple[Check, ...] = ()


def _in_force(study: Study, setting: Setting) -> Release:
    for release in study.releases:
        if release.id == setting.site.release:
            return release
    return (
        study.newest
    )  # so that every reason can be named; the gate is closed for want of a release in force


def _open_encounter(course: Course, at: datetime, may_leave: bool) -> str | None:
    """The encounter under way at a time, the one begun last when there are several.

    Args:
        may_leave: whether it may be of an earlier attempt at screening: who is in it has to get out.
    """
    under_way = [
        (one.attempt == course.attempt, one.started, one.id)
        for one in course.encounters.values()
        if one.status == "started" and one.started is not None and one.started <= at
    ]
    is_of_attempt, _, encounter = max(under_way, default=(False, at, None))
    return encounter if is_of_attempt or may_leave else None
