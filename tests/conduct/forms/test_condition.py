"""A finding about an item that is not asked tells when it is asked by titles, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import override
from tests.conduct.record import blinded_study

from entact.conduct.forms.condition import with_condition
from entact.conduct.language.sentences import told_again


def _with_pain(data: dict[str, Any]) -> None:
    pain = {"type": "integer", "range": "0 .. 10", "title": {"en": "Pain", "de": "Schmerz"}}
    where = {"type": "text", "title": "Where", "when": "pain > 0"}
    data["languages"] = ["en", "de"]
    side = {"type": "boolean", "title": {"en": "On both sides", "de": "Auf beiden Seiten"}}
    since = {"type": "integer", "range": "0 .. 99", "when": "side"}
    places = {"type": "rows", "items": {"side": side, "since": since}, "required": False}
    data["forms"]["aches"] = {"by": "participant", "items": {"pain": pain, "where": where, "places": places}}
    data["schedule"][0]["do"].append("aches")


def test_the_condition_of_an_item_is_told_in_words() -> None:
    release = blinded_study(_with_pain).newest
    form = release.forms["aches"]
    (found,) = form.read({"pain": 0, "where": "knee"}, {}).problems
    assert found.message == "was answered, and is asked only when pain > 0"  # as the record has it
    said = with_condition(found.message, release, form, found.item)
    assert said == "was answered, and is asked only when “Pain” is above 0"
    with override("de"):
        told = told_again(with_condition(found.message, release, form, found.item))
        assert "“Schmerz” liegt über 0" in told
        assert "asked" not in told


def test_so_is_that_of_a_cell_of_repeating_rows() -> None:
    release = blinded_study(_with_pain).newest
    form = release.forms["aches"]
    rows = [{"side": True, "since": 3}, {"side": False, "since": 4}]
    (found,) = form.read({"pain": 1, "where": "knee", "places": rows}, {}).problems
    assert (found.item, found.message) == ("places[2].since", "was answered, and is asked only when side")
    said = with_condition(found.message, release, form, found.item)
    assert said == "was answered, and is asked only when “On both sides” is yes"
    with override("de"):
        assert "Auf beiden Seiten" in told_again(with_condition(found.message, release, form, found.item))
    assert with_condition(found.message, release, form, "where[2].since") == found.message


def test_any_other_message_stays() -> None:
    release = blinded_study(_with_pain).newest
    form = release.forms["aches"]
    assert with_condition("is missing", release, form, "where") == "is missing"
    said = "was answered, and is asked only when pain > 0"
    assert with_condition(said, release, None, "where") == said
    assert with_condition(said, release, form, "unknown") == said
