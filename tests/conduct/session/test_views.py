"""What a console is told, and what becomes of what it sends: kept once, asked again, never rejected."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.test import override_settings
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn
from tests.conduct.people import client
from tests.conduct.session.conftest import ADDRESS, NOON, entry_of, seal, send
from tests.course.cases import Case

from entact import store
from entact.conduct.session import views
from entact.conduct.session.files import CONSOLE, console_files, worker
from entact.course import Course, findings, open_alerts
from entact.course.found.attested import version_of
from entact.store.console_keys import console_keys, renew_console_key

BRIEFING = f"{ADDRESS}briefing/"
READING = {"systolic": "148 mm[Hg]", "diastolic": "88 mm[Hg]", "heart_rate": "96 /min"}
DOSE = {"part": "initial", "kit": "K-1", "level": "full", "dispensed": 2, "taken": 2}


@pytest.fixture
def briefing(therapist: Browser) -> dict[str, Any]:
    return dict(json.loads(therapist.get(BRIEFING)))


def box(briefing: dict[str, Any], kind: str, data: dict[str, Any], **more: Any) -> dict[str, str]:
    entry = entry_of(briefing, kind, data, **more)
    return seal(briefing, entry["id"], json.dumps(entry))


def now(case: Case, ledger: str) -> Course:
    return course_of(case.study, ledger)


def about_dose(course: Course) -> set[str]:
    """The rules of what is found about the last dose."""
    return {one.rule for one in findings(course, NOON) if one.entry == course.doses[-1].entry and one.holds}


def test_the_briefing_says_the_rules_and_what_was_entered(briefing: dict[str, Any]) -> None:
    assert briefing["encounter"] == "session_1#1"
    assert briefing["person"] == {"identity": "t-1", "name": "T-1", "role": "therapist", "gives": True}
    assert briefing["standing"]["initial_dose"]["reasons"] == []
    kits = briefing["standing"]["initial_dose"]["kits"]
    assert [(kit["number"], kit["reasons"]) for kit in kits] == [("K-1", []), ("K-3", [])]
    assert {"initial_dose", "supplement", "discharge"} == set(briefing["gates"])
    within = [one["within"] for one in briefing["gates"]["initial_dose"]["requirements"]]
    assert within == [None, 3600.0, None, None]
    readings = [one["values"] for one in briefing["said"] if one["kind"] == "vital_signs"]
    assert readings[0]["systolic"] == 124.0
    assert briefing["older"]["demographics.can_be_pregnant"]["lasting"]
    assert briefing["plan"]["telephones"] == [
        {"code": "physician", "title": "Physician on call", "number": "+1 555 0100"},
        {"code": "emergency", "title": "Emergency service", "number": "112"},
    ]
    assert briefing["plan"]["arrival"][0] == {"code": "fasting", "title": "Nothing eaten since midnight"}
    assert briefing["plan"]["emergencies"][0]["steps"][0] == "ring the emergency service"


def test_the_pages_of_visit_and_participant_lead_to_the_console(therapist: Browser) -> None:
    for page in ("/participants/P-1/session_1.1/", "/participants/P-1/"):
        assert 'href="/session/#P-1/session_1.1"' in therapist.get(page)
    assert "/session/#" not in therapist.get("/participants/P-1/screening.1/")


def test_the_pack_of_the_evening_before(therapist: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    page = therapist.get("/participants/P-1/session_1.1/")
    assert f'href="{ADDRESS}pack.pdf"' in page
    asking = client()
    asking.cookies["sessionid"] = therapist.session
    answer = asking.get(f"{ADDRESS}pack.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert asking.get(f"{ADDRESS}pack.pdf").content == answer.content  # the same bytes
    monkeypatch.setattr(views, "draw_session_pack", lambda values: json.dumps(values).encode())
    text = asking.get(f"{ADDRESS}pack.pdf").content.decode()
    for said in (
        "Physician on call", "+1 555 0100", "A fit", "keep the airway free", "the physician on call orders",
        "Nothing eaten since midnight", "Very high blood pressure", "a second dose was taken",
        "initial + 90 min", "Systolic", "Pregnancy test", "ewer than two therapists", "P-1",
    ):  # fmt: skip
        assert said in text, said
    assert "972" not in text  # another site's
    assert "placebo" not in text.lower()


@pytest.mark.parametrize("what", ["arrival", "rescue_medication", "call", "music", "hand_over"])
def test_what_is_noted_in_a_session_is_a_fact(
    what: str, briefing: dict[str, Any], therapist: Browser, case: Case, in_session: str
) -> None:
    data = {"what": what, "name": "fasting", "words": "she was fine"}
    assert send(box(briefing, "session_note", data))[0] == {
        "id": ANY, "status": "kept", "questioned": False,
    }  # fmt: skip
    course = now(case, in_session)
    (noted,) = course.noted["session_note"]
    assert (noted.said.what, noted.by) == (what, "t-1")
    assert "she was fine" not in str(course.entries[-1].data)  # sealed
    assert not [one for one in findings(course, NOON) if one.entry == noted.entry]
    again = json.loads(therapist.get(BRIEFING))["said"][-1]
    assert again["data"] == {"what": what, "name": "fasting"}


def test_nothing_new_is_not_said_again(therapist: Browser, briefing: dict[str, Any]) -> None:
    beside = f"beside={briefing['beside']}"
    assert therapist.get(f"{BRIEFING}?head={briefing['head']}&by=t-1&{beside}", status=204) == ""
    assert therapist.get(f"{BRIEFING}?head={briefing['head']}&by=t-2&{beside}")  # somebody else signed in
    assert therapist.get(f"{BRIEFING}?head=1&by=t-1&{beside}")


def test_a_session_that_is_not_booked_is_not_opened(therapist: Browser) -> None:
    problem = json.loads(therapist.get("/session/P-1/session_2.1/briefing/", status=409))["problem"]
    assert "neither booked nor under way" in problem
    therapist.get("/session/P-1/screening.1/briefing/", status=404)
    therapist.get("/session/P-1/session_9.1/briefing/", status=404)


@pytest.mark.requirement("R16")
def test_who_may_not_follow_a_session_is_told_nothing(sign_in: SignIn, case: Case, in_session: str) -> None:
    sign_in("r-1", case.study, everywhere="rater").get(BRIEFING, status=404)
    sign_in("t-9", case.study, haifa="therapist").get(BRIEFING, status=404)
    assert client().get(BRIEFING).status_code == 302


def test_no_word_of_an_arm_and_no_score_of_a_rater(briefing: dict[str, Any]) -> None:
    said = json.dumps(briefing)
    assert "placebo" not in said.replace("mini", "")
    assert "mdma" not in said.lower().replace("a small study", "")
    assert "symptoms" not in said


def test_a_reading_is_kept_once(briefing: dict[str, Any], case: Case, in_session: str) -> None:
    sent = box(briefing, "vital_signs", READING, timepoint="initial + 90 min")
    assert send(sent)[0]["status"] == "kept"
    assert send(sent)[0]["status"] == "again"
    (kept,) = [one for one in now(case, in_session).vitals if one.timepoint == "initial + 90 min"]
    assert kept.items == READING
    entries = [one for one in now(case, in_session).entries if one.kind == "vital_signs"]
    assert entries[-1].authenticated.who == "t-1"  # type: ignore[attr-defined]


def test_a_dose_that_the_gate_allows_rests_on_its_yes(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    (outcome,) = send(box(briefing, "dose", DOSE))
    assert outcome["status"] == "kept"
    assert not outcome["questioned"]
    course = now(case, in_session)
    assert course.doses[0].given
    assert "without_gate" not in about_dose(course)


@pytest.mark.requirement("R15")
def test_a_dose_that_the_gate_would_refuse_is_kept_and_found(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    high = READING | {"systolic": "185 mm[Hg]"}
    outcomes = send(
        box(briefing, "vital_signs", high), box(briefing, "dose", DOSE, at=NOON + timedelta(minutes=1))
    )
    assert [one["questioned"] for one in outcomes] == [False, True]
    course = now(case, in_session)
    assert course.doses[0].given
    assert "without_gate" in about_dose(course)
    assert [episode.alert for episode in course.alerts] == ["hypertension"]


def test_a_second_dose_is_a_fact_that_is_found(briefing: dict[str, Any], case: Case, in_session: str) -> None:
    send(box(briefing, "dose", DOSE))
    again = DOSE | {"kit": "K-3"}
    (outcome,) = send(box(briefing, "dose", again, at=NOON + timedelta(minutes=9)))
    assert outcome == {"id": outcome["id"], "status": "kept", "questioned": True}
    course = now(case, in_session)
    assert len(course.doses) == 2
    assert "without_gate" in about_dose(course)
    assert [(one.alert, one.entry) for one in open_alerts(course)] == [
        ("dose.second", course.doses[-1].entry)
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_tablets_that_gave_a_supplement_while_offline_call_whatever_arrives_first(
    briefing: dict[str, Any], therapist: Browser, case: Case, in_session: str, order: tuple[int, int]
) -> None:
    send(box(briefing, "dose", DOSE))
    supplements = [
        box(
            briefing,
            "dose",
            DOSE | {"part": "supplement", "kit": "K-2", "dispensed": 1, "taken": 1, "witness": "t-2"},
            at=NOON + timedelta(minutes=minutes),
            device=device,
        )
        for minutes, device in ((95, "console-1"), (96, "console-2"))
    ]
    statuses = [send(supplements[place])[0]["status"] for place in order]
    assert statuses == ["kept", "kept"]
    course = now(case, in_session)
    (raised,) = open_alerts(course)
    assert raised.alert == "dose.second"
    assert raised.began == NOON + timedelta(minutes=96)  # the later one, whichever came first
    # Whom an urgent alert of the file calls is called, at once; a page of today's says it first.
    told = json.loads(therapist.get(BRIEFING))["alerts"]["dose.second"]
    assert told["tell"] == ["therapist", "investigator", "medical_monitor"]
    assert "Critical: a second dose was taken" in therapist.get("/")
    answer = {"alert": "dose.second", "action": "physician_called"}
    send(box(briefing, "alert_answered", answer, at=NOON + timedelta(minutes=99), about=raised.entry))
    assert not open_alerts(now(case, in_session))
    assert "unknown_alert" not in {one.rule for one in findings(now(case, in_session), NOON)}


def test_an_order_by_telephone_waits_on_the_home_of_who_is_said_to_have_given_it(
    briefing: dict[str, Any], investigator: Browser, case: Case, in_session: str
) -> None:
    course = now(case, in_session)
    reading = next(one for one in course.effective if one.entry.kind == "vital_signs")
    decided = {
        "requirement": "initial_dose.2", "entries": [reading.id], "versions": [version_of(reading)],
    }  # fmt: skip
    order = entry_of(briefing, "override", decided | {"ordered_by": "i-1"}, reason="clinical_judgement")
    assert send(seal(briefing, order["id"], json.dumps(order)))[0]["status"] == "kept"
    page = investigator.get("/")
    assert "T-1 wrote down an order of yours by telephone" in page
    assert 'href="/session/#P-1/session_1.1"' in page
    own = dict(json.loads(investigator.get(BRIEFING)))
    said = {"about": order["id"], "reason": "clinical_judgement", "at": NOON + timedelta(minutes=2)}
    assert send(box(own, "override", decided, **said))[0]["status"] == "kept"
    assert "by telephone" not in investigator.get("/")
    assert "order_not_confirmed" not in {one.rule for one in findings(now(case, in_session), NOON)}


def test_what_arrives_late_is_asked_as_of_its_time(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    later = NOON + timedelta(hours=2)
    send(box(briefing, "vital_signs", READING, at=later))  # another device was faster
    (outcome,) = send(box(briefing, "dose", DOSE))
    assert not outcome["questioned"]
    assert now(case, in_session).doses[0].given


def test_what_cannot_be_read_is_kept_and_holds_nothing_up(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    odd = entry_of(briefing, "vital_signs", READING)
    elsewhere = entry_of(briefing, "vital_signs", READING, ledger="participant:" + "f" * 32)
    outcomes = send(
        seal(briefing, "x", "{ not json"),
        seal(briefing, "y", json.dumps(odd | {"kind": "no_such_kind"})),
        seal(briefing, "z", json.dumps(elsewhere)),
        box(briefing, "vital_signs", READING),
    )
    assert [one["status"] for one in outcomes] == ["kept"] * 4
    kinds = [one.kind for one in now(case, in_session).entries]
    assert kinds.count("unparsed") == 3
    assert not list(store.lines("participant:" + "f" * 32))


def test_a_box_of_somebody_else_is_not_opened_and_holds_nothing_up(
    briefing: dict[str, Any], in_session: str
) -> None:
    before = len(list(store.lines(in_session)))
    forged = seal(briefing, "f", json.dumps(entry_of(briefing, "vital_signs", READING)), grant="t-1")
    changed = box(briefing, "vital_signs", READING) | {"id": "another"}
    outcomes = send(forged, changed, box(briefing, "vital_signs", READING))
    assert [one["status"] for one in outcomes] == ["unopened", "unopened", "kept"]
    assert len(list(store.lines(in_session))) == before + 1


def test_what_is_unsent_opens_after_the_secret_changed_and_the_key_was_renewed(
    briefing: dict[str, Any], therapist: Browser, in_session: str
) -> None:
    waiting = box(briefing, "vital_signs", READING)  # on a tablet, and not sent yet
    renew_console_key()
    with override_settings(SECRET_KEY="another"):
        assert send(waiting)[0]["status"] == "kept"
    keys = console_keys()
    assert len(keys) == 2
    # A console that has asked again seals to the new key, and what it was granted before still counts.
    renewed = dict(json.loads(therapist.get(BRIEFING)))
    assert renewed["key"] != briefing["key"]
    mixed = entry_of(renewed, "vital_signs", READING, at=NOON + timedelta(minutes=5))
    assert send(seal(renewed, mixed["id"], json.dumps(mixed), grant=briefing["grant"]))[0]["status"] == "kept"


def test_what_could_not_be_kept_now_lets_the_others_wait(
    briefing: dict[str, Any], in_session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.conduct.session import receiving

    asked: list[int] = []
    whole = store.receive

    def fails_once(*given: Any, **more: Any) -> Any:
        asked.append(1)
        if len(asked) == 3:
            raise store.StoreError("the database is away")
        return whole(*given, **more)

    monkeypatch.setattr(receiving.store, "receive", fails_once)
    boxes = [
        box(briefing, "vital_signs", READING, at=NOON + timedelta(minutes=minute)) for minute in range(5)
    ]
    assert [one["status"] for one in send(*boxes)] == ["kept", "kept", "failed", "waiting", "waiting"]
    assert [one["status"] for one in send(*boxes)] == ["again", "again", "kept", "kept", "kept"]


def test_who_sends_under_another_name_is_found_out(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    send(box(briefing, "vital_signs", READING, by="t-2"))
    course = now(case, in_session)
    assert [one.rule for one in findings(course, NOON) if one.entry == course.vitals[-1].entry] == [
        "entered_by_other"
    ]


@pytest.mark.parametrize("more", [{"by": "t-2"}, {"role": "investigator"}])
def test_no_gate_decides_for_somebody_else_than_who_was_signed_in(
    briefing: dict[str, Any], case: Case, in_session: str, more: dict[str, str]
) -> None:
    (outcome,) = send(box(briefing, "dose", DOSE, **more))
    assert (outcome["status"], outcome["questioned"]) == ("kept", True)
    assert "without_gate" in about_dose(now(case, in_session))  # it would have been let by for who it names


def test_who_sends_in_another_role_is_found_out(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    (outcome,) = send(box(briefing, "vital_signs", READING, role="rater"))
    course = now(case, in_session)
    (entry,) = [one for one in course.entries if one.id == outcome["id"]]
    assert (entry.kind, entry.role) == ("vital_signs", "rater")  # as it was sent
    assert "proof_wrong" in [one.rule for one in findings(course, NOON) if one.entry == entry.id]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("consent", {"version": "1", "scopes": {"participation": True}}),
        ("freeze", {}),
        ("randomisation", {"number": "R-7"}),
        ("planned_unblinding", {"arm": "mdma", "told": ["participant"]}),
        ("unblinding_requested", {}),
        ("conflict_decided", {"version": "0" * 64}),
    ],
)
def test_what_no_console_sends_is_kept_as_it_came_and_changes_nothing(
    briefing: dict[str, Any], case: Case, in_session: str, kind: str, data: dict[str, Any]
) -> None:
    before = now(case, in_session)
    (outcome,) = send(box(briefing, kind, data))
    assert (outcome["status"], outcome["questioned"]) == ("kept", True)
    course = now(case, in_session)
    assert [one.kind for one in course.entries if not before.has(one.id)] == ["unparsed"]
    assert (course.consent, course.frozen, course.told) == (before.consent, before.frozen, before.told)
    assert "unparsed" in {one.rule for one in findings(course, NOON)} - {
        one.rule for one in findings(before, NOON)
    }


def test_nobody_has_the_server_open_more_at_once_than_a_console_sends(in_session: str) -> None:
    none = {"id": "", "key": "A" * 44, "nonce": "A" * 16, "sealed": ""}
    assert {one["status"] for one in send(*[none] * views.MOST)} == {"unopened"}
    answer = client().post("/session/entries/", [none] * 9000, content_type="application/json")
    assert answer.status_code == 413
    assert "at most 200 entries" in answer.json()["problem"]


SCORE = {"form": "symptoms", "items": {"total": 7, "diagnosis": False}}  # which a rater fills in


@pytest.mark.parametrize(
    ("kind", "data", "more"),
    [
        ("form", SCORE, {}),
        ("form", SCORE, {"encounter": "screening#1"}),
        ("form", {"form": "demographics", "items": {"can_be_pregnant": False}}, {"encounter": "screening#1"}),
        ("encounter", {"status": "ended"}, {"encounter": "screening#1"}),
        ("encounter", {"status": "missed"}, {"encounter": "session_2#1", "reason": "x"}),
        ("dose", DOSE, {"encounter": "session_2#1"}),
        ("vital_signs", READING, {"encounter": None}),
    ],
)
def test_nobody_writes_from_a_console_into_another_visit_or_what_others_fill_in(
    briefing: dict[str, Any],
    case: Case,
    in_session: str,
    kind: str,
    data: dict[str, Any],
    more: dict[str, Any],
) -> None:
    before = now(case, in_session)
    (outcome,) = send(box(briefing, kind, data, **more))
    assert (outcome["status"], outcome["questioned"]) == ("kept", True)  # as it came
    course = now(case, in_session)
    assert [one.kind for one in course.entries if not before.has(one.id)] == ["unparsed"]
    assert (course.answers, course.encounters, course.doses) == (
        before.answers,
        before.encounters,
        before.doses,
    )


def test_nobody_corrects_from_a_console(briefing: dict[str, Any], case: Case, in_session: str) -> None:
    before = now(case, in_session)
    entered = next(one for one in before.entries if one.kind == "form")
    send(box(briefing, "form", dict(entered.data), replaces=entered.id, reason="an error"))
    assert now(case, in_session).answers == before.answers


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"id": "x"}]', "\xff"])
def test_what_is_no_list_of_boxes_is_said_to_be_none(text: str, in_session: str) -> None:
    answer = client().post("/session/entries/", text.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400
    assert "no list of sealed entries" in answer.json()["problem"]


def test_names_are_said_as_people_say_them_and_of_staff_whether_they_follow_sessions(
    briefing: dict[str, Any],
) -> None:
    assert briefing["names"]["vitals.systolic"] == "systolic (vitals)"
    sent = [one["rule"] for gate in briefing["gates"].values() for one in gate["requirements"]]
    sent += [one["rule"] for one in briefing["alerts"].values() if one["rule"]]
    assert {name for rule in sent for name in (*rule["names"], *rule["calls"])} <= briefing["names"].keys()
    follows = {one["person"]: one["follows"] for one in briefing["staff"]}
    assert follows == {"i-1": True, "t-1": True, "t-2": True}


def test_the_files_are_listed_with_their_digests_and_are_small(in_session: str) -> None:
    files = console_files()
    text = worker().decode()
    assert all(f'"{name}": "' in text for name in files)
    for name in files:
        assert client().get(f"/session/{name}").content == files[name]
    assert client().get("/session/nothing.js").status_code == 404
    assert client().get("/session/").content == files["index.html"]
    for name in (one for one in files if one.endswith(".js")):
        lines = (CONSOLE / name).read_text().splitlines(), files[name].decode().splitlines()
        for lies, sent in zip(
            *lines, strict=True
        ):  # what is left out is comments and indents, and nothing else
            assert lies.count("`") % 2 == 0, name  # no text runs over a line: what is left out is in none
            code, _, behind = lies.partition(" // ")
            assert all(code.count(sign) % 2 == 0 for sign in "`\"'") or not behind, name  # it is in no text
            assert re.sub(r"/\*\* @type .*?\*/ ?", "", code).lstrip() == sent or (
                not sent and lies.lstrip().startswith(("//", "/*", "*"))
            ), name
    scripts = sum(len(content) for name, content in files.items() if name.endswith(".js"))
    assert scripts + len(worker()) <= 150_000


def test_what_a_session_that_was_left_lacks_is_said_at_home_without_a_time_that_nobody_knows(
    therapist: Browser, briefing: dict[str, Any]
) -> None:
    left = entry_of(briefing, "encounter", {"status": "ended", "disposition": "against_advice"})
    assert send(seal(briefing, left["id"], json.dumps(left)))[0]["status"] == "kept"
    page = therapist.get("/")
    assert "is missing" in page
    assert "the visit has ended" in page
    assert "1799" not in page


def test_who_was_taken_to_hospital_waits_at_home_until_an_event_is_entered(
    briefing: dict[str, Any], sign_in: SignIn, case: Case
) -> None:
    told = "Taken to hospital, and no adverse event is entered"
    roles = ({"denver": "investigator"}, {"everywhere": "medical_monitor"})
    hear = [sign_in(f"h-{number}", case.study, **role) for number, role in enumerate(roles)]
    others = [
        sign_in("o-1", case.study, haifa="investigator"),
        sign_in("o-2", case.study, everywhere="rater"),
    ]
    send(box(briefing, "encounter", {"status": "ended", "disposition": "transfer_to_hospital"}))
    assert [told in one.get("/") for one in (*hear, *others)] == [True, True, False, False]
    send(box(briefing, "adverse_event", {"term": "nausea", "severity": "severe", "serious": True}))
    assert not any(told in one.get("/") for one in hear)
