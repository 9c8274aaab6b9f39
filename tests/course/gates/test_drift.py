"""Taking an assessment asks for the rater's certificate, and for agreement with who rated again."""

from __future__ import annotations

import copy
from typing import Any

from tests.course.cases import Case, ask, before, codes, rated_apart

from entact.course.gates.gate import Refused
from entact.protocol import Study
from entact.protocol.order import order_of
from entact.protocol.release import Release, canonical


def asking() -> Case:
    data = copy.deepcopy(dict(rated_apart().data))
    said = {"share": 0.1, "value": "symptoms.total", "agreement": 0.8, "over": 4, "certificate": "course"}
    data["second_ratings"] = {"symptoms": said}
    del data["order"]
    data["order"] = order_of(data)
    return before("rate", Study("mini", (Release.from_text(canonical(data)),)))


def put(case: Case, name: str, kind: str, when: str, **data: Any) -> None:
    who: dict[str, Any] = {"by": "rc-1", "role": "rater_coordinator", "ledger": "study:mini"}
    case.put(name, kind, when, {"person": "r-2", **data}, **who)


def test_a_rater_is_certified_and_who_drifts_is_trained_before_the_next_rating() -> None:
    case = asking()
    assert codes(ask(case, "rate")) == ["rater_not_certified"]
    held = {"certificate": "course", "issued": "2026-01-10"}
    put(case, "ended", "rater_certified", "2026-01-10T09:00:00-07:00", **held, expires="2026-04-04")
    assert codes(ask(case, "rate")) == ["rater_certificate_ended"]
    put(case, "ended", "rater_certified", "2026-01-10T09:00:00-07:00", **held, expires="2026-04-05")
    assert codes(ask(case, "rate")) == []
    low = {"form": "symptoms", "agreement": "0.41", "limit": "0.8", "over": 4, "ratings": []}
    put(case, "low", "rater_drifted", "2026-04-01T09:00:00-06:00", **low)
    answer = ask(case, "rate")
    assert codes(answer) == ["rater_drifts"]
    assert isinstance(answer, Refused)
    assert "agree with 0.41, under 0.8" in answer.reasons[0].message
    again = {"certificate": "course", "issued": "2026-04-02", "expires": "2027-04-02"}
    put(case, "again", "rater_certified", "2026-04-02T09:00:00-06:00", **again)
    assert codes(ask(case, "rate")) == []
    assert codes(ask(case, "rate", by="r-3")) == ["rater_not_certified"]


def test_where_nothing_is_rated_again_nobody_is_asked_for_a_certificate() -> None:
    assert codes(ask(before("rate"), "rate")) == []
