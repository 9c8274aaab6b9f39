"""What the study file says in several languages is said on the console in that of who opens it."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from django.utils.translation import override
from tests.course.cases import two_sessions

from entact.conduct.permissions import permissions_of
from entact.conduct.refusal import teller
from entact.conduct.session.rules import of_file
from entact.course.gates.question import Reason
from entact.protocol import Release, Study
from entact.protocol.release import canonical


def _both(said: str) -> dict[str, str]:
    return {"en": said, "de": f"{said} auf Deutsch"}


def in_two_languages() -> Study:
    """The study of the cases, whose form, alert, gate, term and plan of the session are said in two."""
    data: dict[str, Any] = copy.deepcopy(dict(two_sessions().data))
    data["languages"] = ["en", "de"]
    data["title"] = _both("A study")
    form = data["forms"]["readiness"]
    form["title"] = _both("Ready")
    form["items"]["oriented"] |= {"title": _both("Oriented"), "help": _both("To place and time")}
    form["items"]["mood"] = {"type": "choice", "of": ["good", "bad"], "labels": {"good": _both("Good")}}
    data["adverse_events"]["terms"] |= {"nausea": {"title": _both("Calm")}}
    data["alerts"]["ideation"]["title"] = _both("Suicidal")
    data["gates"]["discharge"]["require"][0]["else"] = _both("too early")
    data["session"] = {
        "telephones": {"physician": {"title": _both("Physician"), "number": "+1 555 0100"}},
        "arrival": {"fasted": _both("Nothing eaten")},
        "rescue": {
            "pressure": {"title": _both("Pressure"), "give": _both("a pill"), "when": _both("ordered")}
        },
        "emergencies": {"fit": {"title": _both("A fit"), "signs": _both("stiff"), "steps": [_both("ring")]}},
    }
    return Study("mini", (Release.from_text(canonical(data)),))


def test_the_console_asks_and_tells_in_the_language_of_who_opens_it() -> None:
    study = in_two_languages()
    release, sight = study.newest, permissions_of(study).sights["therapist"]
    with override("de"):
        sent = of_file(release, sight, lambda form: True, "denver")
    form = sent["forms"]["readiness"]
    assert form["title"] == "Ready auf Deutsch"
    oriented = form["items"]["oriented"]
    assert (oriented["title"], oriented["help"]) == ("Oriented auf Deutsch", "To place and time auf Deutsch")
    assert form["items"]["mood"]["of"] == [["good", "Good auf Deutsch"], ["bad", "Bad"]]
    assert sent["alerts"]["ideation"]["title"] == "Suicidal auf Deutsch"
    assert sent["gates"]["discharge"]["requirements"][0]["else"] == "too early auf Deutsch"
    assert sent["terms"][0]["title"] == "Calm auf Deutsch"
    plan = sent["plan"]
    assert plan["telephones"][0]["title"] == "Physician auf Deutsch"
    assert plan["rescue"][0] == {
        "code": "pressure",
        "title": "Pressure auf Deutsch",
        "give": "a pill auf Deutsch",
        "when": "ordered auf Deutsch",
    }
    assert plan["emergencies"][0]["steps"] == ["ring auf Deutsch"]
    assert plan["arrival"] == [{"code": "fasted", "title": "Nothing eaten auf Deutsch"}]
    with override("en"):
        sent = of_file(release, sight, lambda form: True, "denver")
    assert "auf Deutsch" not in str(sent)


def test_why_a_gate_is_shut_is_told_in_the_language_of_the_reader() -> None:
    study = in_two_languages()
    reason = Reason("discharge.1", "too early", ())
    tell = partial(teller, permissions_of(study).sights["therapist"], study.newest, None)
    with override("de"):
        assert tell()(reason) == "too early auf Deutsch"
    with override("en"):
        assert tell()(reason) == "too early"
