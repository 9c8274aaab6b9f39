"""A study file whose parts are each well formed but do not fit together: what is said, and where.

The many cases of one edit stand in check_names, check_sense and check_rules.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.protocol.check_names import NAMES
from tests.protocol.check_rules import RULES
from tests.protocol.check_sense import MORE, SENSE

from entact.protocol import StudyError, load_study


@pytest.mark.parametrize("case", [*NAMES, *SENSE, *MORE, *RULES])
def test_what_does_not_fit_names_the_place_and_what_would_be_right(
    case: str, edit_gives: Callable[[str, str, str], None]
) -> None:
    edit_gives(*{**NAMES, **SENSE, **MORE, **RULES}[case])


def test_what_has_to_be_fresh_for_the_first_dose_is_measured_before_it(
    mini: str, problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    late = mini.replace("[before initial, initial + 90 min, end]", "[initial + 90 min, end]")
    (problem,) = problems_of(late)
    assert problem.endswith(
        "'vitals' is not filled at session_1 before the initial dose; add 'vital_signs' to its `do:`, "
        "or to its `timed:` at 'before initial'"
    )
    earlier = tmp_path / "earlier.yaml"
    for within in ("7 d", "24 h"):  # what may be a day old can be from an earlier visit
        earlier.write_text(late.replace("        within: 60 min\n", f"        within: {within}\n"))
        assert load_study(earlier).name == "mini"
    (problem,) = problems_of(late.replace("        within: 60 min\n", "        within: 23 h\n"))
    assert "'vitals' is not filled at session_1" in problem


def test_a_reading_at_the_very_end_of_the_session_is_one_of_it(
    mini: str, problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    last = tmp_path / "last.yaml"
    last.write_text(mini.replace("initial + 90 min, end]", "initial + 8 h, end]"))
    assert load_study(last).name == "mini"
    (problem,) = problems_of(mini.replace("initial + 90 min, end]", "initial + 481 min, end]"))
    assert "is after the end of the session" in problem


def test_a_supplement_may_be_offered_from_the_initial_dose_on(mini: str, tmp_path: Path) -> None:
    at_once = tmp_path / "at_once.yaml"
    at_once.write_text(mini.replace("1 h 30 min .. 2 h after initial", "0 h .. 2 h after initial"))
    assert load_study(at_once).name == "mini"


def test_an_abbreviation_is_no_time_zone(edit_gives: Callable[[str, str, str], None]) -> None:
    message = "sites.denver.timezone: there is no time zone 'EST'; write an IANA name, as in 'America/Denver'"
    edit_gives("timezone: America/Denver", "timezone: §EST", message)


def test_an_instrument_as_its_title_has_it_is_recognised(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("  readiness: {items", "  mood: {instrument: PCL-5}\n  readiness: {items")
    (problem,) = problems_of(text)
    assert problem.endswith("forms.mood.instrument: there is no instrument 'PCL-5'; did you mean 'pcl5'?")


def test_a_key_twice_of_which_the_first_has_no_value_is_no_accident(
    problems_of: Callable[[str], list[str]],
) -> None:
    assert problems_of("study:\nstudy: mini\n") == [
        "study.yaml:1:1 study: 'study' has no value; write one, or take the key out",
        "study.yaml:2:1 study: the key 'study' stands twice; the first is in line 1",
    ]


def test_an_instrument_that_nobody_has_is_named(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = mini.replace("  readiness: {items", "  mood: {instrument: bdi}\n  readiness: {items")
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    line = text[: text.index("mood")].count("\n") + 1
    assert problems_of(text) == [
        f"study.yaml:{line}:22 forms.mood.instrument: there is no instrument 'bdi'; did you mean 'bdi2'?"
    ]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("{total: {summ: q1}}", "scores.total.summ: there is no key 'summ'; did you mean 'sum'?"),
        (
            "{total: {sum: q2}}",
            "instruments.mood.scores.total: there is no item or earlier score 'q2'; write one of: q1",
        ),
        (
            "{total: {sum: q1 .. q2}}",
            "instruments.mood.scores.total: there is no item or earlier score 'q2'",
        ),
        ("{total: {rule: q2 > 1}}", "unknown name 'q2'"),
    ],
)
def test_an_instrument_of_the_study_itself_is_checked_as_well(
    scores: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("  readiness: {items", "  mood: {instrument: mood}\n  readiness: {items")
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    mood = "instrument: mood, title: Mood, recall: now, licence: free, items: [{names: q1, type: integer}]"
    text = text.replace("schedule:\n", f"instruments:\n  mood: {{{mood}, scores: {scores}}}\nschedule:\n")
    (found,) = problems_of(text)
    assert message in found
    assert "instruments.mood" in found


def test_an_item_may_not_take_the_name_of_one_of_its_instrument(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace(
        "  readiness: {items",
        "  mood: {instrument: bdi2, items: {total: {type: integer}}}\n  readiness: {items",
    )
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    (found,) = problems_of(text)
    assert found.endswith(
        "forms.mood.items.total: 'bdi2' has an item or score 'total' already; choose another name"
    )


@pytest.mark.parametrize("activity", ["consent", "eligibility", "enrolment", "randomisation"])
def test_a_schedule_without_what_the_hard_core_asks_for_is_refused(
    activity: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = re.sub(rf"(?<=\[){activity}, |, {activity}(?=[,\]])", "", mini)
    line = text[: text.index("\nschedule:")].count("\n") + 2
    assert (
        f"study.yaml:{line}:1 schedule: no visit does {activity!r}, and without it no dose may be given; "
        "add it to a `do:`"
    ) in problems_of(text)


def test_an_event_that_nobody_brings_about_never_comes(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("do: [eligibility, enrolment, randomisation]", "do: [eligibility, randomisation]")
    text = text.replace("after: outcome, within", "after: enrolment, within")
    assert any(
        problem.endswith(
            "schedule.closing.after: can never happen: no visit does 'enrolment'; add it to a `do:`, "
            "or change `after:`"
        )
        for problem in problems_of(text)
    )


def test_an_enrolment_in_a_row_of_visits_would_happen_again(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("[eligibility, enrolment, randomisation]", "[eligibility, randomisation]")
    text = text.replace("slack: 3 d}, do: [suicidality,", "slack: 3 d}, do: [enrolment,")
    text = text.replace("at: enrolment}", "at: session_1}")
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    message = "'enrolment' happens to a person once, and this visit is repeated; move it"
    assert f"schedule.integration_1.do[1]: {message}" in found
    assert len(found) == 3  # and it comes after the randomisation and the dose


def test_two_populations_are_enrolled_each_at_a_visit_of_its_own() -> None:
    visits = load_study("eating-disorders").newest.visits.values()
    assert sum("enrolment" in visit.activities for visit in visits) == 2


def test_a_washout_that_is_not_described_never_ends(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    start = mini.index("washout:\n")
    text = mini[:start] + mini[mini.index("\nendpoints:") :]
    (found,) = problems_of(text)
    assert found.endswith(
        "schedule.baseline.after: the study does not say when a washout ends; add a `washout:` block"
    )


def test_sessions_closer_than_the_dose_interval_contradict_it(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    session = mini[mini.index("  - visit: session_1") : mini.index("  - {visit: integration_1")]
    second = session.replace("session_1", "session_2").replace("preparation_2", "session_1")
    text = mini.replace(session, session + second).replace(
        "doses: 1\n", "doses: 2\ndose_interval: 21 .. 35 d\n"
    )
    (found,) = problems_of(text)
    assert found.endswith(
        "schedule.session_2.within: contradicts `dose_interval`: no day lies in both; change one of them"
    )


def test_sources_are_looked_up_where_a_file_lists_them(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("condition: PTSD", "condition: PTSD\nsources: {mitchell2021: An article}")
    text = text.replace("{title: Nausea}", "{title: Nausea, source: F015 mitchel2021}")
    line = text[: text.index("F015")].count("\n") + 1
    (found,) = problems_of(text)
    assert found.startswith(f"study.yaml:{line}:")
    assert found.endswith("nausea.source: there is no source 'mitchel2021'; did you mean 'mitchell2021'?")


def test_in_a_rule_of_many_lines_the_line_is_named(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace(
        '  adult:     {kind: inclusion, text: At least 18 years old, rule: "demographics.age >= 18"}',
        "  adult:\n    kind: inclusion\n    text: At least 18\n    rule: |\n"
        "      demographics.age >= 18 &&\n      demographics.agee <= 99\n",
    )
    line = text[: text.index("demographics.agee")].count("\n") + 1
    assert problems_of(text) == [
        f"study.yaml:{line}:7 eligibility.adult.rule: unknown name 'demographics.agee'; "
        "did you mean 'demographics.age'?"
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw=st.data())
def test_no_exchange_of_parts_gives_anything_but_a_study_or_problems(
    draw: st.DataObject, mini: str, tmp_path: Path
) -> None:
    """Parts taken out, doubled or exchanged for others of the same file: problems, and never a traceback."""
    data = YAML(typ="safe", pure=True).load(mini)
    for _ in range(draw.draw(st.integers(1, 3))):
        places = list(parts(data))
        holder, key = draw.draw(st.sampled_from(places))
        match draw.draw(st.sampled_from(["take out", "exchange", "double"])):
            case "take out":
                del holder[key]
            case "exchange":
                other, place = draw.draw(st.sampled_from(places))
                holder[key] = copy.deepcopy(other[place])
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                holder[draw.draw(st.sampled_from(["arms", "in", "extra", "vitals"]))] = copy.deepcopy(
                    holder[key]
                )
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        release = load_study(path).newest
    except StudyError:
        return
    assert release.gates.keys() == release.file.gates.keys()
    assert release.endpoints.keys() == release.file.endpoints.keys()


def parts(data: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from parts(data[key])


def test_at_discharge_who_is_in_the_room_may_stand_by_itself(tmp_path: Path, mini: str) -> None:
    path = tmp_path / "study.yaml"
    alone = "      - {require: \"present('therapist') >= 1\", else: no therapist}\n"
    ready = '      - {require: "readiness.oriented'
    path.write_text(mini.replace(ready, alone + ready), encoding="utf-8")
    assert len(load_study(path).newest.gates["discharge"].requirements) == 3


RESUPPLY = (
    "condition: PTSD\n"
    "supply: {resupply: {lead_time: 2 wk, covers: 8 wk, recruitment: {participants: 1, per: 4 wk}}}\n"
)
NOBODY_KNOWS = {
    "minimisation": ("method: permuted_blocks", "method: minimisation", "a study that minimises has no kits"),
    "no site": ("strata: [site]", "strata: []", "the list is not stratified by site"),
    "no window": ("within: 1 .. 7 d\n    kind: dosing", "kind: dosing", "in_date_for: windows do not say"),
}


@pytest.mark.parametrize("name", NOBODY_KNOWS)
def test_kits_are_ordered_only_where_it_is_known_before_which_are_needed(
    name: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    """For the rows of a list of each site, and as long as the windows say."""
    old, new, why = NOBODY_KNOWS[name]
    text = mini.replace("condition: PTSD\n", RESUPPLY)
    found = next(one for one in problems_of(text.replace(old, new)) if "supply" in one)
    assert found.startswith("study.yaml:7:")
    assert why in found


def test_a_day_is_the_shortest_time_by_which_kits_are_ordered(mini: str, tmp_path: Path) -> None:
    shortest = tmp_path / "shortest.yaml"
    days = "{lead_time: 1 d, covers: 1 d, in_date_for: 1 d, recruitment: {participants: 1, per: 1 d}}"
    shortest.write_text(mini.replace("condition: PTSD\n", f"condition: PTSD\nsupply: {{resupply: {days}}}\n"))
    assert load_study(shortest).newest.file.supply is not None
