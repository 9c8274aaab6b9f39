"""RELSUB: the carer or partner of a participant, said of both; and of nobody else."""

from __future__ import annotations

import pytest
from tests.datasets.participants import Participant
from tests.exchange import core

from entact.datasets.sdtm import strangers, tabulate
from entact.datasets.sdtm.related import term_of
from entact.protocol.load import load_study


@pytest.mark.parametrize(
    ("name", "as_", "back"),
    [("eating-disorders", "CAREGIVER", "PATIENT"), ("couples_randomised", "SIGNIFICANT OTHER", None)],
)
def test_each_link_is_said_of_both(name: str, as_: str, back: str | None) -> None:
    made = core.made(name, blinded=False)
    rows = made.tables["RELSUB"].frame().rows(named=True)
    pairs = {(row["USUBJID"], row["RSUBJID"]): row["SREL"] for row in rows}
    assert len(pairs) == len(rows) >= 8
    assert {(other, who) for who, other in pairs} == set(pairs)
    assert all({said, pairs[other, who]} == {as_, back or as_} for (who, other), said in pairs.items())
    assert {who for who, _ in pairs} <= set(made.tables["DM"].frame()["USUBJID"])
    linked = sum(len(course.links) for course in core.people(name)[1])
    assert len(rows) == 2 * linked
    assert [one.extensible for one in strangers(made) if one.variable == "SREL"] == [True] * (
        back is not None
    )


def test_an_earlier_study_of_the_same_person_is_no_relation_to_another() -> None:
    study = load_study(str(core.STUDIES / "with_partner"))
    person = Participant(study, 2)
    person.write("consent", {"version": "1", "scopes": {"participation": True}}, day=0)
    person.write("link", {"ledger": "participant:" + "0" * 32, "as": "earlier_study"}, day=1)
    assert person.course().links
    assert "RELSUB" not in tabulate(study, [person.course()]).tables


def test_a_population_that_is_called_by_a_term_of_cdisc_is_that_term() -> None:
    assert (term_of("guardian"), term_of("next_door")) == ("GUARDIAN", "NEXT DOOR")
