"""The study file as typed data: what a protocol says, in the field's words.

Every block may carry `source` (a fact's id or a citation) and `assumption` (what could not be confirmed).
Cross-references between blocks are checked in `entact.protocol.check`, rules are compiled there once.
"""

from entact.protocol.study.analysis import Analysis, AnalysisPlan, Endpoint, Interim
from entact.protocol.study.arms import Arm, Hidden, Randomisation
from entact.protocol.study.base import Block, Duration, Name, Span, Window
from entact.protocol.study.doses import Dose, Product, Regimen, Supplement, Units
from entact.protocol.study.file import StudyFile
from entact.protocol.study.forms import Form, Item
from entact.protocol.study.gates import Alert, Criterion, Gate, Requirement
from entact.protocol.study.places import Population, SitePlan
from entact.protocol.study.safety import AdverseEvents, EventTerm
from entact.protocol.study.schedule import Repeat, TimedReadings, Visit
from entact.protocol.study.washout import Washout, WashoutClass

__all__ = [
    "AdverseEvents",
    "Alert",
    "Analysis",
    "AnalysisPlan",
    "Arm",
    "Block",
    "Criterion",
    "Dose",
    "Duration",
    "Endpoint",
    "EventTerm",
    "Form",
    "Gate",
    "Hidden",
    "Interim",
    "Item",
    "Name",
    "Population",
    "Product",
    "Randomisation",
    "Regimen",
    "Repeat",
    "Requirement",
    "SitePlan",
    "Span",
    "StudyFile",
    "Supplement",
    "TimedReadings",
    "Units",
    "Visit",
    "Washout",
    "WashoutClass",
    "Window",
]
