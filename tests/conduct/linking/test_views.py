"""With whom somebody takes part: entered by number, at a site, and withdrawn where it was in error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.protocol import Study

PAGE = "/participants/S-2/link/"


def with_partners() -> Study:
    def change(data: dict[str, Any]) -> None:
        data["populations"] = {"patient": {"planned": 8}, "partner": {"planned": 8, "linked_to": "patient"}}

    return blinded_study(change)


def screened(study: Study, population: str, site: str = "denver") -> Story:
    story = Story(study)
    story.begin("screening#1", day=0)
    story.write("consent", {"version": "1", "scopes": {"participation": True, "recording": False}}, minute=1)
    said = {"attempt": 1, "number": "S-1", "site": site, "population": population}
    story.write("screening", said, minute=2)
    return story


@pytest.fixture
def couple(database: str) -> list[str]:
    """A patient, their partner, another partner, and a patient of another site; the ledgers' names."""
    study = with_partners()
    people = [("patient", "denver"), ("partner", "denver"), ("partner", "denver"), ("patient", "haifa")]
    ledgers = keep(study, *(screened(study, population, site) for population, site in people))
    store.keep_keys({one.name: KEY for one in ledgers})
    return [one.name for one in ledgers]


def test_a_partner_is_linked_to_their_patient_and_that_is_withdrawn(
    couple: list[str], sign_in: Callable[..., Browser]
) -> None:
    study = with_partners()
    carla = sign_in("carla", of=study, denver="investigator")
    assert PAGE in carla.get("/participants/S-2/")
    for wrong, said in (
        ("S-3", "takes part as another than: patient"),
        ("S-2", "Nobody whom you may see has the number S-2"),
        ("S-4", "Nobody whom you may see has the number S-4"),  # of the other site
        ("S-77", "Nobody whom you may see"),
        ("\0", "Nobody whom you may see"),
    ):
        assert said in carla.post(PAGE, {"number": wrong}, status=422)
    assert course_of(study, couple[1]).links == []
    carla.post(PAGE, {"number": "S-1"})
    (link,) = course_of(study, couple[1]).links
    assert (link.ledger, link.as_) == (couple[0], "partner")
    assert "linked already" in carla.post(PAGE, {"number": "S-1"}, status=422)
    assert "S-1" in carla.get(PAGE)
    assert "Say why" in carla.post(PAGE, {"do": "withdraw", "entry": link.entry, "reason": " "}, status=422)
    carla.post(PAGE, {"do": "withdraw", "entry": "another", "reason": "x"}, status=404)
    carla.post(PAGE, {"do": "withdraw", "entry": link.entry, "reason": "the wrong couple"})
    assert course_of(study, couple[1]).links == []


def test_who_takes_part_alone_and_who_may_not_has_no_such_page(
    couple: list[str], sign_in: Callable[..., Browser]
) -> None:
    study = with_partners()
    sign_in("carla", of=study, denver="investigator").get("/participants/S-1/link/", status=404)
    for name, roles in {"mona": {"everywhere": "monitor"}, "ben": {"haifa": "investigator"}}.items():
        other = sign_in(name, of=study, **roles)
        other.get(PAGE, status=404)
        other.post(PAGE, {"number": "S-1"}, status=404)
