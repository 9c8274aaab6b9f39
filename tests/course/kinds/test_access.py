"""Roles in the system's ledger: each holds at its site, from when it is given until it is taken there."""

from __future__ import annotations

from datetime import datetime, timedelta

from entact.course import Entry
from entact.course.setting import fold_access
from entact.course.state.access import AccessState, access_ended
from entact.course.state.setting import Delegated, SiteState

NOBODY: frozenset[tuple[str, str, str]] = frozenset()


def said(number: int, kind: str, **data: str) -> Entry:
    at = f"2026-03-02T10:{number:02d}:00+00:00"
    return Entry(
        id=f"00000000-0000-7000-8000-{number:012d}",
        ledger="system",
        kind=kind,
        release="mini@sha256:0",
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by="anna",
        role="owner",
        data=data,
    )


def role(number: int, site: str, status: str) -> Entry:
    return said(number, "permission", person="ben", role="therapist", status=status, site=site)


def test_a_role_is_given_and_taken_at_each_site_by_itself() -> None:
    account = said(0, "account", person="ben", name="Ben")
    both = [account, role(1, "denver", "given"), role(2, "vienna", "given")]
    assert fold_access(both).held() == {("ben", "therapist", "denver"), ("ben", "therapist", "vienna")}
    assert fold_access([*both, role(3, "vienna", "taken")]).held() == {("ben", "therapist", "denver")}
    assert fold_access([*both, role(3, "", "taken")]).held() == fold_access(both).held()  # never given so
    closed = said(4, "account", person="ben", name="Ben", status="closed")
    assert fold_access([*both, closed]).held() == NOBODY


def test_a_role_that_is_given_twice_is_held_once_from_the_first_time_on() -> None:
    state = fold_access([role(1, "denver", "given"), role(2, "denver", "given"), role(3, "denver", "taken")])
    (held,) = state.roles
    assert (held.since.minute, held.until is not None and held.until.minute) == (1, 3)
    assert state.held() == NOBODY


def test_what_is_wrong_with_an_entry_is_said_of_it_and_holds_up_nothing_behind_it() -> None:
    strange = said(1, "telepathy", person="ben")
    unread = said(2, "permission", person="ben", role="therapist", status="lent", site="denver")
    account = said(0, "account", person="ben", name="Ben")
    state = fold_access([account, strange, unread, role(3, "denver", "given")])
    assert [(one.rule, one.entry) for one in state.problems] == [
        ("unknown_kind", strange.id),
        ("unreadable", unread.id),
    ]
    assert state.held() == {("ben", "therapist", "denver")}


def opened(number: int, status: str) -> Entry:
    return said(number, "account", person="ben", name="Ben", status=status)


def test_a_role_of_the_whole_study_ends_with_the_account_and_comes_back_with_it() -> None:
    state = fold_access([opened(0, "open"), role(1, "", "given"), opened(3, "closed"), opened(5, "open")])

    def ended(minute: int) -> int | None:
        at = access_ended(state, SiteState("denver"), "ben", "therapist", moment(minute))
        return None if at is None else at.minute

    assert [ended(minute) for minute in range(7)] == [None, None, None, 3, 3, None, None]
    assert access_ended(state, SiteState("denver"), "ben", "nurse", moment(4)) is None  # never had


def test_a_last_day_is_over_by_the_clock_of_the_site() -> None:
    given = Delegated("ben", "therapist", moment(0), None, "2026-03-02", "e")
    site = SiteState("denver", timezone="America/Denver", delegated=(given,))
    over = datetime.fromisoformat("2026-03-03T00:00:00-07:00")
    for at, expected in ((over - timedelta(seconds=1), None), (over, over), (over + timedelta(days=9), over)):
        assert access_ended(AccessState(), site, "ben", "therapist", at) == expected


def moment(minute: int) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T10:{minute:02d}:00+00:00")


def test_a_role_is_each_persons_own_and_is_given_anew_after_it_was_taken() -> None:
    others = said(2, "permission", person="eve", role="therapist", status="given", site="denver")
    rater = said(3, "permission", person="ben", role="rater", status="given", site="denver")
    state = fold_access(
        [role(1, "denver", "given"), others, rater, role(4, "denver", "taken"), role(5, "denver", "given")]
    )
    held = [(one.person, one.role, one.since.minute, one.until and one.until.minute) for one in state.roles]
    assert held == [
        ("ben", "therapist", 1, 4),
        ("eve", "therapist", 2, None),
        ("ben", "rater", 3, None),
        ("ben", "therapist", 5, None),
    ]
