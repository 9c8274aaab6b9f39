"""A whole study with virtual participants and staff, through the same gates into the same kind of ledgers.

Candidates are screened side by side; whoever passes the randomisation gate is given a number in order of study time,
because the list and the kits are shared; then all are treated side by side again. Everything follows from the seed: on
any number of cores the ledgers are the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from entact.cohort.allocation import Allocation, pack_kits, permuted_blocks, seal
from entact.cohort.draws import stream
from entact.cohort.parameters import Parameters
from entact.cohort.places import Depot, Place, open_sites, open_study, participant_key, participant_ledger
from entact.cohort.scenario import load_parameters
from entact.cohort.screening import Screened
from entact.cohort.tally import StudyFinding, Tally, find_in_study
from entact.cohort.work import Job, Treat, screen_candidates, treat_participants
from entact.course import Line, instant
from entact.protocol import Study

Sink = Callable[[str, list[Line]], None]

CHUNK = 6  # participants in one piece of work
RESERVE = 2  # kits of each level and part beyond those that a participant needs when all goes well
SPARE = 1.12  # candidates beyond the expected need, so that one round of screening is usually enough


@dataclass
class Trial:
    """A rehearsed study: what there is to know of it besides its ledgers.

    Attributes:
        study, parameters, seed: what it was made from. allocation: the secret list and kit map.
        ledgers: name -> lines, when they were not sent elsewhere. keys: participant's ledger -> key of personal items.
        screened: candidates with a ledger. randomised: of these. findings: what was found about the study itself.
    """

    study: Study
    parameters: Parameters
    seed: int
    allocation: Allocation
    ledgers: dict[str, list[Line]] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    screened: int = 0
    randomised: int = 0
    entries: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def findings(self) -> list[StudyFinding]:
        """What the rehearsal found about the study itself."""
        return find_in_study(self.study.newest, self.tally)


def rehearse(
    study: Study,
    participants: int | None = None,
    seed: int = 1,
    *,
    cohort: Path | None = None,
    scenario: Path | None = None,
    start: date | None = None,
    executor: Executor | None = None,
    sink: Sink | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Trial:
    """Runs a study with virtual participants, from the first consent to the last visit.

    Args:
        study: the study. cohort: its `cohort.yaml`; without it, that of the shipped study. participants: how many to randomise;
            without it, as many as the study plans. seed: everything follows from it.
        scenario: a file that overrides parameters. start: first day; without it, that of the parameters.
        executor: where to work side by side; in this process without one. sink: takes each finished ledger; without
            one they are kept in the result. progress: called with a stage, how many are done, and of how many.
    Returns:
        The trial; its allocation is secret and belongs into a file of its own.
    Raises:
        ParametersError: when the study has no usable `cohort.yaml` or the scenario does not fit it.
    """
    release = study.newest
    parameters = load_parameters(cohort or shipped_cohort(study.name), scenario)
    wanted = participants or sum(one.planned for one in release.file.populations.values())
    return _Rehearsal(study, parameters, wanted, seed, start, executor, sink, progress).run()


def shipped_cohort(name: str) -> Path:
    """Where the parameters of a shipped study are."""
    return Path(str(files("entact").joinpath("studies", name, "cohort.yaml")))


def shipped_scenario(study: str, name: str) -> Path:
    """The file of a scenario that ships with a study, by its name; else the name as a path."""
    shipped = Path(str(files("entact").joinpath("studies", study, "scenarios", f"{name}.yaml")))
    return shipped if shipped.is_file() else Path(name)


class _Rehearsal:
    """One run: allocation, places, screening, randomisation in order of time, treatment, heads."""

    def __init__(
        self,
        study: Study,
        parameters: Parameters,
        wanted: int,
        seed: int,
        start: date | None,
        executor: Executor | None,
        sink: Sink | None,
        progress: Callable[[str, int, int], None] | None,
    ) -> None:
        self.parameters = parameters
        self.wanted = wanted
        self.seed = seed
        self.executor = executor
        self.progress = progress or (lambda stage, done, of: None)
        begins = start or parameters.rehearsal.start
        self.start = datetime(begins.year, begins.month, begins.day, tzinfo=UTC)
        self.study = study
        self.sites = list(parameters.sites.by_id)
        self.needs = _kits_of_a_participant(study)
        self.trial = Trial(study, parameters, seed, self._allocate())
        self.sink = sink or self.trial.ledgers.__setitem__
        self.heads = Heads()

    def run(self) -> Trial:
        self.study_place = open_study(self.study, self.trial.allocation, self.start, self.seed)
        self.places = open_sites(self.study, self.sites, self.start, self.seed)
        waiting: list[Screened] = []
        for screened in self._screen(self._job()):
            if screened.ready is None:
                self._finish(screened.index, screened.lines, screened.tally)
            else:
                waiting.append(screened)
        waiting.sort(key=lambda one: (one.ready, one.index))
        work = self._randomise(waiting)
        self._treat(self._job(), work)
        for place in self.places.values():
            self._send(place.ledger.name, place.ledger.lines)
        self.heads.write(self.study_place)
        self.trial.entries += len(self.study_place.ledger.lines)
        self.sink(self.study_place.ledger.name, self.study_place.ledger.lines)
        return self.trial

    def _job(self) -> Job:
        sites = {site: place.ledger.lines for site, place in self.places.items()}
        return Job(self.study, self.parameters, self.seed, self.study_place.ledger.lines, sites)

    def _allocate(self) -> Allocation:
        """The list with twice the rows that a site may expect, and kits for everyone whichever arm they get."""
        ratio = self._ratio()
        total = sum(ratio.values())
        random = stream(self.seed, 0, "allocation")
        blocks = [total, 2 * total]
        rows = max(2 * self.wanted // len(self.sites), 4 * total) + self.wanted // 2
        listed = permuted_blocks(self.sites, rows, ratio, blocks, random)
        contents = [(arm, level, part) for arm in ratio for level, part in self.needs]
        kits = pack_kits(self.wanted * max(self.needs.values()), contents, random)
        return seal(self.study.name, listed, kits, blocks, random)

    def _ratio(self) -> dict[str, int]:
        planned = self.study.newest.file.randomisation
        if planned is None:
            raise ValueError(f"{self.study.name} does not randomise; only randomised studies are rehearsed")
        return dict(planned.ratio)

    def _screen(self, job: Job) -> Iterator[Screened]:
        """Screens candidates in rounds until enough have passed."""
        rate = self.parameters.rehearsal.randomised_per_consented
        size, first, ready = int(np.ceil(self.wanted / rate * SPARE)), 0, 0
        while ready < self.wanted:
            candidates = [(index, self._arrival(index)) for index in range(first, first + size)]
            done = 0
            for chunk in self._map(screen_candidates, job, candidates):
                done += len(chunk)
                self.progress("screening", done, size)
                for screened in chunk:
                    ready += screened.ready is not None
                    yield screened
            first, size = first + size, max(size // 5, CHUNK)

    def _arrival(self, index: int) -> datetime:
        """Study time of a candidate's first visit: at an even pace with some chance, over the time of enrolment."""
        rehearsal = self.parameters.rehearsal
        pace = rehearsal.enrolment_days * rehearsal.randomised_per_consented / self.wanted
        jitter = float(stream(self.seed, index, "arrival").random())
        return self.start + timedelta(days=21 + int((index + jitter) * pace), hours=16)

    def _randomise(self, waiting: list[Screened]) -> list[Treat]:
        """Numbers and kits in order of study time; whoever comes after the last place was filled gets neither."""
        depot, arms = Depot(self.trial.allocation), self.trial.allocation.arms()
        numbers: dict[str, Iterator[str]] = {
            site: iter([row.number for row in self.trial.allocation.list if row.stratum == site])
            for site in self.sites
        }
        work = []
        for place, screened in enumerate(waiting):
            if place >= self.wanted:
                work.append(Treat(screened, None, "", {}))
                continue
            assert screened.ready is not None
            number = next(numbers[screened.site])
            kits = depot.send(self.places[screened.site], self.needs, arms[number], screened.ready)
            work.append(Treat(screened, number, arms[number], kits))
        self.trial.randomised = min(len(waiting), self.wanted)
        return work

    def _treat(self, job: Job, work: list[Treat]) -> None:
        done = 0
        for chunk in self._map(treat_participants, job, work):
            done += len(chunk)
            self.progress("treatment", done, len(work))
            for written in chunk:
                self._finish(written.index, written.lines, written.tally)

    def _map(self, work: Callable[..., list[Any]], job: Job, items: Sequence[Any]) -> Iterator[list[Any]]:
        pieces = [items[first : first + CHUNK] for first in range(0, len(items), CHUNK)]
        if self.executor is None:
            return (work(job, piece) for piece in pieces)
        return self.executor.map(work, [job] * len(pieces), pieces)

    def _finish(self, index: int, lines: list[Line], tally: Tally) -> None:
        name = participant_ledger(self.seed, index)
        self.trial.keys[name] = participant_key(self.seed, index)
        self.trial.tally.add(tally)
        self.trial.screened += 1
        self._send(name, lines)

    def _send(self, name: str, lines: list[Line]) -> None:
        self.heads.note(name, lines)
        self.trial.entries += len(lines)
        self.sink(name, lines)


class _Arrival(msgspec.Struct):
    """The one field of a stored entry that heads need."""

    received_at: str


_arrival = msgspec.json.Decoder(_Arrival)


class Heads:
    """Births and heads of the other ledgers, as the study's ledger records them at intervals of study time."""

    def __init__(self) -> None:
        self.births: list[tuple[datetime, str]] = []
        self.marks: dict[date, dict[str, dict[str, Any]]] = {}
        self.last: datetime | None = None

    def note(self, name: str, lines: list[Line]) -> None:
        """Remembers when a ledger was born and what its head was at the end of each interval in which it grew."""
        for place, line in enumerate(lines):
            arrived = instant(_arrival.decode(line.text).received_at)
            if place == 0:
                self.births.append((arrived, name))
            self.last = arrived if self.last is None else max(self.last, arrived)
            self.marks.setdefault(_interval(arrived), {})[name] = {"seq": line.seq, "hash": line.hash}

    def write(self, place: Place) -> None:
        """Enters births and digests of heads in the study's ledger, in order of time."""
        entries: list[tuple[datetime, str, dict[str, Any]]] = [
            (at, "ledger_opened", {"ledger": name}) for at, name in self.births
        ]
        known: dict[str, dict[str, Any]] = {}
        for day in sorted(self.marks):
            known |= self.marks[day]
            entries.append((_end(day), "heads", {"heads": dict(sorted(known.items()))}))
        for at, kind, data in sorted(entries, key=lambda one: (one[0], one[1] == "heads", str(one[2])[:80])):
            place.write(kind, data, at, "entact", "system")


def _interval(at: datetime) -> date:
    """The first day of the month in which an instant lies, UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def _end(first: date) -> datetime:
    following = (first + timedelta(days=32)).replace(day=1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC)


def _kits_of_a_participant(study: Study) -> dict[tuple[str, str], int]:
    """Level and part -> how many kits one participant may need."""
    file = study.newest.file
    sessions = [visit for visit in study.newest.visits.values() if visit.kind == "dosing"]
    needs: dict[tuple[str, str], int] = {}
    for visit in sessions:
        for level in (visit.regimen or "").split(" or "):
            parts = ["initial", "supplement"] if file.regimens[level].supplement else ["initial"]
            for part in parts:
                needs[level, part] = needs.get((level, part), 0) + 1
    return {need: count + RESERVE for need, count in needs.items()}
