"""One study file, whole."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from entact.protocol.study.amendment import Amendment
from entact.protocol.study.analysis import AnalysisPlan, Endpoint
from entact.protocol.study.arms import Arm, Hidden, Randomisation, Unblinding
from entact.protocol.study.base import Block, FirstName, Name, Window
from entact.protocol.study.doses import Product, Regimen
from entact.protocol.study.forms import Form, Item
from entact.protocol.study.gates import Alert, Criterion, Gate, StoppingRule
from entact.protocol.study.places import Hold, Numbers, Population, Quota, SitePlan
from entact.protocol.study.rating import Fidelity, SecondRating, SessionKind
from entact.protocol.study.safety import AdverseEvents, PeriodicReport, Report
from entact.protocol.study.schedule import Epoch, Track, Visit
from entact.protocol.study.session import SessionPlan
from entact.protocol.study.supply import Supply
from entact.protocol.study.text import Language, Words
from entact.protocol.study.verification import Verification
from entact.protocol.study.washout import Washout


class Standards(Block):
    """Versions of the dictionaries and standards that the study's data follow."""

    controlled_terminology: str | None = None
    sdtm: str | None = None
    adam: str | None = None
    meddra: str | None = None
    whodrug: str | None = None


class StudyFile(Block):
    """One study file, whole."""

    study: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]  # also the name of its folder
    title: Words
    registry: str | None = None
    phase: int | str | None = None
    release: str
    amendment: Amendment | None = None  # what this release changes in the one before
    format: Literal[1] = 1  # of this file; defaults belong to the format and never change within one
    languages: list[Language] = Field(default=["en"], min_length=1)
    condition: Words
    sources: dict[str, str] = Field(default={})
    populations: dict[Name, Population]
    sites: dict[str, SitePlan] = Field(default={})
    numbers: Numbers | None = None  # without it whoever enters somebody says the number
    quotas: dict[Name, Quota] = Field(default={})
    holds: dict[Name, Hold] = Field(default={})
    arms: dict[Name, Arm]
    randomisation: Randomisation | None = None
    unblinding: Unblinding | None = None
    roles: dict[Name, Words]
    blinding: list[Hidden] = Field(default=[])
    products: dict[Name, Product]
    regimens: dict[Name, Regimen]
    dose_interval: Window | None = None  # between initial doses; the hard core keeps its earlier end
    doses: int = Field(ge=0)  # sessions with a dose of one person, those of tracks apart; never more
    consent: dict[Name, Words]  # scope -> what it allows
    consent_kept: list[Name] = Field(default=[])  # scopes that can stand without taking part
    consent_at_rescreening: Literal["anew", "stands"] = "anew"  # of who was not taken in the first time
    # Completed when the file is resolved: the instruments that the forms use, and the order of named things.
    instruments: dict[Name, dict[str, Any]] = Field(default={})
    order: dict[str, list[str]] = Field(default={})
    forms: dict[FirstName, Form]
    epochs: dict[Name, Epoch] = Field(default={})
    tracks: dict[Name, Track] = Field(default={})
    schedule: list[Visit]
    eligibility: dict[Name, Criterion]
    gates: dict[Name, Gate]
    alerts: dict[Name, Alert] = Field(default={})
    second_ratings: dict[FirstName, SecondRating] = Field(default={})  # by form
    fidelity: dict[SessionKind, Fidelity] = Field(default={})  # by kind of session
    session: SessionPlan | None = None  # what is at hand at dosing sessions
    stopping: dict[Name, StoppingRule] = Field(default={})
    adverse_events: AdverseEvents
    reports: dict[Name, Report] = Field(default={})
    periodic_reports: dict[Name, PeriodicReport] = Field(default={})
    washout: Washout | None = None
    supply: Supply | None = None  # how kits are kept and accounted for
    verification: Verification | None = None  # without it everything is held against the source
    endpoints: dict[Name, Endpoint]
    analysis: AnalysisPlan
    standards: Standards | None = None

    @cached_property
    def told_apart(self) -> dict[str, tuple[str, ...]]:
        """Arm -> the arms of which no more is told than that a person's is one: those of the same visits.

        Empty where every arm has the same visits, so that nobody is told anything of theirs.
        """
        kept = {
            name: (arm.drug, *sorted(track for track, said in self.tracks.items() if name in said.arms))
            for name, arm in self.arms.items()
        }
        if len(set(kept.values())) < 2:
            return {}
        return {name: tuple(one for one in kept if kept[one] == kept[name]) for name in kept}

    @cached_property
    def all_forms(self) -> dict[str, Form]:
        """Every form by name, checklists of events too: an item for each term, and none may be blank."""
        terms = self.adverse_events.terms
        forms = dict(self.forms)
        for name, checklist in self.adverse_events.checklists.items():
            items = {
                term: Item(type="boolean", title=terms[term].title if term in terms else None)
                for term in checklist.terms
            }
            title = checklist.title or "Events that are asked for"
            forms.setdefault(
                name, Form(title=title, by=checklist.by, data_class="adverse_events", items=items)
            )
        return forms
