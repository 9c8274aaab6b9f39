"""The study file as typed data: what a protocol says, in the field's words.

Every block may carry `source` (a fact's id or a citation) and `assumption` (what could not be confirmed).
Cross-references between blocks are checked in `entact.protocol.check`, rules are compiled there once.
"""

from entact.protocol.study.amendment import Amendment, Change
from entact.protocol.study.analysis import (
    Analysis,
    AnalysisPlan,
    AnalysisSet,
    AnalysisWindow,
    Endpoint,
    Estimand,
    Intercurrent,
    Interim,
    Multiplicity,
    SpendingRule,
    Strategy,
)
from entact.protocol.study.arms import STAY_BLINDED, Arm, Hidden, Randomisation, RandomisedUnit, Unblinding
from entact.protocol.study.base import Block, Duration, Name, Span, Window
from entact.protocol.study.doses import ArmDose, Dose, Product, Regimen, Supplement, Units
from entact.protocol.study.file import Standards, StudyFile
from entact.protocol.study.forms import Form, Item, Over, Section
from entact.protocol.study.gates import Alert, Criterion, Escalation, Gate, Requirement, StoppingRule
from entact.protocol.study.places import Hold, Numbers, Population, Quota, SitePlan
from entact.protocol.study.rating import Fidelity, SecondRating, SessionKind
from entact.protocol.study.safety import AdverseEvents, Checklist, EventTerm, Interest, Report
from entact.protocol.study.schedule import Epoch, Repeat, TimedReadings, Track, Visit
from entact.protocol.study.session import Emergency, RescueMedication, SessionPlan, Telephone
from entact.protocol.study.supply import Handled, LossReport, Pace, Resupply, Storage, Supply
from entact.protocol.study.tabulated import Tabulated
from entact.protocol.study.text import Translated, Words, told_in, words_in
from entact.protocol.study.verification import Verification
from entact.protocol.study.washout import Washout, WashoutClass

__all__ = [
    "STAY_BLINDED",
    "AdverseEvents",
    "Alert",
    "Amendment",
    "Analysis",
    "AnalysisPlan",
    "AnalysisSet",
    "AnalysisWindow",
    "Arm",
    "ArmDose",
    "Block",
    "Change",
    "Checklist",
    "Criterion",
    "Dose",
    "Duration",
    "Emergency",
    "Endpoint",
    "Epoch",
    "Escalation",
    "Estimand",
    "EventTerm",
    "Fidelity",
    "Form",
    "Gate",
    "Handled",
    "Hidden",
    "Hold",
    "Intercurrent",
    "Interest",
    "Interim",
    "Item",
    "LossReport",
    "Multiplicity",
    "Name",
    "Numbers",
    "Over",
    "Pace",
    "Population",
    "Product",
    "Quota",
    "Randomisation",
    "RandomisedUnit",
    "Regimen",
    "Repeat",
    "Report",
    "Requirement",
    "RescueMedication",
    "Resupply",
    "SecondRating",
    "Section",
    "SessionKind",
    "SessionPlan",
    "SitePlan",
    "Span",
    "SpendingRule",
    "Standards",
    "StoppingRule",
    "Storage",
    "Strategy",
    "StudyFile",
    "Supplement",
    "Supply",
    "Tabulated",
    "Telephone",
    "TimedReadings",
    "Track",
    "Translated",
    "Unblinding",
    "Units",
    "Verification",
    "Visit",
    "Washout",
    "WashoutClass",
    "Window",
    "Words",
    "told_in",
    "words_in",
]
