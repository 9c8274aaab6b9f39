"""The course of one participant: everything that follows from the study and the set of entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import msgspec

from entact.course.alerts import AlertRaised
from entact.course.attestation import FreezeState, SignatureState, UnblindingState
from entact.course.blinding import GuessState
from entact.course.checks import check_entry
from entact.course.consent import ConsentState
from entact.course.dose import DoseState, KitState, PresenceState
from entact.course.effective import VOID, Effective, Held, Key, as_they_stand, hold
from entact.course.encounter import EncounterState
from entact.course.enrolment import EligibilityState, EnrolmentState, RandomisationState, ScreeningState
from entact.course.entry import Entry, Kept, as_sent, canonical, digest
from entact.course.erasure import ErasureState
from entact.course.form import Answers, Reading
from entact.course.kinds import KINDS, NESTED, UNPARSED
from entact.course.link import LinkState
from entact.course.medication import MedicationState
from entact.course.people import is_sealed
from entact.course.reporting import ReportDue
from entact.course.safety import AdverseEventState, CallState, DeathState
from entact.course.stopping import DeviationState, DiscontinuationState, StopDue
from entact.course.unblinding import PlannedUnblindingState, open_tracks
from entact.course.values import SessionFacts, Values

if TYPE_CHECKING:
    from entact.course.schedule import Due
    from entact.protocol.release import Release, Study

Status = Literal[
    "screening",
    "enrolled",
    "randomised",
    "in_treatment",
    "completed",
    "discontinued",
    "screen_failed",
    "withdrawn",
    "died",
]


class Finding(msgspec.Struct, frozen=True):
    """Something in the record that is not as it should be; `id` is rule, entry and item.

    `holds` is false when a correction or withdrawal has mended it: what was shown stays.
    """

    id: str
    rule: str
    entry: str
    item: str
    message: str
    holds: bool = True


class Thing(Protocol):
    """What an entry begins and later ones continue: an adverse event, a medicine."""

    entry: str
    begun: datetime | None
    updates: list[str]
    origins: dict[str, str]


T = TypeVar("T", bound=Thing)
_START: Key = (float("-inf"), "")
_END: Key = (float("inf"), "")


class State:
    """What the fold has made of the entries so far.

    Attributes:
        release: what is in force for schedule and forms: the release consented to, as far as it applies.
        site, screening, consent, first_consent, eligibility, enrolment, randomisation, died: or None.
        encounters: by id. answers: by form, in order of time. forms: the latest by form and encounter.
        vitals: answers that are vital signs. medication, adverse_events: by the id of what began them.
        kits: by number. levels: dose level decided, by encounter.
        doses, calls, guesses, deviations: in order of time.
        presence: comings and goings by encounter. discontinued: by what has stopped.
        alerts: every one raised. answered: (alert, entry that raised it) -> answering entry.
        signatures, unblindings: in order of time. frozen: by encounter, "" for all. erased: or None.
        identities: names of the direct identifiers that a site keeps, by site.
        told: this person's planned unblinding, or None. links: to other ledgers. stops: by stopping rule.
        clocks: of safety reports, by report and event. sent_reports: by the same, with when it was sent.
        findings: those of the fold by id; `findings(course, at)` adds those of the whole and of the clock.
        effective: entries as they stand, in order of time.
        former: what was found before corrections, once somebody has asked for it.
    """

    release: Release
    site: str | None
    screening: ScreeningState | None
    consent: ConsentState | None
    first_consent: ConsentState | None
    eligibility: EligibilityState | None
    enrolment: EnrolmentState | None
    randomisation: RandomisationState | None
    died: DeathState | None
    encounters: dict[str, EncounterState]
    answers: dict[str, list[Answers]]
    forms: dict[tuple[str, str | None], Answers]
    vitals: list[Answers]
    medication: dict[str, MedicationState]
    adverse_events: dict[str, AdverseEventState]
    kits: dict[str, KitState]
    levels: dict[str, str]
    doses: list[DoseState]
    presence: dict[str, list[PresenceState]]
    guesses: list[GuessState]
    calls: list[CallState]
    deviations: list[DeviationState]
    discontinued: dict[str, DiscontinuationState]
    alerts: list[AlertRaised]
    answered: dict[tuple[str, str], str]
    signatures: list[SignatureState]
    frozen: dict[str, FreezeState]
    unblindings: list[UnblindingState]
    told: PlannedUnblindingState | None
    links: list[LinkState]
    stops: dict[str, StopDue]
    clocks: dict[tuple[str, str], ReportDue]
    sent_reports: dict[tuple[str, str], tuple[str, datetime]]
    identities: dict[str, tuple[str, ...]]
    erased: ErasureState | None
    findings: dict[str, Finding]
    effective: list[Effective]
    former: dict[str, Finding] | None

    def clear(self, release: Release) -> None:
        """As before the first entry."""
        self.release = release
        self.site = None
        self.screening = None
        self.consent = None
        self.first_consent = None
        self.eligibility = None
        self.enrolment = None
        self.randomisation = None
        self.died = None
        self.encounters = {}
        self.answers = {}
        self.forms = {}
        self.vitals = []
        self.medication = {}
        self.adverse_events = {}
        self.kits = {}
        self.levels = {}
        self.doses = []
        self.presence = {}
        self.guesses = []
        self.calls = []
        self.deviations = []
        self.discontinued = {}
        self.alerts = []
        self.answered = {}
        self.signatures = []
        self.frozen = {}
        self.unblindings = []
        self.told = None
        self.links = []
        self.stops = {}
        self.clocks = {}
        self.sent_reports = {}
        self.identities = {}
        self.erased = None
        self.findings = {}
        self.effective = []
        self.former = None


STATE = tuple(State.__annotations__)


class Course(State):
    """The course of one participant, as the set of entries added so far makes it.

    An entry that is last in time is folded at once; a late one, a correction or a withdrawal makes the state
    stale, and the next reading folds anew, so that many of them cost one fold.

    Args:
        study: all releases of the study, and which site has approved which of them.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._amended = len(study.releases) > 1
        self.size = 0  # entries added, every version of an id counted: what a gate knew
        self.known_until: Key = _END  # the last correction that this course may follow
        self.readings: dict[str, Reading] = {}
        self._held: dict[str, Held] = {}
        self._targets: set[str] = set()
        self._last = _START
        self._releases: dict[str, Release] = {}
        self._superseded: set[str] = set()
        self.clear(study.newest)

    def add(self, entry: Entry) -> None:
        """Adds one entry; the course is then what refolding all of them would make it.

        Adding the same entry again changes nothing; the same id with other content is kept, and a finding.
        """
        known = self._held.get(entry.id)
        if known is not None:
            self._add_rival(known, entry)
            return
        held = hold(entry)
        self._held[entry.id] = held
        self.size += 1
        if entry.replaces is not None:
            self._targets.add(entry.replaces)
        elif held.readable and held.key > self._last and entry.id not in self._targets and entry.kind != VOID:
            self._last = held.key
            if "effective" in self.__dict__:
                self.former = None
                self._apply(Effective(entry, held.at, held.key, entry.data))
            return
        self._make_stale()

    def values(
        self, encounter: str | None, at: datetime, within: timedelta | None = None, ever: bool = False
    ) -> Values:
        """What rules see: name -> latest value in the encounter at a time; older ones `within`, or ever."""
        return Values(self, encounter, at, within, ever)

    def facts(self, encounter: str | None, at: datetime) -> SessionFacts:
        """What rules may call: people present, doses given and time since, in the encounter at a time."""
        return SessionFacts(self, encounter, at)

    def due(self, at: datetime) -> list[Due]:
        """Every visit with its window and what has become of it."""
        from entact.course.progress import due_visits  # it reads courses: it stands on this module

        return due_visits(self, at)

    @property
    def population(self) -> str | None:
        """The population that the participant is of, as screened; None before, where there are several."""
        known = list(self.release.file.populations)
        if len(known) == 1:
            return known[0]
        return self.screening.population if self.screening is not None else None

    @property
    def tracks(self) -> frozenset[str]:
        """The tracks of visits that have opened for this person."""
        return open_tracks(self)

    @property
    def entries(self) -> list[Entry]:
        """Every entry added, rivals too, in order of (`occurred_at`, id) as sent."""
        ordered = sorted(self._held.values(), key=lambda held: held.key)
        return [entry for held in ordered for entry in (held.entry, *held.rivals)]

    @property
    def status(self) -> Status:
        """Where the participant stands."""
        if self.died is not None:
            return "died"
        if "follow_up" in self.discontinued or "data_use" in self.discontinued:
            return "withdrawn"
        decided = self.eligibility
        if (
            decided is not None
            and decided.signed
            and decided.decision == "not_eligible"
            and self.enrolment is None
        ):
            return "screen_failed"
        if "treatment" in self.discontinued or "procedures" in self.discontinued:
            return "discontinued"
        if self._at_end():
            return "completed"
        if any(dose.taken for dose in self.doses):
            return "in_treatment"
        if self.randomisation is not None:
            return "randomised"
        return "enrolled" if self.enrolment is not None else "screening"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Course):
            return NotImplemented
        return self._compared() == other._compared()

    __hash__ = None  # type: ignore[assignment]  # it changes with every entry

    def site_release(self, at: datetime) -> Release:
        """The release in force at the participant's site at a time: gates and alerts follow it."""
        return self.study.in_force_at(self.site, at)

    def release_at(self, at: datetime) -> Release:
        """What is in force for the participant at a time: the release consented to, as far as it applies."""
        if not self._amended or self.first_consent is None or self.consent is None:
            return self.release if not self._amended else self.site_release(at)
        first, consented = self.first_consent.release, self.consent.release
        try:
            return self.study.for_participant(first, consented, self.site_release(at).id)
        except KeyError:  # consented to what the study does not have, which is a finding
            return self.study.newest

    def release_of(self, entry: Entry) -> Release:
        """The release that an entry was written under; the newest, and a finding, when it is not known."""
        if self._amended and self.consent is not None and entry.release == self.consent.release:
            return self.release  # of which not all need apply to this participant
        release = self._releases.get(entry.release)
        if release is None:
            try:
                release = self._releases[entry.release] = self.study.release(entry.release)
            except KeyError:
                self.found(
                    "unknown_release", entry.id, "release", f"the study has no release {entry.release}"
                )
                return self.study.newest
        return release

    def found(self, rule: str, entry: str, item: str, message: str) -> None:
        """Notes a finding of the fold."""
        name = f"{rule}:{entry}:{item}" if item else f"{rule}:{entry}"
        self.findings[name] = Finding(name, rule, entry, item, message)

    def continue_thing(
        self, things: dict[str, T], make: Callable[..., T], effective: Effective, payload: msgspec.Struct
    ) -> T:
        """Begins a thing, or merges an update of the one that the entry is `about`, in order of time."""
        entry = effective.entry
        thing = things.get(entry.about or entry.id)
        if thing is None:
            thing = things[entry.about or entry.id] = make(entry=entry.about or entry.id)
        if entry.about is None:
            thing.begun = effective.at
        else:
            thing.updates.append(entry.id)
        for name in effective.data:
            value = getattr(payload, name)
            setattr(thing, name, value)
            if is_sealed(value):
                thing.origins[name] = effective.origins.get(name, entry.id)
        return thing

    def has(self, entry: str) -> bool:
        """Whether an entry with this id was added, in force or not."""
        return entry in self._held

    def key_of(self, entry: str) -> Key:
        """The place of an entry in the order of time, as it was sent."""
        return self._held[entry].key

    def without_corrections(self) -> list[Course]:
        """The course before its corrections, and as it was after each one that others have superseded since.

        Empty when nothing was corrected or withdrawn. What these courses found was shown, and stays.
        """
        corrections = [held for held in self._held.values() if held.entry.replaces is not None]
        if not corrections:
            return []
        _ = self.effective  # folds when stale, which says what was superseded
        limits = [_START, *sorted(held.key for held in corrections if held.entry.id in self._superseded)]
        return [self._known_until(limit) for limit in limits]

    def _known_until(self, limit: Key) -> Course:
        earlier = Course(self.study)
        earlier.known_until = limit
        earlier._held = self._held
        earlier.readings = self.readings
        earlier._fold(lambda held: held.key <= limit)
        return earlier

    def _compared(self) -> list[object]:
        """State and entries as sent; not what a server added to them, nor what was looked up."""
        state = [getattr(self, name) for name in STATE if name not in ("release", "effective", "former")]
        standing = [(one.id, one.key, one.data, one.origins, one.corrections) for one in self.effective]
        return [self.release.id, state, standing, [_sent(entry) for entry in self.entries]]

    def _add_rival(self, known: Held, entry: Entry) -> None:
        """Keeps every version of an id, and follows the one with the least digest, whichever came first."""
        versions = {_digest(one): one for one in map(_sent, (known.entry, *known.rivals, entry))}
        if len(versions) == 1 + len(known.rivals):
            return
        first, *others = (versions[one] for one in sorted(versions))
        self._held[entry.id] = hold(first, tuple(others))
        self.size += 1
        self._targets.update(one.replaces for one in versions.values() if one.replaces is not None)
        self._make_stale()

    def _make_stale(self) -> None:
        for name in STATE:
            self.__dict__.pop(name, None)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in STATE and "_held" in self.__dict__:
                self._fold(None)
                return self.__dict__[name]
            raise AttributeError(f"a course has no {name!r}")

    def _fold(self, known: Callable[[Held], bool] | None) -> None:
        self.clear(self.study.newest)
        standing, problems, self._superseded = as_they_stand(self._held.values(), NESTED, known)
        for problem in problems:
            self.found(problem.rule, problem.entry, problem.item, problem.message)
        for effective in standing:
            self._apply(effective)
        self._last = max((held.key for held in self._held.values()), default=_START)
        if standing:
            self._last = max(self._last, standing[-1].key)

    def _apply(self, effective: Effective) -> None:
        entry = effective.entry
        self.effective.append(effective)
        if self._amended:
            self.release = self.release_at(effective.at)
        kind = KINDS.get(entry.kind)
        if kind is None:
            if entry.kind == UNPARSED:
                self.found(
                    "unparsed", entry.id, "", "was received but could not be read; it is kept as received"
                )
            else:
                self.found(
                    "unknown_kind", entry.id, "kind", f"{entry.kind!r} is no kind of entry; it is kept"
                )
            return
        check_entry(self, effective)
        try:
            payload: Any = msgspec.convert(effective.data, kind.payload, strict=True)
        except msgspec.ValidationError:
            self.found("unparsed", entry.id, "data", _why_unparsed(effective.data, kind.payload))
            return
        kind.reduce(self, effective, payload)

    def _at_end(self) -> bool:
        visits = self.release.visits_of(self.population, self.tracks)
        opened = {name: visit for name, visit in visits.items() if visit.track is not None}
        last = opened or visits
        ends = {name for name, visit in last.items() if visit.kind == "end"} or set(list(last)[-1:])
        return any(one.visit in ends and one.status == "ended" for one in self.encounters.values())


def _why_unparsed(data: dict[str, Any], payload: type) -> str:
    """The first thing wrong in canonical order, whatever the order in which items were sent."""
    try:
        msgspec.json.decode(msgspec.json.encode(data, order="sorted"), type=payload)
    except msgspec.MsgspecError as error:
        return f"{error}; it is kept and not acted upon"
    return "is not what this kind of entry holds; it is kept and not acted upon"


def _sent(entry: Entry) -> Entry:
    return as_sent(entry) if isinstance(entry, Kept) else entry


def _digest(entry: Entry) -> str:
    return digest(canonical(entry))


def of_entries(study: Study, entries: Iterable[Entry]) -> Course:
    """A course of entries in any order, folded once."""
    course = Course(study)
    course._make_stale()
    for entry in entries:
        course.add(entry)
    return course
