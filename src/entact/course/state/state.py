"""What the fold has made of a participant's entries so far, and what can be read off it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

import msgspec

from entact.course.entry import Entry
from entact.course.entry.effective import Effective
from entact.course.entry.sealing import is_sealed
from entact.course.state.alerts import AlertAnswer, AlertEpisode
from entact.course.state.assignment import AssignmentState
from entact.course.state.attestation import ErasureState, FreezeState, SignatureState, UnblindingState
from entact.course.state.blinding import GuessState
from entact.course.state.consent import ConsentState
from entact.course.state.copying import copied
from entact.course.state.dose import DoseState, KitState, PresenceState
from entact.course.state.encounter import EncounterState
from entact.course.state.enrolment import (
    AttemptState,
    EligibilityState,
    EnrolmentState,
    RandomisationState,
    ScreeningState,
)
from entact.course.state.form import Answers, Reading
from entact.course.state.link import LinkState
from entact.course.state.medication import MedicationState
from entact.course.state.noted import Noted
from entact.course.state.override import OverrideState
from entact.course.state.reporting import ReportDue
from entact.course.state.safety import AdverseEventState, CallState, DeathState
from entact.course.state.stopping import DeviationState, DiscontinuationState, StopDue
from entact.course.state.tracks import last_visits, open_tracks
from entact.course.state.unblinding import PlannedUnblindingState
from entact.course.state.values import SessionFacts, Values

if TYPE_CHECKING:
    from entact.protocol.release import Release, Study

Status = Literal[
    "screening",
    "enrolled",
    "randomised",
    "in_treatment",
    "completed",
    "discontinued",
    "screen_failed",
    "not_entered",
    "withdrawn",
    "lost_to_follow_up",
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


class State:
    """What the fold has made of the entries so far.

    Args:
        study: all releases of the study, and which site has approved which of them.
    Attributes:
        readings: what an entry's data were read as, so that to fold again costs no second reading.
        release: what is in force for schedule and forms: the release consented to, as far as it applies.
        site, screening, consent, first_consent, eligibility, enrolment, randomisation, died: or None.
        screenings, attempts, consents: in order of time. encounters: by id.
        answers: by form, in order of time. forms: the latest answers by form and encounter.
        vitals: answers that are vital signs. medication, adverse_events: by the id of what began them.
        kits: by number in its normal form. levels: dose level decided, by encounter.
        doses, calls, guesses, deviations, overrides: in order of time.
        presence: comings and goings by encounter. discontinued: by what has stopped.
        alerts: episodes, in order of time. answered: (alert, entry by which it held) -> answers.
        signatures, freezes, unblindings: in order of time. erased: or None.
        identities: names of the direct identifiers that a site keeps, by site.
        told: this person's planned unblinding, or None. assignment: of which arms their visits are, or None.
        links: to other ledgers. stops: by stopping rule.
        clocks: of safety reports, by report and event. sent_reports: by the same, with when it was sent.
        findings: those of the fold by id; `findings(course, at)` adds those of the whole and of the clock.
        noted: entries that are kept as they are, by kind, in order of time.
        unread: kind and encounter of entries whose data could not be read, by entry.
        effective: entries as they stand, in order of time.
        former: what was found before corrections, once somebody has asked for it.
        lasting: what is found whenever it is asked, the same.
    """

    release: Release
    site: str | None
    screening: ScreeningState | None
    screenings: list[ScreeningState]
    attempts: list[AttemptState]
    consent: ConsentState | None
    first_consent: ConsentState | None
    consents: list[ConsentState]
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
    overrides: list[OverrideState]
    alerts: list[AlertEpisode]
    answered: dict[tuple[str, str], list[AlertAnswer]]
    signatures: list[SignatureState]
    freezes: list[FreezeState]
    unblindings: list[UnblindingState]
    told: PlannedUnblindingState | None
    assignment: AssignmentState | None
    links: list[LinkState]
    stops: dict[str, StopDue]
    clocks: dict[tuple[str, str], ReportDue]
    sent_reports: dict[tuple[str, str], tuple[str, datetime]]
    identities: dict[str, tuple[str, ...]]
    erased: ErasureState | None
    noted: dict[str, list[Noted]]
    unread: dict[str, tuple[str, str | None]]
    findings: dict[str, Finding]
    effective: list[Effective]
    former: dict[str, Finding] | None
    lasting: tuple[Finding, ...] | None

    def __init__(self, study: Study) -> None:
        self.study = study
        self.readings: dict[str, Reading] = {}
        self._amended = len(study.releases) > 1
        self._releases: dict[str, Release] = {}
        self.clear(study.newest)

    def clear(self, release: Release) -> None:
        """As before the first entry."""
        self.release = release
        self.site = None
        self.screening = None
        self.screenings = []
        self.attempts = []
        self.consent = None
        self.first_consent = None
        self.consents = []
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
        self.overrides = []
        self.alerts = []
        self.answered = {}
        self.signatures = []
        self.freezes = []
        self.unblindings = []
        self.told = None
        self.assignment = None
        self.links = []
        self.stops = {}
        self.clocks = {}
        self.sent_reports = {}
        self.identities = {}
        self.erased = None
        self.noted = {}
        self.unread = {}
        self.findings = {}
        self.effective = []
        self.former = None
        self.lasting = None

    def take_state(self, other: State) -> None:
        """Is as another is now, and changes nothing of it afterwards."""
        for name in STATE:
            setattr(self, name, copied(getattr(other, name)))

    def values(
        self, encounter: str | None, at: datetime, within: timedelta | None = None, ever: bool = False
    ) -> Values:
        """What rules see: name -> latest value in the encounter at a time; older ones `within`, or ever."""
        return Values(self, encounter, at, within, ever)

    def facts(self, encounter: str | None, at: datetime) -> SessionFacts:
        """What rules may call: people present, doses given and time since, in the encounter at a time."""
        return SessionFacts(self, encounter, at)

    @property
    def attempt(self) -> int:
        """Which attempt at screening counts, from 0: the latest."""
        return max(len(self.attempts), 1) - 1

    def attempt_of(self, encounter: str | None) -> int:
        """The attempt at screening that an encounter belongs to; the latest, where nothing was said of it."""
        known = self.encounters.get(encounter or "")
        return self.attempt if known is None else known.attempt

    @property
    def frozen(self) -> dict[str, FreezeState]:
        """Since when, by encounter, data should not change; "" for all of them."""
        return {one.encounter or "": one for one in reversed(self.freezes) if one.taken_back is None}

    @property
    def population(self) -> str | None:
        """The population that the participant is of, as screened; None before, where there are several."""
        known = list(self.release.file.populations)
        if len(known) == 1:
            return known[0]
        return self.screening.population if self.screening is not None else None

    @property
    def tracks(self) -> frozenset[str]:
        """The tracks whose visits this person has: opened by an entry, never by a hidden arm."""
        sites = {one.site for one in self.screenings}
        return open_tracks(self.release.file.tracks, self.told, self.assignment, self.consent, sites)

    @property
    def entered(self) -> bool:
        """Whether the participant was taken in: randomised, or enrolled where nobody randomises them."""
        if self.randomisation is not None or self.enrolment is None:
            return self.randomisation is not None
        if self.release.file.randomisation is None:
            return True
        visits = self.release.visits_of(self.population).values()
        return not any("randomisation" in visit.activities for visit in visits)

    @property
    def screening_over(self) -> datetime | None:
        """When it was over for who did not enter, not eligible or stopped; nothing is due from then on."""
        if self.died is not None:
            return None
        if self._has_failed_screening and self.eligibility is not None:
            return self.eligibility.at
        left = self._left_at
        return left if left is not None and not self.entered else None

    @property
    def _left_at(self) -> datetime | None:
        """When the participant first stopped something, or took the consent to take part back."""
        left = [one.at for one in self.discontinued.values()]
        if self._has_withdrawn_consent and self.consent is not None:
            left += self.consent.refused.values()
        return min(left, default=None)

    @property
    def _has_failed_screening(self) -> bool:
        decided = self.eligibility
        if decided is None or not decided.signed or self.enrolment is not None:
            return False
        return decided.decision == "not_eligible"

    @property
    def _has_withdrawn_consent(self) -> bool:
        return self.first_consent is not None and self.consent is not None and self.consent.is_withdrawn

    @property
    def is_at_end(self) -> bool:
        """Whether the last visit of the schedule was held, whatever was given up before it."""
        visits = self.release.visits_of(self.population, self.tracks)
        ends = last_visits(visits, self.release.file.tracks)
        return any(
            one.visit in ends and one.status == "ended" and one.attempt == self.attempt
            for one in self.encounters.values()
        )

    @property
    def status(self) -> Status:
        """Where the participant stands; who stops before entering is `not_entered`, whatever stopped."""
        if self.died is not None:
            return "died"
        if self._has_failed_screening:
            return "screen_failed"
        if self._left_at is not None and not self.entered:
            return "not_entered"
        if "data_use" in self.discontinued or self._has_withdrawn_consent:
            return "withdrawn"
        if "follow_up" in self.discontinued:
            return "lost_to_follow_up" if self.discontinued["follow_up"].is_lost else "withdrawn"
        if "treatment" in self.discontinued or "procedures" in self.discontinued:
            return "discontinued"
        if self.is_at_end:
            return "completed"
        if any(dose.is_taken for dose in self.doses):
            return "in_treatment"
        if self.randomisation is not None:
            return "randomised"
        return "enrolled" if self.enrolment is not None else "screening"

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

    def knows_later(self, has: Callable[[Release], bool]) -> bool:
        """Whether a release later than the one consented to has something."""
        if not self._amended or self.consent is None:
            return False
        try:
            later = self.study.releases[self.study.number(self.consent.release) + 1 :]
        except KeyError:  # consented to what the study does not have, which is a finding
            return False
        return any(map(has, later))

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


STATE = tuple(State.__annotations__)
