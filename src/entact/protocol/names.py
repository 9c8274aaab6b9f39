"""What rules may name besides items of forms: facts about one person, one event, or the whole study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from entact.protocol.rule import Kind

PERSON: Final[Mapping[str, Kind]] = {
    "person.population": "string",
    "person.enrolled": "bool",
    "person.randomised": "bool",
    "person.doses": "int",  # sessions with a dose
    "person.planned_doses": "int",  # of the main track
    "person.treatment_stopped": "bool",
    "person.unblinded": "bool",
    "person.assessed_after_dose": "bool",  # the primary endpoint's items are known of a time after a dose
    "person.assessed_at_end": "bool",  # and at the endpoint's own visit
    "person.serious_events": "int",
    "person.related_serious_events": "int",
}
"""Facts that follow from one participant's ledger; for stopping rules and analysis sets."""

EVENT: Final[Mapping[str, Kind]] = {
    "event.term": "string",
    "event.special_interest": "string",  # empty where the term has none
    "event.serious": "bool",
    "event.related": "bool",  # possibly, probably or definitely
    "event.expected": "bool",
    "event.fatal": "bool",
    "event.life_threatening": "bool",
    "event.severe": "bool",
}
"""Facts about one adverse event as it is known; for safety reports."""

STUDY: Final[Mapping[str, Kind]] = {
    "study.enrolled": "int",
    "study.deaths": "int",
    "study.serious_events": "int",
    "study.related_serious_events": "int",
    "study.unexpected_events": "int",  # serious, related and not expected
}
"""Facts that follow from the study's own ledger; for holds."""

RESERVED: Final = frozenset({"person", "event", "study"})
"""What no form and no visit may be called, because rules know it already."""
