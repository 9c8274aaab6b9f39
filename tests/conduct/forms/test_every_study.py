"""All studies run through the same pages: every form is shown, filled in as in a rehearsal, and kept so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conduct.browser import course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY

from entact import store
from entact.cohort import rehearse
from entact.conduct.forms.reading import receive_items, texts_of
from entact.conduct.permissions import AT_A_SITE, permissions_of
from entact.conduct.record.opened import Opener
from entact.course import fold, read
from entact.course.found.fidelity import checklists_of
from entact.course.state.form import VITALS
from entact.protocol import Study, load_study

SHIPPED = ("mapp1", "mapp2", "mapp3", "eating-disorders", "expanded-access", "life-threatening-illness")
STUDIES = (*SHIPPED, *(str(Path(__file__).parents[2] / "studies" / name) for name in ("forms", "sixth")))
NOTE = "SIMULATED text"


def plain(value: Any) -> Any:
    """An answer as somebody would enter it: what was sealed is some text again."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return NOTE if isinstance(value, str) and value.startswith("sealed:") else value


def simulated(study: Study) -> dict[str, dict[str, Any]]:
    """For each form the fullest answers that virtual people gave."""
    trial = rehearse(study, participants=2, seed=11)
    found: dict[str, dict[str, Any]] = {}
    for name, lines in trial.ledgers.items():
        if name.startswith("participant:"):
            course = fold(study, [read(line.text) for line in lines])
            for form, given_answers in course.answers.items():
                for one in given_answers:
                    asked = {item: plain(value) for item, value in one.items.items() if value is not None}
                    if len(asked) > len(found.get(form, {})):
                        found[form] = asked
    return found


@pytest.mark.parametrize("name", STUDIES)
def test_every_form_is_shown_and_kept_as_it_was_filled_in(name: str, database: str, sign_in: SignIn) -> None:
    study = load_study(name)
    store.create_database(database, "rehearsal", study.name, replace=True)
    site = next(iter(study.newest.file.sites))
    ledger = keep_screened(study, site=site)
    first = next(iter(study.newest.visits))
    answers, kept = simulated(study), 0
    for form, compiled in study.newest.forms.items():
        roles = [
            role
            for role in permissions_of(study).roles_entering(form)
            if permissions_of(study).sights[role].sees_schedule
        ]
        if not roles:
            continue  # of a carer or a rater alone, who have pages of their own
        role = sorted(roles)[0]
        # Who has written otherwise of a participant holds nothing against how they were treated.
        person = f"p-{role}{'-content' if form in checklists_of(study.newest) else ''}"
        browser = sign_in(person, **{site if role in AT_A_SITE else "everywhere": role})
        address = f"/participants/S-1/{first}.1/{form}/"
        page = browser.get(address)
        for item in compiled.items:
            assert f'data-field="{item}"' in page
        items = answers.get(form)
        if not items:
            continue
        browser.post(address, {"head": "9", "shown": list(compiled.items), **texts_of(compiled, items)})
        entry = next(
            one for one in reversed(course_of(study, ledger).effective) if one.entry.encounter == f"{first}#1"
        )
        found = entry.data if form == VITALS else entry.data["items"]
        assert Opener(KEY).items(entry, found) == items, form
        kept += 1
    assert kept > 3
    investigator = sign_in("p-investigator", **{site: "investigator"})
    for page in ("eligibility", "consent", "screening", "medication", "stop", "visits"):
        investigator.get(f"/participants/S-1/{page}/")
    asked = investigator.get("/participants/S-1/eligibility/").count('class="field criterion')
    assert asked == len(study.newest.criteria_of(next(iter(study.newest.file.populations))))
    assert "S-1" in investigator.get("/screening/")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_people_answer_comes_back_from_every_form(name: str) -> None:
    """Without a database: all that a rehearsal holds, through the fields of its forms and back."""
    study = load_study(name)
    for form, items in simulated(study).items():
        compiled = study.newest.forms[form]
        sent = {"shown": list(compiled.items), **texts_of(compiled, items)}
        assert receive_items(compiled, sent).items == items, form


def test_a_form_is_shown_in_each_language_of_the_study(database: str, sign_in: SignIn) -> None:
    study = load_study(STUDIES[-2])
    store.create_database(database, "rehearsal", study.name, replace=True)
    keep_screened(study, site="zurich")
    ada = sign_in("ada", zurich="coordinator")
    address = "/participants/S-1/screening.1/body/"
    assert "Without shoes, in light clothes." in ada.get(address)
    assert "Ohne Schuhe, in leichter Kleidung." in ada.get(f"{address}?language=de")
    assert "Without shoes" in ada.get(f"{address}?language=xx")


@settings(max_examples=25)
@given(data=st.data())
def test_no_fuzzed_form_breaks_the_reading(data: st.DataObject) -> None:
    """Whatever names and texts a browser sends, there is an answer or there is none; never an error."""
    study = load_study(STUDIES[-2])
    form = data.draw(st.sampled_from(list(study.newest.forms.values())))
    places = [
        f"{item}{more}" for item in form.items for more in ("", ":1:name", ":0:kind", ":²:name", ":9", "::")
    ]
    field = st.builds(
        lambda kind, place: f"{kind}:{place}",
        st.sampled_from(["item", "unit", "missing", "none", "shown", ""]),
        st.sampled_from(places) | st.text(max_size=9),
    )
    texts = st.lists(st.text(max_size=30) | st.sampled_from(["true", "1e9", "-0", "2026-13-45"]), max_size=3)
    sent = data.draw(st.dictionaries(field, texts, max_size=12))
    received = receive_items(form, {**sent, "shown": list(form.items)})
    assert set(received.items) <= set(form.items)
    form.read(received.items)
    texts_of(form, received.items)
