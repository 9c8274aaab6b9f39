"""The session as the device reckons it, held to what the server says of the same entries."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from tests.conduct.browser import Browser
from tests.conduct.session.conftest import ADDRESS, NOON, entry_of
from tests.console.deno import CONSOLE, run
from tests.course.cases import Case, codes

from entact.course import Entry, uuid7
from entact.course.entry.entry import canonical, digest
from entact.course.kinds.calls import calls_of, told
from entact.course.supply.check_character import printed

ASK = """
const {versionOf} = await import(new URL("override.js", given.console));
for (const {own} of given.scenarios) {
  for (const one of own) one.version = await versionOf(one);
}
return given.scenarios.map(({own, asked}) => {
  const said = it.together(given.briefing, own);
  const episodes = it.episodes(given.briefing, said);
  return {
    reasons: asked.map(([act, at, kit]) =>
      it.reasonsAgainst(given.briefing, said, act, at, kit).map((one) => one.code)),
    episodes: episodes.map((one) => {
      const calls = it.callsOf(given.briefing, said, one);
      return [one.alerts, one.held.map((held) => held.id), one.ended,
        calls.map((call) => [call.id, call.why, call.answered]),
        it.told(given.briefing, one, calls, asked[0][1])];
    }),
  };
});
"""
ACTS = {"initial_dose": "K-1", "supplement": "K-2", "discharge": None}


@pytest.fixture
def briefing(therapist: Browser) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(therapist.get(f"{ADDRESS}briefing/"))
    return found


class Day:
    """Draws what is entered on a dosing day, in order of time."""

    def __init__(self, briefing: dict[str, Any], seed: int) -> None:
        self.random = Random(seed)
        self.briefing, self.seed, self.minute = briefing, seed, 0
        self.own: list[dict[str, Any]] = []

    def drawn(self) -> list[dict[str, Any]]:
        for _ in range(self.random.randrange(1, 9)):
            self.minute += self.random.choice([1, 5, 20, 31, 90, 240])
            kind, data = self.random.choice(list(self._ways()))
            self._put(kind, data)
        return self.own

    def _put(self, kind: str, data: dict[str, Any], **more: Any) -> None:
        at = NOON + timedelta(minutes=self.minute)
        name = str(uuid7(at, (self.seed << 20) + len(self.own)))
        self.own.append(entry_of(self.briefing, kind, data, at, id=name, **more))

    def _ways(self) -> Iterator[tuple[str, dict[str, Any]]]:
        pick = self.random.choice
        for _ in range(4):
            systolic, diastolic = pick([100, 140, 141, 165, 182, 201, 400]), pick([70, 90, 95, 112])
            yield "vital_signs", {"systolic": f"{systolic} mm[Hg]", "diastolic": f"{diastolic} mm[Hg]"}
        yield "vital_signs", {"heart_rate": "80 /min", "systolic": {"missing": "not_done"}}
        yield "presence", {"person": pick(["t-1", "t-2"]), "role": "therapist", "state": pick(["in", "out"])}
        yield "form", {"form": "readiness", "items": {"oriented": pick([True, False]), "escort": True}}
        yield "form", {"form": "suicidality", "items": {"ideation": pick([0, 4, 5]), "behaviour": False}}
        yield "form", {"form": "suicidality", "items": {"behaviour": pick([True, False])}}
        for part, kit in (
            ("initial", "K-1"),
            ("initial", pick(["K-1", "k-1", "K-9"])),
            ("supplement", "K-2"),
        ):
            taken = pick([0, 2, 2, 3])
            outcome = "taken" if taken else pick(["withheld", "taken"])
            yield (
                "dose",
                {"part": part, "kit": kit, "level": "full", "dispensed": 2, "taken": taken,
                 "outcome": outcome},
            )  # fmt: skip
        measured = [one for one in self.own if one["kind"] == "vital_signs" and "diastolic" in one["data"]]
        if measured:
            about = measured[-1 if self.random.random() < 0.8 else 0]
            for person in self.random.sample(["t-1", "t-2", "i-1", "nobody"], 2):
                seen = {"entries": [about["id"]], "versions": [version(about)]}
                data = {"requirement": "initial_dose.2", **seen}
                ordered = {"ordered_by": pick(["i-1", "t-2"])} if self.random.random() < 0.4 else {}
                self._put("override", data | ordered, by=person, reason="clinical_judgement")
        readings = [one for one in self.own if one["kind"] in ("vital_signs", "form")]
        if readings:
            alert = pick(["hypertension", "ideation"])
            self._put("alert_answered", {"alert": alert, "action": "observed"}, about=pick(readings)["id"])


def version(one: dict[str, Any]) -> str:
    """Digest of an entry as it stands, as the server has it."""
    at = datetime.fromisoformat(one["occurred_at"]).isoformat()
    return digest(canonical([one["id"], at, one["data"]]))


def _folded(case: Case, own: list[dict[str, Any]]) -> Case:
    whole = Case(case.study)
    whole.entries = copy.copy(case.entries)
    for one in own:
        entry = msgspec.convert(one, Entry)
        whole.entries[entry.id] = msgspec.structs.replace(entry, ledger="participant:0a")
    return whole


def test_gates_and_alerts_are_answered_as_on_the_server(briefing: dict[str, Any], case: Case) -> None:
    scenarios, expected = [], []
    for seed in range(120):
        day = Day(briefing, seed)
        own = day.drawn()
        at = NOON + timedelta(minutes=day.minute + Random(seed).choice([0, 1, 45]))
        asked = [[act, at.timestamp() * 1000, kit] for act, kit in ACTS.items()]
        scenarios.append({"own": own, "asked": asked})
        whole = _folded(case, own)
        course = whole.course()
        reasons = [
            set(codes(whole.may(act, at, kit=kit) if kit else whole.may(act, at)))
            for act, kit in ACTS.items()
        ]
        episodes = [
            [
                list(one.alerts),
                [held.entry for held in one.held],
                None if one.ended_at is None else one.ended_at.timestamp() * 1000,
                [
                    [
                        call.entry,
                        call.why,
                        None if call.answered_at is None else call.answered_at.timestamp() * 1000,
                    ]
                    for call in calls_of(course, one)
                ],
                list(told(course, one, at)),
            ]
            for one in course.alerts
        ]
        expected.append((reasons, episodes))
    briefed = {
        **briefing,
        "standing": {
            act: {**one, "until": "2026-03-18T00:00:00Z"} for act, one in briefing["standing"].items()
        },
    }
    given = {"briefing": briefed, "scenarios": scenarios, "console": f"{CONSOLE.as_uri()}/"}
    answers = run("course.js", ASK, given)
    wrong = [
        (here, there, [(one["kind"], one["occurred_at"], one["data"]) for one in scenario["own"]])
        for scenario, answer, (reasons, episodes) in zip(scenarios, answers, expected, strict=True)
        for here, there in (
            (answer["episodes"], episodes),
            ([set(one) for one in answer["reasons"]], reasons),
        )
        if here != there
    ]
    assert wrong == []
    assert any(  # some were set aside
        any(entry["kind"] == "override" for entry in scenario["own"])
        and "initial_dose.2" not in reasons[0]
        and "level_not_decided" not in reasons[0]
        for scenario, (reasons, _) in zip(scenarios, expected, strict=True)
    )


DUE = "return given.map(([briefing, own]) => it.due(briefing, it.together(briefing, own)));"


def _due(
    briefing: dict[str, Any], *entries: tuple[str, dict[str, Any], datetime, str | None]
) -> list[list[Any]]:
    own = [entry_of(briefing, kind, data, at, timepoint=time) for kind, data, at, time in entries]
    (found,) = run("course.js", DUE, [[briefing, own]])
    return [
        [one["what"], one["timepoint"], one["at"] and (one["at"] / 1000 - NOON.timestamp()) / 60]
        for one in found
    ]


def test_readings_are_due_relative_to_the_dose(briefing: dict[str, Any]) -> None:
    reading = {"systolic": "120 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "70 /min"}
    dose = {"part": "initial", "kit": "K-1", "level": "full", "dispensed": 2, "taken": 2}
    assert _due(briefing) == [["vital_signs", "before initial", None]]
    given = ("dose", dose, NOON, None)
    assert _due(briefing, given) == [
        ["vital_signs", "initial + 90 min", 90],
        ["vital_signs", "end", 480],
    ]
    taken = ("vital_signs", reading, NOON + timedelta(minutes=92), "initial + 90 min")
    assert _due(briefing, given, taken) == [["vital_signs", "end", 480]]
    high = ("vital_signs", reading | {"systolic": "190 mm[Hg]"}, NOON + timedelta(minutes=100), None)
    assert _due(briefing, given, taken, high) == [["vital_signs", None, 130], ["vital_signs", "end", 480]]


def test_an_instant_is_written_with_the_offset_of_the_site() -> None:
    asked = [[1773676800000, "America/Denver"], [1773676800123, "Asia/Jerusalem"], [0, "Asia/Kolkata"]]
    assert run("clock.js", "return given.map(([at, zone]) => it.rfc3339(at, zone));", asked) == [
        "2026-03-16T10:00:00.000-06:00",
        "2026-03-16T18:00:00.123+02:00",
        "1970-01-01T05:30:00.000+05:30",
    ]


def test_ids_sort_by_time_and_the_lead_of_a_clock_is_measured() -> None:
    body = """
    const ids = [it.newId(1773676800000), it.newId(1773676800001)];
    it.measure("2026-03-16T10:00:00-06:00", 1773680400000, 1773680400200);
    return [ids[0] < ids[1], ids[0].slice(0, 15), it.leadNow()];
    """
    assert run("clock.js", body) == [
        True,
        str(uuid7(datetime.fromtimestamp(1773676800, NOON.tzinfo), 0))[:15],
        3_600_100,
    ]


def test_the_version_of_an_entry_is_the_same_on_the_device(briefing: dict[str, Any]) -> None:
    data = {"systolic": "148 mm[Hg]", "b": None, "a": [True, 2, {"z": "ä\n", "y": "\u2028"}]}
    moments = [NOON + timedelta(milliseconds=ms) for ms in (0, 7, 250)]
    made = [entry_of(briefing, "vital_signs", data, at) for at in moments]
    body = "return Promise.all(given.map((one) => it.versionOf(one)));"
    assert run(
        "override.js",
        body,
        [
            one | {"occurred_at": at.isoformat(timespec="milliseconds")}
            for one, at in zip(made, moments, strict=True)
        ],
    ) == [version(one) for one in made]


def test_what_cannot_be_true_is_unknown_and_beyond(briefing: dict[str, Any]) -> None:
    form = briefing["forms"]["vitals"]
    items = {"systolic": "1200 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": {"missing": "refused"}}
    read = run("course.js", "return it.read(given.form, given.items);", {"form": form, "items": items})
    assert read == {
        "values": {"systolic": None, "diastolic": 80, "heart_rate": None},
        "beyond": {"systolic": 1200},
    }


def test_participants_are_counted_with_the_one_whose_session_it_is(briefing: dict[str, Any]) -> None:
    own = briefing["participant"]["number"]
    said = [
        {"kind": "presence", "at": at, "data": {"person": person, "role": "participant", "state": state}}
        for at, person, state in ((1, "1-008", "in"), (2, "1-009", "in"), (3, own, "in"), (4, "1-008", "out"))
    ]
    ask = (
        "return [0, 1, 3, 4].map((at) => it.facts(given[0], given[1], at, true)[\"present('participant')\"]);"
    )
    assert run("course.js", ask, [briefing, said]) == [1, 2, 3, 2]


def test_the_night_is_handed_over_and_says_when_to_look_in_next(briefing: dict[str, Any]) -> None:
    briefing["plan"]["night_checks"] = 7200.0
    given = entry_of(briefing, "session_note", {"what": "hand_over", "person": "n-1"}, NOON)
    yes = {"what": "hand_over", "person": "n-1", "state": "yes"}
    minute = timedelta(minutes=1)
    taken = entry_of(briefing, "session_note", yes, NOON + minute, by="n-1", about=given["id"])
    forged = entry_of(briefing, "session_note", yes, NOON + minute, by="t-1", about=given["id"])
    look = entry_of(briefing, "session_note", {"what": "night_check", "state": "yes"}, NOON + 90 * minute)
    over = entry_of(briefing, "session_note", {"what": "hand_over", "state": "ended"}, NOON + 700 * minute)
    body = """
    return given.map(([briefing, own]) => {
      const night = it.nightOf(briefing, it.together(briefing, own));
      return night && [night.taken !== null, night.looks.length, night.next];
    });
    """
    cases = [[given], [given, forged], [given, taken], [given, taken, look], [given, taken, look, over]]
    at = NOON.timestamp() * 1000
    assert run("course.js", body, [[briefing, own] for own in cases]) == [
        [False, 0, at + 7_200_000],
        [False, 0, at + 7_200_000],
        [True, 0, at + 7_200_000],
        [True, 1, at + 210 * 60_000],
        None,
    ]


def test_a_scanned_label_is_the_number_that_the_server_reads_and_a_kit_of_nobody_here_is_known() -> None:
    """However it is written; a label with a wrong character is no kit's, and nobody's here."""
    numbers = [f"{place * 7919 % 10**6:06d}" for place in range(60)] + ["K-1", "A-77B"]
    wrong = [f"{one}.{'A' if printed(one)[-1] != 'A' else 'B'}" for one in numbers]
    typed = [printed(one) for one in numbers] + [f" {printed('K-1').lower()} ", "K\u20131", *wrong]
    body = "return given.typed.map((one) => [it.kitNumber(given, one), it.isOwn(given, one)]);"
    found = run("kit.js", body, {"kits": [*numbers], "typed": typed})
    right = [*numbers, "K-1", "K-1"]
    assert found == [[one, True] for one in right] + [[one, False] for one in wrong]
    assert run("kit.js", body, {"typed": ["K-9"]}) == [["K-9", True]]  # who knows no kits calls nobody
