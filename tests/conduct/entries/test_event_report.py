"""The report of an adverse event to print: what the role sees of it, as it stands and as it was changed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conduct.people import signed_in
from tests.conduct.record import blinded_study, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.conduct.asking import Asked
from entact.conduct.entries.event_report import EventReport, event_report
from entact.course import read
from entact.protocol import Study

REPORTS = {
    "sponsor": {"title": "To the sponsor", "when": "event.serious", "within": "24 h", "to": "the sponsor"}
}


def _reporting(data: dict[str, Any]) -> None:
    data["reports"] = REPORTS


def story(study: Study, arm: str = "mdma") -> tuple[Story, str]:
    """A participant with a serious event that was continued and corrected; its entry."""
    told = telling_story(study, arm=arm)
    began = told.write("adverse_event", {"term": "other", "verbatim": "fainted", "severity": "mild"}, day=14)
    more = {"serious": True, "seriousness": ["hospitalisation"], "severity": "severe", "outcome": "ongoing"}
    told.write("adverse_event", more, day=15, about=began.id)
    told.correct(began, {"severity": "moderate"}, day=16)
    return told, began.id


def kept(arm: str = "mdma") -> str:
    study = blinded_study(_reporting)
    told, event = story(study, arm)
    (ledger,) = keep(study, told)
    store.keep_keys({ledger.name: bytes(32)})
    return event


def address(event: str) -> str:
    return f"/participants/1-001/entry/{event}/report.pdf"


def report(event: str, role: str, monkeypatch: pytest.MonkeyPatch) -> EventReport:
    """What would be printed for a role."""
    from entact.conduct.entries import views

    drawn: list[EventReport] = []

    def keep_it(asked: Asked, entry: str, as_role: str) -> EventReport | None:
        found = event_report(asked, entry, as_role)
        drawn.extend([] if found is None else [found])
        return found

    monkeypatch.setattr(views, "event_report", keep_it)
    assert signed_in(role, "denver" if role == "investigator" else "").get(address(event)).status_code == 200
    return drawn[-1]


def test_it_says_what_happened_what_changed_and_what_it_makes_due(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = report(kept(), "investigator", monkeypatch)
    facts = dict(found.facts)
    assert found.is_serious
    assert (facts["Serious"], facts["Serious because of"]) == (
        "yes",
        "admission to hospital, or a longer stay",
    )
    assert facts["Severity, at its worst"] == "severe"
    assert facts["Related to the treatment"] == "not judged"
    assert len(found.told) == 2
    (corrected,) = found.told[0].corrections
    assert ("mild", "moderate") in [(one.old.lower(), one.new.lower()) for one in corrected.changes]
    ((title, to, _, sent),) = found.reports
    assert (title, to, sent) == ("To the sponsor", "the sponsor", "not sent")
    assert found.doses
    assert "the kit holds is hidden" in found.doses[0].note


def test_it_is_a_document_and_that_it_was_given_out_is_kept(database: str) -> None:
    event = kept()
    answer = signed_in("investigator", "denver").get(address(event))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    told = [read(line.text) for line in store.lines("system")]
    (given,) = [one for one in told if one.kind == "exported"]
    assert event in given.data["what"]
    page = signed_in("investigator", "denver").get(f"/participants/1-001/entry/{event}/").content.decode()
    assert address(event) in page


def test_no_guess_of_the_arm_is_in_it(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = report(kept("placebo"), "investigator", monkeypatch).values()
    assert "placebo" not in str({**found, "title": "", "doses": ()}).lower()


def test_it_is_for_who_reports_and_of_an_event_alone(database: str) -> None:
    event = kept()
    assert signed_in("therapist", "denver").get(address(event)).status_code == 404
    assert signed_in("investigator", "haifa").get(address(event)).status_code == 404
    investigator = signed_in("investigator", "denver")
    for other in ("nothing", "a" * 5000):
        assert investigator.get(address(other)).status_code == 404
    dose = next(
        one.id
        for one in map(read, (line.text for line in store.lines(f"participant:{1:032x}")))
        if one.kind == "dose"
    )
    assert investigator.get(address(dose)).status_code == 404
