"""Estimands and events as a plan says them."""

from __future__ import annotations

from entact.analysis.estimand_words import Faults, read_estimands


def test_texts_in_several_languages_are_told_in_english_else_in_the_first() -> None:
    told = {
        "title": {"de": "Wie zugeteilt", "en": "As assigned"},
        "summary": {"de": "Mittelwerte"},
        "strategies": {"stopped": "hypothetical"},
    }
    events = {"stopped": {"title": {"de": "Beendet", "en": "Stopped"}, "day": "stopped_day"}}
    faults: Faults = []
    found, estimands = read_estimands({"intercurrent": events, "estimands": {"own": told}}, faults)
    assert faults == []
    assert (found["stopped"].title, estimands["own"].title) == ("Stopped", "As assigned")
    assert estimands["own"].attributes == {"summary": "Mittelwerte"}
