"""What an annotated form says beside its items is what the rows say that come of them."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.datasets.participants import Participant, arms, trial

from entact.course.crf import blank_crf
from entact.course.kinds import KINDS
from entact.datasets.sdtm import tabulate
from entact.datasets.sdtm.annotations import _ACTS, NOT_SUBMITTED, FormAnnotation, annotations_of
from entact.datasets.sdtm.guide import domain
from entact.protocol.load import load_study
from entact.protocol.release import Release, Study

SHIPPED = ["mapp1", "mapp2", "mapp3", "life-threatening-illness", "expanded-access", "eating-disorders"]
_NAMED = re.compile(r"\b([A-Z]{2}|SUPP[A-Z]{2})\.([A-Z]+)\b")


def annotated(release: Release) -> dict[str, FormAnnotation]:
    crf = blank_crf(release, once=True)
    return annotations_of(release, {page.form: tuple(item.name for item in page.items) for page in crf.pages})


@pytest.mark.parametrize("name", SHIPPED)
def test_every_item_says_where_it_goes_and_every_variable_is_one_of_its_dataset(name: str) -> None:
    release = load_study(name).newest
    crf = blank_crf(release, once=True)
    found = annotated(release)
    for page in crf.pages:
        said = found[page.form]
        assert [*said.items] == [item.name for item in page.items]
        named = [one for text in said.items.values() for one in _NAMED.findall(text)]
        assert {of for of, _ in named} == {*said.datasets}
        for of, variable in named:
            assert variable in domain(of).variables, (page.form, of, variable)
        assert all(text.startswith(NOT_SUBMITTED) or _NAMED.search(text) for text in said.items.values())


def test_each_row_of_a_form_is_where_its_annotation_says(mini: Study) -> None:
    made = tabulate(mini, [one.course() for one in trial(mini)], arms())
    found = annotated(mini.newest)
    forms = {
        one.id: "vitals" if one.kind == "vital_signs" else one.data.get("form")
        for person in trial(mini)
        for one in person.entries
    }
    seen = 0
    for name in ("VS", "QS", "RS", "LB"):
        for row in made.tables[name].rows if name in made.tables else ():
            entry, _, item = row[f"{name}SPID"].partition(".")
            said = found[forms[entry]].items.get(item)
            if said is not None:  # a score is on no form
                assert said.startswith(
                    f"{name}.{name}ORRES where {name}.{name}TESTCD = {row[f'{name}TESTCD']}"
                )
                seen += 1
    assert seen > 30


def test_what_entact_asks_itself_changes_the_variable_that_is_named(mini: Study) -> None:
    """Each field of an event is answered, and the row has something in every variable that is named."""
    kinds = {kind.activity: kind for kind in KINDS.values() if kind.activity}
    for activity, said in _ACTS.items():
        fields = {*kinds[activity].payload.__struct_encode_fields__}
        assert said.keys() - {"criteria", "scopes"} <= fields | {"criteria", "scopes"}, activity
    person = Participant(mini, 2).randomised().dosed()
    person.event(
        term="nausea", onset="2026-03-14", resolved="2026-03-15", severity="severe", serious=True,
        seriousness=["hospitalisation"], related="possible", outcome="resolved", valence="unfavourable",
        solicited=True, action="dose not changed",
    )  # fmt: skip
    made = tabulate(mini, [person.course()], arms())
    [row] = made.tables["AE"].rows
    qualifiers = {one["QNAM"] for one in made.tables["SUPPAE"].rows}
    for field, text in _ACTS["adverse_events"].items():
        if not text.startswith(NOT_SUBMITTED):
            known = [row.get(name) for of, name in _NAMED.findall(text) if of == "AE"]
            told = re.findall(r"QNAM = ([A-Z]+)", text)
            assert any(one is not None for one in known) or {*told} & qualifiers, field


def test_what_is_personal_is_said_to_be_nowhere() -> None:
    said = annotated(load_study("mapp1").newest)
    assert said["index_event"].items["event"] == f"{NOT_SUBMITTED}: personal: sealed in the record"
    assert said["guess"].items["arm"].startswith(NOT_SUBMITTED)
    assert msgspec.json.encode(said)
