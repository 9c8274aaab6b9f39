"""The blank case report form as values: nothing that is asked is left out, in words, in each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.course.crf import LOGS, blank_crf
from entact.course.kinds import KINDS
from entact.protocol import Release, StudyError, load_study, shipped_studies
from entact.protocol.rules import forms_at

STUDIES = Path(__file__).parents[1] / "studies"


@pytest.fixture(scope="module")
def release() -> Release:
    return load_study(STUDIES / "forms").newest


@pytest.mark.parametrize("name", [*shipped_studies(), str(STUDIES / "forms"), str(STUDIES / "mini")])
@pytest.mark.parametrize("once", [True, False])
def test_every_form_and_act_of_every_visit_has_its_page(name: str, once: bool) -> None:
    release = load_study(name).newest
    pages = blank_crf(release, once=once).pages
    planned = [
        activity
        for visit in release.visits.values()
        for activity in dict.fromkeys(visit.activities)
        if activity not in LOGS
    ]
    throughout = [one for one in LOGS if any(one in visit.activities for visit in release.visits.values())]
    asked = {form for visit in release.visits.values() for form in forms_at(visit, release.forms)}
    elsewhere = release.forms.keys() - asked  # as what somebody fills in who listens to a recording
    assert len(pages) == len(set(planned) if once else planned) + len(elsewhere) + len(throughout)
    assert all(page.items for page in pages)
    assert {page.form for page in pages if page.visit == "At no visit"} == elsewhere
    asked |= elsewhere
    on_paper = {page.form: [item.name for item in page.items] for page in pages}
    for form in asked:
        assert on_paper[form] == list(release.forms[form].items), form


def test_an_item_is_told_with_its_units_codes_ranges_and_conditions(release: Release) -> None:
    pages = {page.form: page for page in blank_crf(release, once=True).pages}
    body = {item.name: item for item in pages["body"].items}
    assert (body["weight"].can_be, body["weight"].usual, body["weight"].unit) == (
        "30 to 250",
        "45 to 130",
        "kg",
    )
    assert body["weight"].shows == "weight (body and lifestyle) at screening"
    assert body["bmi"].calculated == "weight divided by (height (about you) times height)"
    assert body["pain_where"].asked == "pain is above 0"
    assert body["pain"].choices == {"0": "none", "10": "the worst"}
    assert pages["body"].sections["smoking"].asked == "smokes is yes"
    (treatments,) = (item for item in pages["history"].items if item.name == "treatments")
    assert [(cell.name, cell.asked) for cell in treatments.cells if cell.asked] == [
        ("name", "kind is medicine"),
        ("helped", "weeks is at least 4"),
    ]
    assert pages["pregnancy_test"].items[0].asked == "can be pregnant (about you) is yes"
    assert pages["after_session"].items[0].asked == "the initial dose was given at this visit"


def test_words_are_in_the_language_that_is_asked_for(release: Release) -> None:
    german = {page.form: page for page in blank_crf(release, "de", once=True).pages}
    assert german["body"].title == "Körper und Lebensweise"
    assert german["participant"].items[1].choices == {"female": "Frau", "male": "Mann"}
    assert german["eligibility"].items[0].title == "Mindestens 18 Jahre alt (inclusion)"
    with pytest.raises(StudyError, match="languages: there is no language 'fr'; write one of: de, en"):
        blank_crf(release, "fr")


def test_acts_of_entacts_own_ask_for_all_that_their_entries_hold(release: Release) -> None:
    pages = {page.form: page for page in blank_crf(release, once=True).pages}
    dose = {item.name: item for item in pages["dose"].items}
    assert list(dose) == sorted(KINDS["dose"].items, key=list(dose).index)
    assert list(dose["outcome"].choices)[:2] == ["taken", "partly_taken"]
    assert list(dose["level"].choices) == ["single"]
    event = {item.name: item for item in pages["adverse_events"].items}
    assert event["term"].choices == {"nausea": "Nausea"}
    assert (event["serious"].type, event["verbatim"].personal, event["onset"].personal) == (
        "boolean",
        True,
        False,
    )


def test_timed_readings_say_their_times() -> None:
    pages = blank_crf(load_study(STUDIES / "mini").newest).pages
    (vitals,) = (page for page in pages if page.form == "vitals")
    assert vitals.times == ("before the initial dose", "90 min after the initial dose", "at the end")
