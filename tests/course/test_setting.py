"""The ledgers of study and site folded: a function of the set of entries, corrections and withdrawals too."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, before, two_sessions

from entact.course.entry import Entry
from entact.course.entry.ledger import Ledger
from entact.course.setting import fold_setting
from entact.course.state.setting import KitStock, StaffState
from entact.protocol.release import Study

SITE: dict[str, Any] = {"ledger": "site:denver", "by": "i-1", "role": "investigator"}


def site() -> Case:
    return before("randomise")


def later(case: Case, name: str, kind: str, minute: int = 0, **data: Any) -> Case:
    return case.put(name, kind, f"2026-02-01T09:{minute:02}:00-07:00", data, **SITE)


def correct(case: Case, name: str, target: str, kind: str, **data: Any) -> Case:
    more = SITE | {"replaces": target, "reason": "transcription_error"}
    return case.put(name, kind, "2026-02-02T09:00:00-07:00", data, **more)


def test_a_site_as_its_ledger_says() -> None:
    case = site()
    setting = case.setting()
    assert (setting.site.id, setting.site.status, setting.site.active) == ("denver", "active", True)
    assert setting.site.release == case.study.newest.id
    assert str(setting.site.zone) == "America/Denver"
    assert setting.site.staff["t-1"] == StaffState("t-1", ("therapist",), {"GCP": "2027-06-30"}, None, "t-1")
    assert setting.site.kits["K-1"] == KitStock("K-1", "received", "2026-12-31", None, "stock K-1")
    assert setting.study.commitment is not None
    assert setting.study.commitment.list_rows == 8
    assert setting.problems == ()


def test_before_anything_is_entered_nothing_is_active() -> None:
    setting = fold_setting(Study("mini", (two_sessions(),)), [], [])
    assert (setting.site.status, setting.site.active, setting.site.zone) == (None, False, None)
    assert setting.study.commitment is None


def test_the_later_entry_counts() -> None:
    case = site()
    later(case, "held", "activation", release=case.study.newest.id, status="held", timezone="America/Denver")
    later(
        case, "t-1 again", "staff", person="t-1", roles=["investigator"], certificates=[], until="2026-02-10"
    )
    stock = {"number": "K-1", "expires": "2026-12-31"}
    later(case, "quarantine", "kit", 1, status="quarantined", **stock)
    found = case.setting().site
    assert (found.status, found.active) == ("held", False)
    assert found.staff["t-1"] == StaffState("t-1", ("investigator",), {}, "2026-02-10", "t-1 again")
    assert found.kits["K-1"].status == "quarantined"
    later(case, "release", "kit", 2, status="released", **stock)
    assert case.setting().site.kits["K-1"].status == "released"


def test_a_kit_in_quarantine_is_that_kit_however_its_number_is_written() -> None:
    case = site()
    later(case, "quarantine", "kit", 1, number=" k-1", status="quarantined", expires="2026-12-31")
    kits = case.setting().site.kits
    assert kits["K-1"].status == "quarantined"
    assert "k-1" not in " ".join(kits)


def test_the_certificate_that_holds_longest_counts_once_renewed() -> None:
    certificates = [{"name": "GCP", "expires": "2028-01"}, {"name": "GCP", "expires": "2026-01"}]
    case = later(site(), "t-1 again", "staff", person="t-1", roles=["therapist"], certificates=certificates)
    assert case.setting().site.staff["t-1"].certificates == {"GCP": "2028-01"}


def test_a_destroyed_kit_does_not_come_back_unless_that_entry_is_withdrawn() -> None:
    case = site()
    stock = {"number": "K-1", "expires": "2026-12-31"}
    later(case, "destroyed", "kit", 1, status="destroyed", **stock)
    later(case, "released", "kit", 2, status="released", **stock)
    setting = case.setting()
    assert setting.site.kits["K-1"].status == "destroyed"
    assert [(problem.rule, problem.entry) for problem in setting.problems] == [("kit_destroyed", "released")]
    later(case, "destroyed again", "kit", 3, status="destroyed", **stock)
    assert [problem.entry for problem in case.setting().problems] == ["released"]
    case.drop("destroyed again")
    correct(case, "not destroyed", "destroyed", "void")
    setting = case.setting()
    assert setting.site.kits["K-1"].status == "released"
    assert setting.problems == ()


def test_corrections_change_what_they_name() -> None:
    case = correct(site(), "typo", "stock K-1", "kit", expires="2026-11-30")
    assert case.setting().site.kits["K-1"] == KitStock("K-1", "received", "2026-11-30", None, "stock K-1")


@pytest.mark.parametrize(
    ("kind", "data", "rule", "item"),
    [
        ("activation", {"release": "mini@sha256:00", "timezone": "America/Denver"}, "activation", "release"),
        ("activation", {"timezone": "Mars/Olympus"}, "activation", "timezone"),
        ("activation", {"timezone": "../etc"}, "activation", "timezone"),
        ("activation", {"timezone": "America"}, "activation", "timezone"),
        ("staff", {"person": "x"}, "unreadable", "data"),
        ("kit", {"number": "K-9", "status": "lost", "expires": "2026-12"}, "unreadable", "data"),
        ("consent", {}, "unknown_kind", ""),
    ],
)
def test_what_cannot_be_followed_is_a_problem_and_changes_nothing(
    kind: str, data: dict[str, Any], rule: str, item: str
) -> None:
    case = site()
    release = {"release": case.study.newest.id} if kind == "activation" else {}
    setting = later(case, "odd", kind, **(release | data)).setting()
    assert [(found.rule, found.entry, found.item) for found in setting.problems] == [(rule, "odd", item)]
    known = site().setting().site
    assert setting.site == msgspec.structs.replace(known, size=setting.site.size, unread=setting.site.unread)
    assert set(setting.site.unread) == ({"odd"} if rule == "unreadable" else set())


def test_the_study_knows_its_releases_ledgers_and_heads() -> None:
    case = site()
    study: dict[str, Any] = {"ledger": "study:mini", "by": "sponsor", "role": "data_manager"}
    release = {"id": case.study.newest.id, "text": case.study.newest.text.decode()}
    case.put("release", "release", "2026-01-01T09:00:00Z", release, **study)
    case.put("opened", "ledger_opened", "2026-01-02T09:00:00Z", {"ledger": "site:denver"}, **study)
    for day, seq in ((3, 1), (4, 7)):
        heads = {"heads": {"site:denver": {"seq": seq, "hash": "ab"}}}
        case.put(f"heads {day}", "heads", f"2026-01-0{day}T09:00:00Z", heads, **study)
    other = {"list_root": "ff", "list_rows": 8, "kits_root": "ff", "kits_rows": 32}
    case.put("again", "commitment", "2026-01-06T09:00:00Z", other, **study)
    setting = case.setting()
    assert setting.study.releases == (case.study.newest.id,)
    assert setting.study.ledgers == {"site:denver"}
    assert setting.study.heads["site:denver"].seq == 7
    assert setting.study.commitment is not None
    assert setting.study.commitment.list_root == "ab"  # what was sealed first stays sealed
    assert [found.rule for found in setting.problems] == ["committed_twice"]


def test_a_setting_has_one_site() -> None:
    case = site()
    case.put("other", "kit", "2026-02-01T09:00:00Z", {}, ledger="site:haifa")
    with pytest.raises(ValueError, match="these entries are of site:denver, site:haifa"):
        case.setting()


def entries_with_everything() -> list[Entry]:
    case = site()
    stock = {"number": "K-1", "expires": "2026-12-31"}
    later(case, "held", "activation", release=case.study.newest.id, status="held", timezone="Asia/Jerusalem")
    later(case, "quarantine", "kit", 1, status="quarantined", **stock)
    later(case, "destroyed", "kit", 2, status="destroyed", **stock)
    correct(case, "typo", "quarantine", "kit", expires="2026-10-31")
    correct(case, "withdrawn", "destroyed", "void")
    entries = case.of("site:")
    rival = msgspec.structs.replace(case.entries["quarantine"], by="t-1")
    return [*entries, rival]


ALL = entries_with_everything()
STUDY = Study("mini", (two_sessions(),))


@given(st.permutations(ALL), st.integers(0, len(ALL)))
def test_any_order_of_arrival_gives_the_same_setting(order: list[Entry], again: int) -> None:
    assert fold_setting(STUDY, [], [*order, *order[:again]]).site == fold_setting(STUDY, [], ALL).site


def test_entries_as_sent_and_as_kept_are_the_same() -> None:
    ledger = Ledger("site:denver")
    for entry in ALL:
        ledger.append(entry, received_at="2026-02-03T09:00:00Z")
    kept = fold_setting(STUDY, [], ledger.entries())
    assert kept.site == fold_setting(STUDY, [], ALL).site
    assert kept.site.size == len(ledger.lines)
