"""A whole study with virtual participants and staff, through the same gates into the same kind of ledgers.

Candidates are screened side by side; whoever passes the randomisation gate is given a number in order of
study time, because the list and the kits are shared; then all are treated side by side again. Everything
follows from the seed: on any number of cores the ledgers are the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from pathlib import Path

import msgspec

from entact.cohort.admission import Admission, Notice, holds_in_words
from entact.cohort.allocated import allocate, strata_of, stratum_of_row
from entact.cohort.amendments import approved_study, plan_approvals
from entact.cohort.arrivals import FIRST_DAY, Arrivals
from entact.cohort.deliveries import Deliveries
from entact.cohort.draws import stream
from entact.cohort.fit import is_randomised, told_arm
from entact.cohort.intake import HELD, INCOMPLETE, Coming, Screened, Treat
from entact.cohort.minimised import minimised
from entact.cohort.needs import kits_of_a_participant, share, take_turns
from entact.cohort.parameters import Parameters
from entact.cohort.part import ParametersError
from entact.cohort.periodic import report_at_intervals
from entact.cohort.planned_kits import kits_key, plan_kits
from entact.cohort.scenario import load_parameters, require_fit
from entact.cohort.setting_ledgers import (
    LIST_HOLDER,
    OPENING,
    Depot,
    NotedHeads,
    SettingLedger,
    open_sites,
    open_study,
    participant_key,
    participant_ledger,
    received_at,
)
from entact.cohort.tally import Tally
from entact.cohort.trial import Trial, cohort_beside
from entact.cohort.units import APART, Units, know_each_other, together_at
from entact.cohort.work import CHUNK, Job, screen_candidates, treat_participants, work_through
from entact.course import Line, read
from entact.course.entry import Environment
from entact.course.planned_kits import kits_sealed
from entact.course.resupply import resupply_of
from entact.course.state.numbers import unit_number
from entact.protocol import Study

Sink = Callable[[str, list[Line]], None]
Progress = Callable[[str, int, int], None]
PATIENCE = 12  # times the expected number of candidates, then nobody else is screened
SPARE = 1.12  # candidates beyond the expected need, so that one round of screening is usually enough


def rehearse(
    study: Study,
    participants: int | None = None,
    seed: int = 1,
    *,
    cohort: Path | None = None,
    scenario: Path | None = None,
    start: date | None = None,
    until: datetime | None = None,
    environment: Environment = "rehearsal",
    executor: Executor | None = None,
    sink: Sink | None = None,
    progress: Progress | None = None,
) -> Trial:
    """Runs a study with virtual participants, from the first consent to the last visit.

    Args:
        study: the study. cohort: its `cohort.yaml`; without it, the one that lies beside the study's file;
            where there is none, and for what it does not say, a neutral one is derived from the study: no
            effect assumed.
        participants: how many to take in; without it, as many as planned. seed: all follows from it.
        scenario: a file that overrides parameters. start: first day; without it, that of the parameters.
        until: nothing that arrives later is there: the study as it stands then, in the middle of it.
        environment: what every entry says that it is of.
        executor: where to work side by side; in this process without one. sink: takes each finished ledger;
            without one they are kept in the result. progress: called with a stage, how many are done, and of
            how many.
    Returns:
        The trial; its allocation is secret and belongs into a file of its own.
    Raises:
        ParametersError: when the `cohort.yaml` cannot be used, or does not fit the study.
    """
    if cohort is not None and not cohort.is_file():
        raise ParametersError(f"{cohort} is not there: it says what the virtual participants are made of")
    beside = cohort or cohort_beside(study)
    parameters = load_parameters(beside, scenario, release=study.newest)
    require_fit(parameters, study.newest, scenario, beside)
    planned = sum(one.planned for one in study.newest.file.populations.values())
    wanted = planned if participants is None else participants
    if wanted < 1:
        raise ParametersError(f"{wanted} participants are too few; at least one is needed")
    return _Rehearsal(
        study, parameters, wanted, seed, start, until, environment, executor, sink, progress
    ).run()


class _Rehearsal:
    """One run: allocation, setting, screening, randomisation in order of time, treatment, heads."""

    def __init__(
        self,
        study: Study,
        parameters: Parameters,
        wanted: int,
        seed: int,
        start: date | None,
        until: datetime | None,
        environment: Environment,
        executor: Executor | None,
        sink: Sink | None,
        progress: Progress | None,
    ) -> None:
        self.parameters = parameters
        self.wanted = wanted
        self.seed = seed
        self.until = until
        self.environment: Environment = environment
        self.executor = executor
        self.progress = progress or (lambda stage, done, of: None)
        self.start = start or parameters.rehearsal.start
        opens = datetime.combine(self.start, time(0), UTC)
        self.sites = list(parameters.sites.by_id)
        came, days = opens + timedelta(days=FIRST_DAY), parameters.rehearsal.enrolment_days
        self.releases, self.approvals = plan_approvals(study, self.sites, came, days, seed)
        self.study = study = approved_study(study, self.approvals, opens + OPENING)
        self.populations = {name: said.planned for name, said in study.newest.file.populations.items()}
        self.alone = [name for name, said in study.newest.file.populations.items() if said.linked_to is None]
        self.told = told_arm(study.newest) or parameters.arms[0]
        self.wanted_of = share(self.populations, wanted)
        self.unit = Units.of(study.newest)
        if self.unit is not None:
            self.wanted_of |= self.unit.wanted(self.wanted_of)
            self.wanted = wanted = sum(self.wanted_of.values())
        turns = take_turns({name: self.populations[name] for name in self.alone})
        self.arrivals = Arrivals(parameters, seed, wanted, turns, self.start)
        self.needs = {
            (name, arm): kits_of_a_participant(study, name, arm)
            for name in self.populations
            for arm in parameters.arms
        }
        self.strata = strata_of(study, self.sites)
        self.trial = Trial(
            study,
            parameters,
            seed,
            allocate(study, parameters.arms, self.strata, self.wanted_of, self.needs, self.told, seed),
            wanted=wanted,
        )
        allocation = self.trial.allocation
        self.arms = allocation.arms()
        self.minimised = minimised(study, allocation.rows, self.arms)
        self.depot = Depot(allocation, stream(seed, 0, "depot"))
        self.numbers = {
            stratum: iter([row.number for row in allocation.rows if row.stratum == stratum])
            for stratum in self.strata
        }
        self.admission = self._admission(list(self.populations))
        self.sink = sink or self.trial.ledgers.__setitem__
        self.heads = NotedHeads()
        self.study_ledger = open_study(study, self.trial.allocation, opens, seed, environment)
        self.site_ledgers = open_sites(study, parameters, opens, seed, self.approvals, environment)
        self.deliveries = None
        if study.newest.file.supply is not None:
            ends = came + timedelta(days=days)
            self.deliveries = Deliveries(study.newest, self.needs.values(), ends, seed)
            self.deliveries.enter_lots(self.site_ledgers, opens)

    def run(self) -> Trial:
        site_lines = {site: list(ledger.chain.lines) for site, ledger in self.site_ledgers.items()}
        study_lines = list(self.study_ledger.chain.lines)
        job = Job(
            self.study,
            self.parameters,
            self.seed,
            study_lines,
            site_lines,
            approvals=self.approvals,
            environment=self.environment,
        )
        if self.unit is None:
            work = self._enter(self._screen(job), self.admission)
        else:
            work = self._enter_units(self._units(job))
        if self.minimised is not None:  # whose arms followed from who came
            assigned = {
                row.number: self.arms[row.number]
                for row in self.trial.allocation.rows
                if row.number in self.arms
            }
            self.trial.allocation = msgspec.structs.replace(self.trial.allocation, assigned=assigned)
        work += self._accompany(job, work)
        if self.deliveries is not None:
            self.deliveries.enter()
        for ledger in self.site_ledgers.values():
            ledger.approve()
        arrivals = {site: ledger.arrivals for site, ledger in self.site_ledgers.items()}
        notices, noticed = self._notices(work)
        self.trial.holds += holds_in_words(self.admission, sum(one.refused == HELD for one in work))
        self._treat(replace(job, arrivals=arrivals, notices=notices, noticed=noticed), work)
        for ledger in self.site_ledgers.values():
            self._send(ledger.chain.name, ledger.chain.lines)
        report_at_intervals(self.study, self.heads, self.admission.notices, self.seed)
        self.heads.write(self.study_ledger, self.until)
        self._send(self.study_ledger.chain.name, self.study_ledger.chain.lines)
        return self.trial

    def _screen(self, job: Job) -> list[Screened]:
        """Screens candidates in rounds until enough have passed; these, in order of study time.

        A study that nobody can enter is given up: that is a finding about it.
        """
        rate = self.parameters.rehearsal.randomised_per_consented
        others = 0 if self.unit is None else self.unit.others
        size, first = ceil(sum(self.wanted_of[name] for name in self.alone) / rate ** (1 + others) * SPARE), 0
        most = size * PATIENCE
        waiting: list[Screened] = []
        while first < most and not self._enough(waiting):
            candidates = [self.arrivals.alone() for _ in range(size)]
            done = 0
            for chunk in work_through(screen_candidates, job, candidates, self.executor):
                done += len(chunk)
                self.progress("screening", done, size)
                waiting += self._sort(chunk)
            first, size = first + size, max(size // 5, CHUNK)
        return sorted(waiting, key=lambda one: (one.ready, one.index))

    def _enough(self, waiting: list[Screened]) -> bool:
        admission = self._admission(self.alone)
        for one in sorted(waiting, key=lambda one: (one.ready, one.index)):
            admission.decide(one, "")
        return admission.is_complete

    def _admission(self, populations: list[str]) -> Admission:
        return Admission(self.study.newest, {name: self.wanted_of[name] for name in populations})

    def _enter(self, waiting: list[Screened], admission: Admission) -> list[Treat]:
        """Numbers and kits in order of study time; whoever finds no place gets neither."""
        work = []
        for screened in waiting:
            refused = admission.decide(screened, participant_ledger(self.seed, screened.index))
            one = Treat(screened, placed=not refused, refused=refused)
            work.append(one)
            if one.placed:
                self._equip(one)
        self.trial.randomised = self.admission.entered.total()
        return work

    def _units(self, job: Job) -> list[list[Screened]]:
        """Those who are ready to be randomised, with the others of their unit who are, whoever they are."""
        assert self.unit is not None
        waiting = self._screen(job)
        coming = [
            self.arrivals.beside(one, one.coming.day, name)
            for one in waiting
            for name in self.unit.beside(one.coming.population)
        ]
        units = {one.index: [one] for one in waiting}
        for chunk in work_through(screen_candidates, job, coming, self.executor):
            for other in self._sort(chunk):
                units[other.coming.beside or 0].append(other)
        return sorted(units.values(), key=lambda unit: (together_at(unit), unit[0].index))

    def _enter_units(self, units: list[list[Screened]]) -> list[Treat]:
        """A row of the list for each unit in order of study time: all of it enter, or nobody does."""
        assert self.unit is not None
        work = []
        for unit in units:
            at = together_at(unit)
            for place, one in enumerate(unit):
                one.ready = at + place * APART
            refused = "" if self.unit.is_enough(unit) else INCOMPLETE
            given: list[Treat] = []
            for screened in unit:
                name = participant_ledger(self.seed, screened.index)
                refused = refused or self.admission.decide(screened, name)
                one_of = Treat(screened, placed=not refused, refused=refused)
                given.append(one_of)
                if one_of.placed:
                    self._equip(one_of, given[0].number, len(given))
            placed = [one for one in given if one.placed]
            know_each_other(placed, [participant_ledger(self.seed, one.screened.index) for one in placed])
            work += given
        self.trial.randomised = self.admission.entered.total()
        return work

    def _equip(self, one: Treat, row: str | None = None, place: int = 1) -> None:
        """Gives a number and an arm, and sends kits; `row`: of the unit, of which it is the how-manieth."""
        screened = one.screened
        assert screened.ready is not None
        one.arm = self.parameters.arms[0]
        if row is not None:
            one.number, one.arm = unit_number(row, place), self.arms[row]
        elif is_randomised(self.study.newest, screened.coming.population):
            one.number = next(self.numbers[stratum_of_row(self.study, self.numbers, screened)])
            if self.minimised is not None:
                self.minimised.assign(one)
            one.arm = self.arms[one.number]
        blinded, openly = self.needs[screened.coming.population, one.arm]
        ledger = self.site_ledgers[screened.site]
        one.kits = self.depot.pick(blinded, one.arm)
        one.open_kits = self.depot.pick(openly, self.told)
        if self.deliveries is not None:
            one.stock = self.deliveries.send(ledger, one.kits, one.open_kits, screened.ready)
            return
        one.stock = self.depot.send(ledger, one.kits, screened.ready)
        one.stock += self.depot.send(ledger, one.open_kits, screened.ready)

    def _notices(self, work: list[Treat]) -> tuple[list[Line], list[datetime]]:
        """What the study's ledger says of places, holds and kits, as it is known while people are treated."""
        ledger = SettingLedger(
            self.study, self.study_ledger.chain.name, stream(self.seed, 0, "study notices")
        )
        every = [*self._kits_planned(work), *self.releases, *self.admission.notices]
        for said in sorted(every, key=lambda one: (one.at, one.kind)):
            ledger.write(said.kind, said.data, said.at, said.by, said.role)
        for line in ledger.chain.lines:
            self.heads.say(kits_sealed(read(line.text), kits_key(self.seed)))
        return ledger.chain.lines, ledger.arrivals

    def _kits_planned(self, work: list[Treat]) -> Iterator[Notice]:
        """Which kits are for which rows of the list, where the study orders them so."""
        if resupply_of(self.study.newest) is None:
            return
        given = {one.number: one.kits for one in work if one.number is not None}
        planned = plan_kits(self.study, self.trial.allocation, given, self.seed)
        self.trial.keys[f"kits:{self.study.name}"] = kits_key(self.seed)
        at = datetime.combine(self.start, time(3), UTC)
        yield Notice(at, "kits_planned", msgspec.to_builtins(planned), *LIST_HOLDER)

    def _accompany(self, job: Job, work: list[Treat]) -> list[Treat]:
        """Screens those who come beside somebody, a few days after whom they come with entered."""
        coming: list[Coming] = []
        for name in self.populations:
            beside = self.study.newest.file.populations[name].linked_to
            if self.unit is not None and name in self.unit.names:
                continue
            of = [one for one in work if one.placed and one.screened.coming.population == beside]
            for one in of[: self.wanted_of[name]] if beside is not None else ():
                assert one.screened.ready is not None
                coming.append(self.arrivals.beside(one.screened, one.screened.ready.date(), name))
        waiting = [
            one
            for chunk in work_through(screen_candidates, job, coming, self.executor)
            for one in self._sort(chunk)
        ]
        return self._enter(sorted(waiting, key=lambda one: (one.ready, one.index)), self.admission)

    def _sort(self, chunk: list[Screened]) -> list[Screened]:
        """Those who are ready to enter; the record of all others is finished."""
        for one in chunk:
            if one.ready is None:
                self._finish(one.index, one.lines, one.tally)
        return [one for one in chunk if one.ready is not None]

    def _treat(self, job: Job, work: list[Treat]) -> None:
        done, of = 0, len(work)
        for chunk in work_through(treat_participants, job, work, self.executor):
            done += len(chunk)
            self.progress("treatment", done, of)
            for written in chunk:
                self._finish(written.index, written.lines, written.tally)

    def _finish(self, index: int, lines: list[Line], tally: Tally) -> None:
        name = participant_ledger(self.seed, index)
        if not self._so_far(lines):
            return
        self.trial.keys[name] = participant_key(self.seed, index)
        self.trial.tally.add(tally)
        self.trial.screened += 1
        self._send(name, lines)

    def _so_far(self, lines: list[Line]) -> list[Line]:
        """The lines that had arrived when the rehearsal stops."""
        if self.until is None:
            return lines
        return [line for line in lines if received_at(line) <= self.until]

    def _send(self, name: str, lines: list[Line]) -> None:
        lines = self._so_far(lines)
        self.heads.note(name, lines)
        self.trial.entries += len(lines)
        self.sink(name, lines)
