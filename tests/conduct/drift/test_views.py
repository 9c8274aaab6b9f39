"""A rating of the sample is rated again from the recording, unseen; who drifts rates nobody until trained."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct.drift import domain
from entact.conduct.places import opened_place
from entact.conduct.reader import reader_as
from entact.course import fold_setting, read
from entact.course.kinds.raters import is_drawn
from entact.protocol import Study

TOTALS = {"rita": (46, 12, 30, 21), "rob": (44, 15, 33, 20)}  # of four participants, by each of two raters


@pytest.fixture(scope="module")
def study() -> Study:
    """The small study, every rating of which is rated again; four of a rater are enough to judge."""

    def change(data: dict[str, Any]) -> None:
        data["roles"]["rater_coordinator"] = "gives raters their assessments"
        hidden = ["allocation", "clinical", "dosing", "adverse_events", "guesses"]
        data["blinding"].append({"role": "rater_coordinator", "hidden": hidden, "until": "lock"})
        data["second_ratings"] = {
            "symptoms": {
                "share": 1,
                "value": "symptoms.total",
                "category": "symptoms.diagnosis",
                "agreement": 0.8,
                "over": 4,
                "certificate": "course",
            }
        }

    return blinded_study(change)


@pytest.fixture
def ledgers(study: Study, database: str) -> list[str]:
    """Four participants, each rated at baseline by one rater."""
    stories = []
    for number in range(4):
        story = Story(study)
        story.begin("screening#1", day=0)
        story.write("consent", {"version": "1", "scopes": {"participation": True}}, minute=1)
        story.write("screening", {"attempt": 1, "number": f"S-{number + 1}", "site": "denver"}, minute=2)
        story.begin("baseline#1", day=5)
        story.rate(TOTALS["rita"][number], True, by="rita", day=5, minute=number, encounter="baseline#1")
        stories.append(story)
    kept = keep(study, *stories)
    store.keep_keys({ledger.name: KEY for ledger in kept})
    return [ledger.name for ledger in kept]


@pytest.fixture
def coordinator(ledgers: list[str], sign_in: SignIn) -> Browser:
    coordinator = sign_in("cora", everywhere="rater_coordinator")
    for name in ("rita", "rob"):
        sign_in(name, everywhere="rater").get("/")
        certify(coordinator, name)
    return coordinator


def certify(coordinator: Browser, name: str, issued: str = "2026-03-01", expires: str = "2031-01-01") -> None:
    sent = {"person": name, "certificate": "course", "issued": issued, "expires": expires}
    coordinator.post("/raters/", sent)


def tokens(rater: Browser) -> list[str]:
    """What a rater may rate again, by participant, which the page does not tell."""
    shown = re.findall(r'href="/again/([\w=-]+)/"', rater.get("/again/"))
    return [f"/again/{token}/" for token in sorted(shown, key=lambda token: opened_place(token) or [])]


def rated(total: int, diagnosis: str = "true") -> dict[str, list[str]]:
    return {"shown": ["total", "diagnosis"], "item:total": [str(total)], "item:diagnosis": [diagnosis]}


def test_a_second_rater_sees_the_form_and_nothing_of_whose_it_is_or_what_was_rated(
    coordinator: Browser, ledgers: list[str], study: Study, sign_in: SignIn
) -> None:
    rita, rob = sign_in("rita", everywhere="rater"), sign_in("rob", everywhere="rater")
    assert tokens(rita) == []  # all are hers
    offered = tokens(rob)
    assert len(offered) == 4
    page = rob.get(offered[0])
    random = r'[0-9A-F]{4}-[0-9A-F]{4}|csrfmiddlewaretoken" value="\w+"'  # which may hold any figure
    said = re.sub(random, "", page.split("<main", 1)[1])
    for word in ("S-1", "denver", "rita", "2026", "baseline", "46", 'value="12"', ledgers[0][12:]):
        assert word not in said, word
    assert 'name="item:total"' in page
    assert "remarks" not in page  # words of the person's are not kept again
    rob.post(offered[0], rated(45))
    assert len(tokens(rob)) == 3
    rob.get(offered[0], 404)
    (second,) = (one for name in ledgers for one in course_of(study, name).noted.get("second_rating", ()))
    assert (second.by, second.said.items) == ("rob", {"total": 45, "diagnosis": True})
    for name in ledgers:  # what counts is the first
        assert len(course_of(study, name).answers["symptoms"]) == 1


def test_who_drifts_is_shown_and_rates_nobody_until_trained_again(
    coordinator: Browser, ledgers: list[str], study: Study, sign_in: SignIn
) -> None:
    rob = sign_in("rob", everywhere="rater")
    for place, token in enumerate(tokens(rob)):
        assert not domain.against(reader_as("rater"), "rita", ["symptoms"]), place
        rob.post(token, rated((21, 44, 12, 40)[place]))
    (reason,) = domain.against(reader_as("rater"), "rita", ["symptoms"])
    assert "Rita drifts" in reason
    assert "trained again" in reason
    page = coordinator.get("/raters/")
    assert "under the limit" in page
    assert re.search(r"<td>4</td><td>\N{MINUS SIGN}?0\.\d\d \(", page)  # with its interval
    assert "2026, quarter 1" in page
    assert "Rita drifts" in page
    assert "Not now" in sign_in("rita", everywhere="rater").get("/again/")
    raters = fold_setting(study, [read(one.text) for one in store.lines("study:mini")], ()).study.raters
    assert raters["rita"].drifts["symptoms"].over == 4
    (entered,) = (
        read(one.text) for one in store.lines("study:mini") if read(one.text).kind == "rater_drifted"
    )
    seconds = {one.entry for name in ledgers for one in course_of(study, name).noted["second_rating"]}
    assert set(entered.data["ratings"]) == seconds
    assert len(entered.data["ratings"]) == 4
    certify(coordinator, "rita")  # entered anew, but of before
    assert domain.against(reader_as("rater"), "rita", ["symptoms"])
    certify(coordinator, "rita", issued=domain.today_of(reader_as("rater")).isoformat())
    assert domain.against(reader_as("rater"), "rita", ["symptoms"]) == []
    assert "Rita drifts" not in coordinator.get("/raters/")


def test_who_agrees_is_let_on(coordinator: Browser, ledgers: list[str], sign_in: SignIn) -> None:
    rob = sign_in("rob", everywhere="rater")
    known = {one.token: one.first.items["total"] for one in drawn(reader_as("rater_coordinator"))}
    for token in tokens(rob):
        rob.post(token, rated(known[token.split("/")[2]] + 1))
    assert domain.against(reader_as("rater"), "rita", ["symptoms"]) == []
    assert "under the limit" not in coordinator.get("/raters/")


def drawn(reader: Any) -> list[domain.Drawn]:
    return domain.drawn_of(reader, "symptoms", domain.sampled(reader)["symptoms"])


def test_without_a_certificate_or_after_its_last_day_nobody_rates_again(
    ledgers: list[str], sign_in: SignIn
) -> None:
    rob, cora = sign_in("rob", everywhere="rater"), sign_in("cora", everywhere="rater_coordinator")
    assert "holds no certificate" in rob.get("/again/")
    certify(cora, "rob", expires="2026-03-02")
    assert "held until 2 Mar 2026" in rob.get("/again/")
    certify(cora, "rob")
    assert len(tokens(rob)) == 4


@pytest.mark.parametrize(
    "sent",
    [
        {"person": "nobody"},
        {"certificate": "another"},
        {"issued": "yesterday"},
        {"issued": "2031-01-01", "expires": "2032-01-01"},
        {"expires": "2026-02-28"},
        {"expires": "\0"},
    ],
)
def test_a_certificate_that_cannot_be_is_refused_in_words(sent: dict[str, str], coordinator: Browser) -> None:
    before = len(list(store.lines("study:mini")))
    good = {"person": "rob", "certificate": "course", "issued": "2026-03-01", "expires": "2031-01-01"}
    assert 'role="alert"' in coordinator.post("/raters/", {**good, **sent}, 422)
    assert len(list(store.lines("study:mini"))) == before


def test_the_gate_of_an_assessment_refuses_with_its_reason(
    study: Study, database: str, sign_in: SignIn
) -> None:
    keep_screened(study)
    sign_in("ada", denver="investigator").post(
        "/participants/S-1/baseline.1/", {"do": "book", "at": "2026-05-03T10:00"}
    )
    rob, cora = sign_in("rob", everywhere="rater"), sign_in("cora", everywhere="rater_coordinator")
    (token,) = set(re.findall(r"/assessments/(\w+)/", rob.get("/assessments/")))
    where = f"/assessments/{token}/"
    assert "Rob holds no certificate" in rob.post(where, {"do": "take"}, 409)
    rob.get(where, 404)
    certify(cora, "rob")
    rob.post(where, {"do": "take"})
    rob.get(where)


def test_a_rating_without_its_score_is_not_kept(
    coordinator: Browser, ledgers: list[str], sign_in: SignIn, study: Study
) -> None:
    rob = sign_in("rob", everywhere="rater")
    (token, *_) = tokens(rob)
    for sent in ({}, {"shown": ["total"], "item:total": ["lots"]}, {"item:total": ["44"]}):
        assert "no answer" in rob.post(token, sent, 422)
    for name in ledgers:
        assert "second_rating" not in course_of(study, name).noted
    rob.get("/again/nothing/", 404)
    rob.get(f"{token[:-2]}x/", 404)


def test_nobody_else_reaches_it(ledgers: list[str], sign_in: SignIn) -> None:
    for role in ("monitor", "medical_monitor", "scheduler"):
        browser = sign_in(role, everywhere=role)
        for address in ("/raters/", "/again/", "/again/nothing/"):
            browser.get(address, 404)
    sign_in("rita", everywhere="rater").get("/raters/", 404)
    sign_in("cora", everywhere="rater_coordinator").get("/again/", 404)


def test_the_sample_is_what_anybody_finds_by_the_hashes(ledgers: list[str], study: Study) -> None:
    reader = reader_as("rater_coordinator")
    said = domain.sampled(reader)["symptoms"].model_copy(update={"share": 0.5})
    found = {one.first.entry for one in domain.drawn_of(reader, "symptoms", said)}
    lines = [line for name in ledgers for line in store.lines(name) if read(line.text).kind == "form"]
    assert found == {read(line.text).id for line in lines if is_drawn(line.hash, 0.5)}


@pytest.mark.requirement("R10")
def test_r10_recordings_stand_in_no_order_and_one_of_a_participant_alone(
    study: Study, database: str, sign_in: SignIn
) -> None:
    """Two of one person would go from the list together; the order of rating would tell first from last."""
    stories = []
    for number in range(6):
        story = Story(study)
        story.begin("screening#1", day=0)
        story.write("consent", {"version": "1", "scopes": {"participation": True}}, minute=1)
        story.write("screening", {"attempt": 1, "number": f"S-{number + 1}", "site": "denver"}, minute=2)
        for day, visit in ((5, "baseline#1"), (40, "outcome#1")):
            story.begin(visit, day=day)
            story.rate(30, True, by=f"rater-{visit}", day=day, minute=number, encounter=visit)
        stories.append(story)
    kept = keep(study, *stories)
    store.keep_keys({ledger.name: KEY for ledger in kept})
    coordinator, rob = sign_in("cora", everywhere="rater_coordinator"), sign_in("rob", everywhere="rater")
    rob.get("/")
    certify(coordinator, "rob")
    page = rob.get("/again/")
    names = re.findall(r"[0-9A-F]{4}-[0-9A-F]{4}", page)
    assert len(names) == len(kept)
    assert names == sorted(names)
    before, (first, *others) = len(names), tokens(rob)
    rob.post(first, rated(31))
    assert tokens(rob) == others
    assert len(others) == before - 1
