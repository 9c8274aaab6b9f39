"""Each says alone and once what they believe was given; nobody who is blinded reads it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conduct.browser import course_of
from tests.conduct.conftest import SignIn
from tests.conduct.leaks.crawler import Crawl, Seen
from tests.conduct.leaks.seeded import seeded
from tests.conduct.people import PASSWORD, code, give_password, signed_in_as
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct.permissions import permissions_of
from entact.course import findings, fold, instant, read
from entact.course.kinds.blinding import CLEAR, guessers_at
from entact.protocol import Study, load_study

SESSION = "/participants/1-001/session_1.1/"
GUESS = f"{SESSION}guess/"
SAID = {"arm": "mdma", "confidence": "80", "clear": "first_hour", "why": "she was warm and open"}


class _Silent(Story):
    """Nobody has said yet what they believe."""

    def guess(self, guesser: str, **when: Any) -> Any:
        return None


@pytest.fixture(scope="module")
def study() -> Study:
    """The small study, in which the site is blinded to guesses as in every study that ships."""

    def change(data: dict[str, Any]) -> None:
        data["roles"]["data_manager"] = "keeps the data"
        for role in ("therapist", "investigator", "coordinator", "data_manager"):
            data["blinding"].append({"role": role, "hidden": ["allocation", "guesses"], "until": "lock"})
        data["forms"]["expects"] = {
            "title": "Expects",
            "by": "therapist",
            "each": True,
            "items": {"much": {"type": "integer", "range": "0 .. 10"}},
        }
        next(one for one in data["schedule"] if one["visit"] == "session_1")["do"].append("expects")

    return blinded_study(change)


@pytest.fixture
def ledger(study: Study, database: str) -> str:
    elsewhere = Story(study)
    elsewhere.begin("screening#1", day=0)
    elsewhere.write("screening", {"attempt": 1, "number": "S-2", "site": "haifa"}, minute=2)
    first, _ = keep(study, _Silent(study).whole(), elsewhere)
    store.keep_keys({first.name: KEY})
    return first.name


def guesses(study: Study, ledger: str) -> list[tuple[str, str, str, int | None]]:
    return [(one.guesser, one.by, one.arm, one.confidence) for one in course_of(study, ledger).guesses]


def test_each_therapist_says_their_own_and_no_colleague_reads_it(
    ledger: str, study: Study, sign_in: SignIn
) -> None:
    theo, tina = sign_in("theo", denver="therapist"), sign_in("tina", denver="therapist")
    assert GUESS in theo.get(SESSION)
    theo.post(GUESS, SAID)
    tina.post(GUESS, {**SAID, "arm": "placebo", "confidence": "0", "clear": "not_clear", "why": ""})
    assert guesses(study, ledger) == [
        ("therapist", "theo", "mdma", 80),
        ("therapist", "tina", "placebo", 0),
    ]
    kept = [read(line.text) for line in store.lines(ledger) if read(line.text).kind == "guess"]
    assert [(one.role, one.authenticated.who, one.encounter) for one in kept] == [
        ("therapist", "theo", "session_1#1"),
        ("therapist", "tina", "session_1#1"),
    ]
    assert [one.data["clear"] for one in kept] == ["first_hour", "not_clear"]
    assert "warm" not in str(kept[0].data)  # sealed
    # It was said once: another press changes nothing, and no page shows what it was.
    theo.post(GUESS, {**SAID, "arm": "placebo"})
    assert len(guesses(study, ledger)) == 2
    monitor = sign_in("mona", everywhere="monitor")
    for address in (GUESS, SESSION, "/participants/1-001/", "/participants/1-001/visits/"):
        for browser in (theo, tina, monitor):
            answer = browser._client.get(address)
            for word in ("first_hour", "80 %", "warm and open", "Guess of treatment"):
                assert word not in answer.content.decode(), (address, word)
    assert "What you believe is kept" in theo.get(GUESS)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {**SAID, "arm": ""},
        {**SAID, "arm": "ketamine"},
        {**SAID, "confidence": "101"},
        {**SAID, "confidence": "-1"},
        {**SAID, "confidence": "٣"},
        {**SAID, "confidence": "very"},
        {**SAID, "clear": "yesterday"},
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept_nowhere(
    sent: dict[str, str], ledger: str, study: Study, sign_in: SignIn
) -> None:
    page = sign_in("theo", denver="therapist").post(GUESS, sent, status=422)
    assert 'role="alert"' in page
    assert guesses(study, ledger) == []


def test_it_is_for_those_who_are_asked_alone(ledger: str, study: Study, sign_in: SignIn) -> None:
    for browser in (
        sign_in("eve", haifa="therapist"),
        sign_in("mona", everywhere="monitor"),
        sign_in("rita", everywhere="rater"),
        sign_in("paul", denver="pharmacist"),
    ):
        browser.get(GUESS, 404)
        browser.post(GUESS, SAID, 404)
    ines = sign_in("ines", denver="investigator")  # hands it over, and guesses nothing
    assert "Hand it to the participant" in ines.get(GUESS)
    assert 'name="confidence"' not in ines.get(GUESS)
    ines.post(GUESS, SAID, 404)
    sign_in("theo", denver="therapist").get("/participants/1-001/screening.1/guess/", 404)
    sign_in("theo", denver="therapist").get("/participants/1-001/nowhere.1/guess/", 404)
    assert guesses(study, ledger) == []


def test_the_participant_answers_on_a_page_that_shows_nothing_else(
    ledger: str, study: Study, sign_in: SignIn
) -> None:
    ines = sign_in("ines", denver="investigator")
    ines.get("/")
    give_password("ines")
    ines.sign_in_anew()
    ines.post(f"{GUESS}hand/", {})
    page = ines.get("/handed/")
    for word in ("1-001", "Sign out", "<nav", "/participants/"):
        assert word not in page, word
    ines.post("/handed/look/", SAID, 404)
    ines.post("/handed/", {**SAID, "confidence": "lots"}, 422)
    ines.post("/handed/", {**SAID, "arm": "do_not_know", "told": "1"})
    assert "Thank you" in ines.get("/handed/")
    ines.post("/handed/back/", {"password": PASSWORD, "code": code()})
    (kept,) = (read(line.text) for line in store.lines(ledger) if read(line.text).kind == "guess")
    assert (kept.role, kept.by) == ("participant", "ines")
    assert kept.data["guesser"] == "participant"
    assert "The participant has answered" in ines.get(GUESS)
    ines.post(f"{GUESS}hand/", {}, 404)
    (found,) = (one for one in course_of(study, ledger).guesses)
    assert found.told


def alert(page: str) -> str:
    (said,) = re.findall(r'role="alert">(.*?)</section>', page)
    return str(said)


def test_a_sealed_sheet_is_copied_by_who_keeps_the_data_and_by_nobody_at_a_site(
    ledger: str, study: Study, sign_in: SignIn
) -> None:
    """Who meets the participant never types what the participant believes."""
    dan, ines = sign_in("dan", everywhere="data_manager"), sign_in("ines", denver="investigator")
    assert GUESS in dan.get(SESSION)
    page = dan.get(GUESS)
    assert "A sheet that the participant filled in" in page
    assert "Hand it to the participant" not in page
    assert "A sheet that" not in ines.get(GUESS)
    ines.post(GUESS, {**SAID, "written": "2026-03-13T18:00"}, 404)
    for written in ("", "yesterday", "2026-01-01T10:00", "2036-01-01T10:00"):
        assert "sheet was filled in" in alert(dan.post(GUESS, {**SAID, "written": written}, 422))
    dan.post(GUESS, {**SAID, "arm": "", "written": "2026-03-20T18:00"}, 422)
    dan.post(GUESS, {**SAID, "written": "2026-03-20T18:00"})
    (kept,) = (read(line.text) for line in store.lines(ledger) if read(line.text).kind == "guess")
    assert (kept.by, kept.role, kept.source) == ("dan", "data_manager", "transcribed")
    assert kept.occurred_at.startswith("2026-03-20T18:00")
    assert guesses(study, ledger) == [("participant", "dan", "mdma", 80)]
    assert "The participant has answered" in ines.get(GUESS)
    dan.post(GUESS, {**SAID, "written": "2026-03-20T18:00"}, 404)
    assert 'name="confidence"' not in dan.get(GUESS)


def test_who_had_reported_that_they_were_told_makes_no_guess_and_it_is_found(
    ledger: str, study: Study, sign_in: SignIn
) -> None:
    theo, tina = sign_in("theo", denver="therapist"), sign_in("tina", denver="therapist")
    theo.post("/told/", {"how": "colleague", "number": "1-001"})
    theo.post(GUESS, SAID)
    tina.post(GUESS, SAID)
    course = course_of(study, ledger)
    assert [one.told for one in course.guesses] == [True, False]
    assert [one.entry for one in course.findings.values() if one.rule == "guess_after_told"] == [
        course.guesses[0].entry
    ]


EXPECTS = "/participants/1-001/session_1.1/expects/"


def test_each_therapist_is_asked_what_they_expect_and_finds_their_own_alone(
    ledger: str, study: Study, sign_in: SignIn
) -> None:
    theo, tina = sign_in("theo", denver="therapist"), sign_in("tina", denver="therapist")
    head = {"head": "999", "shown": ["much"]}
    theo.post(EXPECTS, {**head, "item:much": "7"})
    assert 'value="7" checked' in theo.get(EXPECTS)
    page = tina.get(EXPECTS)
    assert 'value="7" checked' not in page
    assert "In the record" not in page
    assert "c-complete" not in row_of(tina.get(SESSION))
    tina.post(EXPECTS, {**head, "item:much": "3"})
    assert 'value="3" checked' in tina.get(EXPECTS)
    assert "c-complete" in row_of(tina.get(SESSION))
    theo.post(EXPECTS, {**head, "item:much": "8", "reason_code": "transcription_error"})
    course = course_of(study, ledger)
    said = {one.by: one.items["much"] for one in course.answers["expects"]}
    assert said == {"theo": 8, "tina": 3}
    assert not {one.rule for one in course.findings.values()} & {"rated_by_two", "answered_again"}
    both = sign_in("mona", everywhere="monitor").get(SESSION)
    assert both.count(">Expects<") == 2


def test_no_page_file_list_or_count_tells_a_therapist_what_a_colleague_expects(
    ledger: str, study: Study, sign_in: SignIn
) -> None:
    """Whatever can be reached, with a finding and a question about the answer; who gave it sees it."""
    theo, mona = sign_in("theo", denver="therapist"), sign_in("mona", everywhere="monitor")
    theo.post(EXPECTS, {"head": "999", "shown": ["much"], "item:much": "9173"})
    entry = course_of(study, ledger).answers["expects"][0].entry
    mona.post(f"/participants/1-001/query/?entry={entry}", {"item": "much", "text": "Is 9173 meant?"})
    own, colleague = (telling(crawled_by(name, entry), entry) for name in ("theo", "tina"))
    assert colleague == set()
    assert own >= {"/forms/export.csv", "/participants/1-001/", "/queries/export.csv"}
    assert own >= {f"{EXPECTS}?entry={entry}", "/session/1-001/session_1.1/briefing/"}


def crawled_by(name: str, entry: str) -> dict[str, tuple[bytes, bytes]]:
    """Status and body of all that a therapist reaches, and of where an entry would stand."""
    seen, participant = Seen(), "/participants/1-001/"
    with seeded() as source:
        also = [f"{participant}{one}?entry={entry}" for one in ("query/", "session_1.1/expects/", "verify/")]
        also += [
            f"{participant}entry/{entry}/",
            f"{EXPECTS}?repeat=1",
            "/session/1-001/session_1.1/briefing/",
        ]
        crawl = Crawl(seen, source, signed_in_as(name, ("therapist", "denver")), name, sends=False)
        crawl.run(also)
    answers = {what.partition(" GET ")[2]: said for what, said in seen.answers.items() if " GET " in what}
    return {page: (said[:3], said.partition(b"\n\n")[2]) for page, said in answers.items()}


def telling(answers: dict[str, tuple[bytes, bytes]], entry: str) -> set[str]:
    """The addresses of which the answer names the entry, or what it says."""
    named = entry.encode(), b"9173"
    return {
        page
        for page, (status, said) in answers.items()
        if status == b"200" and any(one in said for one in named)
    }


def row_of(page: str) -> str:
    """Where a visit says how far the form is."""
    (row,) = re.findall(
        r"<li[^>]*>(?:(?!</li>).)*Expects.*?</li>|<tr[^>]*>(?:(?!</tr>).)*Expects.*?</tr>", page, re.DOTALL
    )
    return str(row)


def test_a_guess_that_is_missing_is_found_by_whose_it_is(ledger: str, study: Study, sign_in: SignIn) -> None:
    def missing() -> set[str]:
        course = course_of(study, ledger)
        found = findings(course, instant("2026-08-01T00:00:00Z"))
        return {
            one.item
            for one in found
            if one.holds and one.rule == "guess_missing" and "session" in one.message
        }

    assert missing() == {"participant", "therapist therapist-1", "therapist therapist-2"}
    sign_in("therapist-1", denver="therapist").post(GUESS, SAID)
    assert missing() == {"participant", "therapist therapist-2"}
    home = sign_in("therapist-2", denver="therapist").get("/")
    assert "Your guess of the treatment is missing" in home
    ines = sign_in("ines", denver="investigator").get("/")
    assert "The participant\u2019s guess of the treatment is missing" in ines
    assert "Your guess" not in ines


def test_before_the_dose_and_before_a_treatment_was_drawn_nobody_is_asked(
    study: Study, database: str, sign_in: SignIn
) -> None:
    story = Story(study)
    story.begin("screening#1", day=0)
    story.write("consent", {"version": "1", "scopes": {"participation": True}}, minute=1)
    story.write("screening", {"attempt": 1, "number": "S-1", "site": "denver"}, minute=2)
    story.begin("session_1#1", day=12)
    keep(study, story)
    theo = sign_in("theo", denver="therapist")
    theo.get("/participants/S-1/session_1.1/guess/", 404)
    theo.post("/participants/S-1/session_1.1/guess/", SAID, 404)


@pytest.mark.parametrize("name", ["mapp1", "mapp2", "mapp3", "life-threatening-illness"])
def test_every_study_that_asks_a_guess_has_somebody_who_can_enter_it(name: str) -> None:
    study = load_study(name)
    permissions = permissions_of(study)
    asked = [visit for visit in study.newest.visits.values() if "guess" in visit.activities]
    sessions = [visit for visit in study.newest.visits.values() if visit.kind == "dosing" and not visit.track]
    assert {visit.visit for visit in sessions} <= {visit.visit for visit in asked}
    guessers = {one for visit in asked for one in guessers_at(visit.by, visit.kind)}
    assert guessers == {"participant", "therapist", "rater"}
    assert permissions.roles_for("guess") == {"therapist"}  # raters are apart, and say it where they rate
    for visit in asked:
        for guesser in guessers_at(visit.by, visit.kind):
            page = {
                "participant": permissions.roles_for("ask_guess"),
                "therapist": permissions.roles_for("guess"),
                "rater": study.newest.asks_apart(visit.visit) and permissions.roles_for("rate"),
            }[guesser]
            assert page, (visit.visit, guesser)
    assert {"coordinator", "investigator"} <= permissions.roles_for("ask_guess")
    assert len(CLEAR) > 2


def test_mapp3_asks_for_expectancy_of_both_before_anybody_is_randomised() -> None:
    release = load_study("mapp3").newest
    by = {name: release.file.all_forms[name].by for name in ("expectancy", "expectancy_therapist")}
    assert by == {"expectancy": "participant", "expectancy_therapist": "therapist"}
    (visit,) = (one for one in release.visits.values() if "randomisation" in one.activities)
    order = list(visit.activities)
    assert max(order.index(name) for name in by) < order.index("randomisation")
    required = " ".join(str(one.rule) for one in release.gates["randomisation"].requirements)
    assert "expectancy." in required
    assert "expectancy_therapist." in required


def test_a_guess_after_the_planned_unblinding_is_found_whenever_it_arrives() -> None:
    study = load_study("life-threatening-illness")
    story = Story(study)
    story.write("planned_unblinding", {"arm": "mdma", "told": ["participant"]}, day=50)
    story.write("guess", {"guesser": "participant", "arm": "mdma"}, day=51)
    story.write("guess", {"guesser": "rater", "arm": "mdma"}, day=51, minute=1)
    story.write("guess", {"guesser": "participant", "arm": "mdma"}, day=49)
    course = fold(study, story.entries)
    assert [one.told for one in course.guesses] == [False, True, False]


def test_a_rater_who_knows_the_schedule_says_it_on_the_page_of_the_visit(
    database: str, sign_in: SignIn
) -> None:
    """Where the study file hides no schedule from them, no token stands between."""

    def change(data: dict[str, Any]) -> None:
        data["roles"]["assessor"] = "rates elsewhere"
        data["blinding"] = [one for one in data["blinding"] if one["role"] != "rater"]
        hidden = ["allocation", "guesses"]
        data["blinding"] += [
            {"role": one, "hidden": hidden, "until": "lock"} for one in ("rater", "therapist")
        ]
        next(one for one in data["schedule"] if one["visit"] == "outcome")["do"].append("guess")

    study = blinded_study(change)
    assert not study.newest.roles_apart
    (ledger,) = keep(study, _Silent(study).whole())
    store.keep_keys({ledger.name: KEY})
    where = "/participants/1-001/outcome.1/"
    rita, theo = sign_in("rita", everywhere="rater"), sign_in("theo", denver="therapist")
    assert "Your guess of the treatment is missing" in rita.get("/")
    assert f"{where}guess/" in rita.get(where)
    theo.get(f"{where}guess/", 404)
    rita.get(GUESS, 404)  # of a session the therapists and the participant are asked
    rita.post(f"{where}guess/", {**SAID, "arm": "ketamine"}, status=422)
    rita.post(f"{where}guess/", SAID)
    assert guesses(study, ledger.name) == [("rater", "rita", "mdma", 80)]
    assert "Your guess of the treatment is missing" not in rita.get("/")
