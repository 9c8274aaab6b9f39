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
    "person.planned_doses": "int",  # of the main track and those of their arm
    "person.without_drug": "bool",  # told with the assignment; never of a hidden arm
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
    "study.events_of_interest": "int",  # of special interest; of one kind, where the hold says it
}
"""Facts that follow from the study's own ledger; for holds."""

MEANS: Final[Mapping[str, str]] = {
    "person.population": "Name of their population.",
    "person.enrolled": "Whether they were enrolled.",
    "person.randomised": "Whether they were randomised.",
    "person.doses": "Sessions in which an initial dose was taken.",
    "person.planned_doses": "Sessions with a dose that the main track plans, and the tracks of their arm.",
    "person.without_drug": "Whether their arm has `drug: none`; unknown until they are assigned.",
    "person.treatment_stopped": "Whether treatment was stopped early.",
    "person.unblinded": "Whether they were told their arm, or it was told in an emergency.",
    "person.assessed_after_dose": "Whether the primary endpoint's items are known of a time after a dose.",
    "person.assessed_at_end": "Whether they are known at the endpoint's own visit.",
    "person.serious_events": "Serious events.",
    "person.related_serious_events": "Of these, those possibly, probably or definitely related.",
    "event.term": "Its code of `adverse_events.terms`.",
    "event.special_interest": "The kind of special interest of its term; empty where it has none.",
    "event.serious": "Whether it is serious.",
    "event.related": "Whether it is possibly, probably or definitely related.",
    "event.expected": "Whether it is expected.",
    "event.fatal": "Whether it ended in death.",
    "event.life_threatening": "Whether it was life-threatening.",
    "event.severe": "Whether it is severe.",
    "study.enrolled": "Places taken.",
    "study.deaths": "Participants who died of a serious event.",
    "study.serious_events": "Serious events.",
    "study.related_serious_events": "Of these, related ones; one of which nobody has judged it counts.",
    "study.unexpected_events": "Of the related ones, those not judged expected.",
    "study.events_of_interest": "Events of special interest; of one kind, where the hold names it.",
}
"""What each of these names means, for whoever writes a rule."""

RESERVED: Final = frozenset({"person", "event", "study"})
"""What no form and no visit may be called, because rules know it already."""
