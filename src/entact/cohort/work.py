"""Pieces of a rehearsal that can be done anywhere: some candidates screened, some participants treated."""

from __future__ import annotations

import pickle
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from entact.cohort.attendance import Attendance
from entact.cohort.calendar import Calendar, first_hour
from entact.cohort.draws import stream
from entact.cohort.fit import entry_activity, told_arm
from entact.cohort.intake import Coming, Screened, Treat
from entact.cohort.parameters import Parameters
from entact.cohort.person import Candidate, Participant, draw_candidates, draw_participants
from entact.cohort.screening import screen
from entact.cohort.scribe import Scribe
from entact.cohort.setting_ledgers import Approval, participant_key, participant_ledger, zone_of_site
from entact.cohort.tally import Tally
from entact.cohort.treatment import treat, turn_away
from entact.course import Line, Setting, fold_setting, read
from entact.course.entry import Environment
from entact.course.state.setting import StudyState
from entact.protocol import Study

T = TypeVar("T")
CHUNK = 6  # participants in one piece of work


@dataclass(frozen=True)
class Job:
    """What every piece of a rehearsal's work needs.

    Attributes:
        study_lines: of the study's ledger. site_lines: of each site's, without the kits, which are sent with
            those whom they are for. arrivals: when each entry of a site's ledger arrived, so far. notices:
            further lines of the study's ledger, and when each was noticed: places taken, holds. approvals: of
            releases by sites.
    """

    study: Study
    parameters: Parameters
    seed: int
    study_lines: list[Line]
    site_lines: dict[str, list[Line]]
    arrivals: dict[str, list[datetime]] = field(default_factory=dict)
    notices: list[Line] = field(default_factory=list)
    noticed: list[datetime] = field(default_factory=list)
    approvals: Mapping[str, Sequence[Approval]] = field(default_factory=dict)
    environment: Environment = "rehearsal"
    _states: dict[int, StudyState] = field(default_factory=dict, repr=False)
    _settings: dict[str, Setting] = field(default_factory=dict, repr=False)

    def setting(
        self, site: str, kits: Sequence[Line] = (), known: Sequence[tuple[str, str, str]] = ()
    ) -> Callable[[datetime], Setting]:
        """The study's ledger and the site's with one participant's kits, as they were known at a time."""
        setting = self._without_kits(site)
        if known:
            numbers = {(of, number): frozenset({whose}) for of, number, whose in known}
            setting = replace(setting, numbers=numbers)
        if kits:
            stock = fold_setting(self.study, (), [read(line.text) for line in kits]).site.kits
            setting = replace(setting, site=replace(setting.site, kits=stock))
        arrivals, approvals = self.arrivals.get(site), self.approvals.get(site, ())
        if arrivals is None and not approvals:
            return lambda at: setting

        def as_of(at: datetime) -> Setting:
            size = setting.site.size if arrivals is None else bisect_right(arrivals, at)
            own = replace(setting.site, size=size)
            for one in approvals:
                if one.at <= at:
                    own = replace(own, release=one.release, activation=one.entry)
            return replace(setting, study=self._study_at(at) or setting.study, site=own)

        return as_of

    def _study_at(self, at: datetime) -> StudyState | None:
        """The study's ledger as it was known at a time; None where it says nothing more."""
        count = bisect_right(self.noticed, at)
        if count and count not in self._states:
            lines = [*self.study_lines, *self.notices[:count]]
            self._states[count] = fold_setting(self.study, [read(line.text) for line in lines], ()).study
        return self._states.get(count)

    def _without_kits(self, site: str) -> Setting:
        if site not in self._settings:
            ledgers = (self.study_lines, self.site_lines[site])
            study, own = ([read(line.text) for line in lines] for lines in ledgers)
            self._settings[site] = fold_setting(self.study, study, own)
        return self._settings[site]

    def zone(self, site: str) -> ZoneInfo:
        """The site's clock; a site that the study does not plan keeps that of the parameters."""
        return ZoneInfo(zone_of_site(self.study.newest, self.parameters, site))

    def visits(self, population: str) -> tuple[list[str], list[str]]:
        """Names of a population's visits up to the one in which they enter, and of those held from then on.

        What the file lists before the entry and plans for later is still held: the latter are all.
        """
        before: list[str] = []
        after: list[str] = []
        for release in self.study.releases:
            visits = release.visits_of(population, release.file.tracks)
            entry, names = entry_activity(release, population), list(visits)
            last = next(place for place, name in enumerate(names) if entry in visits[name].do)
            before += [name for name in names[: last + 1] if name not in before]
            after += [name for name in names if name not in after]
        return before, after


class Written(msgspec.Struct):
    """A finished record, and what was counted while it was written."""

    index: int
    lines: list[Line]
    tally: Tally


def pack(job: Job) -> bytes:
    """A job as bytes, for work elsewhere: packed once however many pieces there are."""
    return pickle.dumps(job)


def work_elsewhere(work: Callable[[Job, Any], list[Any]], packed: bytes, piece: Any) -> list[Any]:
    """Does a piece of work of a packed job, in whatever process this is."""
    return work(_unpacked(packed), piece)


def screen_candidates(job: Job, piece: Sequence[Coming]) -> list[Screened]:
    """Screens candidates, each from the day of their first visit."""
    results = []
    for candidate, one in zip(_candidates(job, piece), piece, strict=True):
        zone, setting = job.zone(candidate.site), job.setting(candidate.site)
        staff = _staff(job, candidate, None, "screening", first_hour(one.day, zone), setting, [])
        wanted, _ = job.visits(one.population)
        results.append(screen(staff, Calendar(staff, zone, wanted), one))
    return results


def _candidates(job: Job, piece: Sequence[Coming]) -> list[Candidate]:
    drawn = draw_candidates(job.parameters, job.seed, [one.index for one in piece])
    return [
        dataclass_replace(
            candidate, population=one.population, beside=_beside(job, one), site=one.site or candidate.site
        )
        for candidate, one in zip(drawn, piece, strict=True)
    ]


def _beside(job: Job, one: Coming) -> str | None:
    return None if one.beside is None else participant_ledger(job.seed, one.beside)


def treat_participants(job: Job, piece: Sequence[Treat]) -> list[Written]:
    """Treats participants from their entry to the end of the study."""
    indices = [one.screened.index for one in piece]
    candidates = _candidates(job, [one.screened.coming for one in piece])
    # Whoever was turned away has no arm; what is drawn for them is not used.
    arms = [one.arm or job.parameters.reference for one in piece]
    participants = draw_participants(job.parameters, job.seed, indices, arms, told_arm(job.study.newest))
    results = []
    for one, candidate, participant in zip(piece, candidates, participants, strict=True):
        _, wanted = job.visits(candidate.population)
        tally = _treat(job, one, candidate, participant, wanted)
        results.append(Written(one.screened.index, one.screened.lines, tally))
    return results


def _treat(
    job: Job, one: Treat, candidate: Candidate, participant: Participant, wanted: Collection[str]
) -> Tally:
    screened = one.screened
    assert screened.ready is not None
    zone, setting = job.zone(candidate.site), job.setting(candidate.site, one.stock, one.known)
    drawn = participant if one.placed else None
    staff = _staff(job, candidate, drawn, "treatment", screened.ready, setting, screened.lines, one)
    staff.scribe.tally.add(screened.tally)
    staff.scribe.tally.able += 1
    if not one.placed:
        turn_away(staff, one)
    else:
        treat(staff, participant, Calendar(staff, zone, wanted), one)
    screened.lines = staff.scribe.ledger.lines
    return staff.scribe.tally


def _staff(
    job: Job,
    candidate: Candidate,
    participant: Participant | None,
    stage: str,
    now: datetime,
    setting: Callable[[datetime], Setting],
    lines: list[Line],
    given: Treat | None = None,
) -> Attendance:
    random = stream(job.seed, candidate.index, stage)
    name, key = participant_ledger(job.seed, candidate.index), participant_key(job.seed, candidate.index)
    scribe = Scribe(job.study, setting, name, key, random, candidate.site, lines, job.environment)
    number, stratum = (None, None) if given is None else (given.number, given.stratum)
    return Attendance(job.parameters, candidate, participant, scribe, random, now, number, stratum)


@lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> Job:
    job: Job = pickle.loads(packed)
    return job


def work_through(
    work: Callable[[Job, list[T]], list[Any]], job: Job, items: list[T], executor: Executor | None
) -> Iterator[list[Any]]:
    """Works on some items at a time, here or elsewhere, in order; `items` is used up, to free memory."""
    if executor is not None:
        elsewhere = partial(work_elsewhere, work, pack(job))
        yield from executor.map(elsewhere, _pieces(items))
    else:
        yield from (work(job, piece) for piece in _pieces(items))


def _pieces(items: list[T]) -> Iterator[list[T]]:
    items.reverse()
    while items:
        piece = items[: -CHUNK - 1 : -1]
        del items[-CHUNK:]
        yield piece
