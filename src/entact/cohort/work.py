"""Pieces of a rehearsal that can be done anywhere: some candidates screened, some participants treated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from entact.cohort.attendance import Attendance
from entact.cohort.calendar import Calendar
from entact.cohort.draws import stream
from entact.cohort.parameters import Parameters
from entact.cohort.person import Candidate, Participant, draw_candidates, draw_participants
from entact.cohort.places import participant_key, participant_ledger
from entact.cohort.screening import Screened, screen
from entact.cohort.scribe import Scribe
from entact.cohort.tally import Tally
from entact.cohort.team import team_of
from entact.cohort.treatment import treat
from entact.course import Line, Setting, fold_setting, read
from entact.protocol import Study
from entact.protocol.study import Visit


class Job:
    """What every piece of a rehearsal's work needs: study, parameters, seed, and the lines of study and site ledgers."""

    def __init__(
        self,
        study: Study,
        parameters: Parameters,
        seed: int,
        study_lines: list[Line],
        sites: dict[str, list[Line]],
    ) -> None:
        self.study = study
        self.parameters = parameters
        self.seed = seed
        self.study_lines = study_lines
        self.sites = sites
        self.first_visits = _first_visits(study)
        self._settings: dict[str, Setting] = {}

    def setting(self, site: str) -> Setting:
        """The study's ledger and a site's, folded once."""
        if site not in self._settings:
            lines = [self.study_lines, self.sites[site]]
            study_entries, site_entries = ([read(line.text) for line in some] for some in lines)
            self._settings[site] = fold_setting(self.study, study_entries, site_entries)
        return self._settings[site]

    def zone(self, site: str) -> ZoneInfo:
        """The site's clock."""
        return ZoneInfo(self.study.newest.file.sites[site].timezone)


class Treat(msgspec.Struct):
    """A participant to be treated: the record so far, the number given, the arm that it means, and their kits."""

    screened: Screened
    number: str | None
    arm: str
    kits: dict[tuple[str, str], list[str]]


class Written(msgspec.Struct):
    """A participant's finished record, and what was counted while it was written."""

    index: int
    lines: list[Line]
    tally: Tally


def screen_candidates(job: Job, piece: Sequence[tuple[int, datetime]]) -> list[Screened]:
    """Screens candidates, each from the study time of their first visit."""
    candidates = draw_candidates(job.parameters, job.seed, [index for index, _ in piece])
    results = []
    for candidate, (_, start) in zip(candidates, piece, strict=True):
        staff = _staff(job, candidate, None, "screening", start.astimezone(job.zone(candidate.site)), [])
        calendar = _calendar(job, staff, lambda visit: visit.visit in job.first_visits)
        results.append(screen(staff, calendar))
    return results


def treat_participants(job: Job, piece: Sequence[Treat]) -> list[Written]:
    """Treats participants from their randomisation to the end of the study."""
    indices = [one.screened.index for one in piece]
    candidates = draw_candidates(job.parameters, job.seed, indices)
    arms = [one.arm or job.parameters.reference for one in piece]
    participants = draw_participants(job.parameters, job.seed, indices, arms)
    results = []
    for one, candidate, participant in zip(piece, candidates, participants, strict=True):
        screened = one.screened
        assert screened.ready is not None
        lines = screened.lines
        staff = _staff(job, candidate, participant, "treatment", screened.ready, lines)
        calendar = _calendar(job, staff, lambda visit: visit.visit not in job.first_visits)
        treat(staff, calendar, screened, one.number, one.kits)
        tally = staff.scribe.tally
        tally.add(screened.tally)
        results.append(Written(screened.index, staff.scribe.ledger.lines, tally))
    return results


def _staff(
    job: Job,
    candidate: Candidate,
    participant: Participant | None,
    stage: str,
    now: datetime,
    lines: list[Line],
) -> Attendance:
    random = stream(job.seed, candidate.index, stage)
    name, key = participant_ledger(job.seed, candidate.index), participant_key(job.seed, candidate.index)
    scribe = Scribe(job.study, job.setting(candidate.site), name, key, random, Tally(), lines)
    team = team_of(candidate.site, candidate.index)
    return Attendance(job.parameters, candidate, participant, team, scribe, random, now)


def _calendar(job: Job, staff: Attendance, wanted: Callable[[Visit], bool]) -> Calendar:
    return Calendar(
        staff.scribe.course,
        job.zone(staff.candidate.site),
        lambda: staff.now,
        staff.random,
        lambda: staff.chance("late_visit"),
        wanted,
    )


def _first_visits(study: Study) -> frozenset[str]:
    """Visits up to the one in which randomisation takes place."""
    names = []
    for name, visit in study.newest.visits.items():
        names.append(name)
        if "randomisation" in visit.do:
            break
    return frozenset(names)
