"""Which releases are in force: one answer for all who ask."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.course.cases import Case, before, two_sessions

from entact.analysis.analyse import analyse
from entact.analysis.plan import plan_of
from entact.course import Entry
from entact.course.kinds.study import release_data
from entact.course.releases import (
    bars_here,
    committed_plan,
    releases_entered,
    study_in_force,
    with_approvals,
)
from entact.course.setting import fold_setting
from entact.protocol.release import Release, Study, bars_from_production, canonical

FIRST, SECOND = two_sessions(), two_sessions(release="2.0")
STUDY = Study("mini", (FIRST, SECOND))


def entered(name: str, release: Release, day: int, **more: Any) -> Entry:
    case = Case(STUDY)
    data = {"id": release.id, "text": release.text.decode()}
    when = f"2026-01-{day:02}T09:00:00Z"
    case.put(name, "release", when, data, ledger="study:mini", by="sponsor", role="sponsor", **more)
    return case.entries[name]


def withdrawn(name: str, of: str, day: int) -> Entry:
    case = Case(STUDY)
    when = f"2026-01-{day:02}T09:00:00Z"
    case.put(name, "void", when, {}, ledger="study:mini", replaces=of, reason="entered_in_error")
    return case.entries[name]


def ids(*entries: Entry) -> list[str]:
    return [one.id for one in releases_entered(entries)]


def test_a_release_that_was_withdrawn_is_not_in_force_whatever_came_last() -> None:
    one, two = entered("one", FIRST, 1), entered("two", SECOND, 2)
    assert ids(one, two) == [FIRST.id, SECOND.id]
    assert ids(one, two, withdrawn("v", "two", 3)) == [FIRST.id]
    assert ids(one, two, withdrawn("v", "one", 3)) == [SECOND.id]
    assert ids(one, withdrawn("v", "one", 3)) == []


def test_a_withdrawal_that_was_withdrawn_brings_the_release_back() -> None:
    one, two = entered("one", FIRST, 1), entered("two", SECOND, 2)
    assert ids(one, two, withdrawn("v", "two", 3), withdrawn("w", "v", 4)) == [FIRST.id, SECOND.id]


def test_the_order_of_time_counts_and_not_that_of_arrival() -> None:
    entries = [entered("one", FIRST, 1), entered("two", SECOND, 2), withdrawn("v", "one", 3)]
    answers = {tuple(ids(*order)) for order in itertools.permutations(entries)}
    assert answers == {(SECOND.id,)}


def test_the_same_release_entered_twice_is_one() -> None:
    assert ids(entered("one", FIRST, 1), entered("again", FIRST, 2)) == [FIRST.id]
    assert ids(entered("one", FIRST, 1), entered("again", FIRST, 2), withdrawn("v", "one", 3)) == [FIRST.id]


def test_the_study_is_that_of_the_releases_and_of_what_sites_approved() -> None:
    case = before("initial_dose", STUDY)
    entries = [entered("one", FIRST, 1), entered("two", SECOND, 2)]
    study = study_in_force(entries, case.of("site:"))
    assert [release.id for release in study.releases] == [FIRST.id, SECOND.id]
    assert study == with_approvals(STUDY, case.of("site:"))
    assert study_in_force([*entries, withdrawn("v", "two", 3)]).newest.id == FIRST.id


def test_a_withdrawn_activation_is_no_approval() -> None:
    case = before("initial_dose", STUDY)
    case.change("activation", release=FIRST.id)
    later = {"release": SECOND.id, "status": "active", "timezone": "America/Denver"}
    who: dict[str, Any] = {"ledger": "site:denver", "by": "i-1", "role": "investigator"}
    case.put("approved", "activation", "2026-02-01T09:00:00Z", later, **who)
    at = case.course().effective[-1].at
    assert with_approvals(STUDY, case.of("site:")).in_force_at("denver", at).id == SECOND.id
    case.put("v", "void", "2026-02-02T09:00:00Z", {}, replaces="approved", reason="entered_in_error", **who)
    assert with_approvals(STUDY, case.of("site:")).in_force_at("denver", at).id == FIRST.id


def test_only_a_sites_own_ledger_says_what_it_works_under() -> None:
    case = before("initial_dose", STUDY).change("activation", release=FIRST.id)
    known = with_approvals(STUDY, case.of(""))
    data = {"release": SECOND.id, "status": "active", "timezone": "America/Denver"}
    for ledger in ("study:mini", "participant:0a"):
        case.put(f"in {ledger}", "activation", "2026-02-01T09:00:00Z", data, ledger=ledger)
    assert with_approvals(STUDY, case.of("")) == known


def test_what_is_no_release_is_an_error_and_none_is_one_too() -> None:
    broken = msgspec.structs.replace(entered("one", FIRST, 1), data={"id": "mini"})
    with pytest.raises(msgspec.ValidationError, match="text"):
        releases_entered([broken])
    with pytest.raises(ValueError, match="release"):
        study_in_force([])


def in_production(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, environment="production")


def confirmed() -> Release:
    """The small study with nothing about safety left to be confirmed."""
    return Release.from_text(canonical(without_assumptions(dict(FIRST.data), at_top=True)))


def without_assumptions(data: Any, *, at_top: bool = False) -> Any:
    if isinstance(data, dict):
        return {
            name: without_assumptions(one) for name, one in data.items() if at_top or name != "assumption"
        }
    return [without_assumptions(one) for one in data] if isinstance(data, list | tuple) else data


def test_in_production_no_release_is_in_force_of_which_a_limit_is_an_assumption() -> None:
    assert bars_from_production(FIRST)
    barred, fit = in_production(entered("one", FIRST, 1)), in_production(entered("two", confirmed(), 2))
    assert [problem.field for problem in bars_here(barred)] == [
        one.field for one in bars_from_production(FIRST)
    ]
    assert bars_here(fit) == []
    assert ids(barred, fit) == [confirmed().id]
    assert ids(barred) == []
    setting = fold_setting(STUDY, [barred, fit], ())
    assert setting.study.releases == (confirmed().id,)
    [problem] = setting.problems
    assert (problem.rule, problem.entry) == ("barred_from_production", "one")
    assert "gates.initial_dose.require[2]" in problem.message


def test_a_training_and_a_rehearsal_may_run_with_any_release() -> None:
    for environment in ("training", "rehearsal"):
        entry = msgspec.structs.replace(entered("one", FIRST, 1), environment=environment)
        assert bars_here(entry) == []
        assert ids(entry) == [FIRST.id]


def test_a_correction_cannot_bring_into_production_what_is_barred() -> None:
    fit = in_production(entered("one", confirmed(), 1))
    changed = {"id": FIRST.id, "text": FIRST.text.decode()}
    correction = msgspec.structs.replace(
        fit, id="c", replaces="one", data=changed, reason="transcription_error"
    )
    assert ids(fit, correction) == []


def test_what_cannot_be_read_and_what_is_no_release_is_not_judged_here() -> None:
    entry = in_production(entered("one", FIRST, 1))
    for change in ({"data": {"id": "mini"}}, {"data": {"id": "x", "text": "{}"}}, {"kind": "heads"}):
        assert bars_here(msgspec.structs.replace(entry, **change)) == []


def test_what_a_site_approves_is_in_force_from_its_very_instant() -> None:
    first = datetime(2026, 3, 1, 9, tzinfo=UTC)
    second = first + timedelta(days=30)
    study = STUDY.approved("denver", [(first, FIRST.id), (second, SECOND.id)])
    before = timedelta(microseconds=1)
    asked = (first - before, first, second - before, second)
    assert [study.in_force_at("denver", at).id for at in asked] == [FIRST.id, FIRST.id, FIRST.id, SECOND.id]
    assert study.in_force_at("haifa", first).id == SECOND.id


def with_plan(**changed: Any) -> Release:
    """The small study with an analysis of remission, and others as said."""
    data = two_sessions().data
    plan = dict(data["analysis"])
    share = {
        "endpoint": "remission",
        "estimand": "de_facto",
        "set": "mitt",
        "method": "fisher",
        "contrast": "mdma - placebo at outcome",
    }
    plan["secondary"] = {"remission": share | changed.pop("remission", {}), **changed}
    return two_sessions(analysis=plan, release=str(len(changed) + 1))


def opened(day: int, purpose: str) -> Entry:
    case = Case(STUDY)
    data = {"purpose": purpose, "root": "0" * 64, "rows": 4}
    case.put(f"opened {purpose}", "list_opened", f"2026-01-{day:02}T09:00:00Z", data, ledger="study:mini")
    return case.entries[f"opened {purpose}"]


def standing(release: Release, *entries: Entry) -> dict[str, str]:
    """How each analysis of a release stands to what was committed to."""
    rows = pl.DataFrame(
        {"participant": ["1"], "arm": ["mdma"], "visit": ["outcome"], "value": [1.0], "day": [1.0]}
    )
    plan = plan_of(release.file, list(release.visits))
    frames = {
        one.id: rows.with_columns(pl.lit(None, pl.Float64).alias("after stopped")) for one in plan.analyses
    }
    found = analyse(plan, frames, committed=committed_plan(entries))
    return {name: one.standing for name, one in found.items()}


def test_the_digests_of_a_release_are_those_of_the_results() -> None:
    release = with_plan()
    plan = plan_of(release.file, list(release.visits))
    assert release_data(release)["plan"] == {one.id: one.digest for one in plan.analyses}
    assert committed_plan([entered("one", release, 1)]) == release_data(release)["plan"]
    assert committed_plan([]) is None


def test_what_was_added_or_changed_before_the_arms_were_opened_is_planned() -> None:
    first, more = with_plan(), with_plan(more={**with_plan().data["analysis"]["secondary"]["remission"]})
    entries = [
        entered("one", first, 1),
        opened(2, "code_breaks"),
        entered("two", more, 3),
        opened(4, "after_lock"),
    ]
    assert set(standing(more, *entries).values()) == {"as planned"}


def test_what_an_amendment_adds_or_changes_afterwards_is_marked_whatever_day_it_claims() -> None:
    first, entries = with_plan(), [entered("one", with_plan(), 2), opened(4, "after_lock")]
    later = with_plan(
        remission={"method": "barnard"}, more={**first.data["analysis"]["secondary"]["remission"]}
    )
    found = standing(later, *entries, entered("two", later, 3))
    assert found == {"primary": "as planned", "remission": "changed", "more": "post hoc"}


def test_another_set_or_value_is_another_plan_and_another_title_is_not() -> None:
    first = with_plan()
    said = {name: dict(one) for name, one in first.data["endpoints"].items()}
    titled = {**said, "remission": {**said["remission"], "title": "Well again"}}
    assert set(
        standing(two_sessions(**{**_plan(first), "endpoints": titled}), entered("one", first, 1)).values()
    ) == {"as planned"}
    other = {**said, "remission": {**said["remission"], "value": "symptoms.total <= 12"}}
    assert standing(two_sessions(**{**_plan(first), "endpoints": other}), entered("one", first, 1)) == {
        "primary": "as planned",
        "remission": "changed",
    }


def _plan(release: Release) -> dict[str, Any]:
    return {"analysis": release.data["analysis"]}
