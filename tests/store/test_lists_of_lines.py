"""Lists that answer from the lines themselves: what arrived, what was filled in, and what is next of whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from tests.store.test_lists import BEGUN, NOW, study

from entact import store
from entact.course import findings as found_in
from entact.course import fold, instant, open_alerts, read
from entact.protocol import Study
from entact.store import lists
from entact.store.lists.arrivals import arrivals
from entact.store.lists.arrived import arrived, departed, first_arrivals
from entact.store.lists.filled import filled
from entact.store.lists.unblindings import told_as_planned

__all__ = ["study"]

A, B, C = "participant:a", "participant:b", "participant:c"
AT, STEP = instant(NOW), timedelta(microseconds=1)


def all_lines() -> list[tuple[str, int]]:
    """Every line of participants and of the study, in the order in which they arrived."""
    return [(head.ledger, line.seq) for head in store.ledgers() for line in store.lines(head.ledger)]


def test_what_arrived_last_comes_first_page_by_page(study: Study, make_entry: Any) -> None:
    later = "2026-03-02T11:00:00-07:00"
    store.append(make_entry(A, 9), received_at=later)
    told = [(one.ledger, one.seq) for one in arrivals()]
    assert told[0] == (A, 4)
    assert sorted(told) == sorted(all_lines())
    assert [one.key for one in arrivals()] == sorted((one.key for one in arrivals()), reverse=True)
    pages: list[tuple[str, int]] = []
    before = None
    while page := arrivals(before=before, limit=3):
        assert len(page) <= 3
        pages += [(one.ledger, one.seq) for one in page]
        before = page[-1].key
    assert pages == told
    heads = {head.ledger: head.hash for head in store.ledgers()}
    assert all(one.head == heads[one.ledger] for one in arrivals())

    def seqs(**asked: Any) -> set[tuple[str, int]]:
        return {(one.ledger, one.seq) for one in arrivals(**asked)}

    assert seqs(ledgers=[C]) == {(C, 1)}
    assert seqs(ledgers=[]) == seqs(kinds=[]) == set()
    assert seqs(kinds=["enrolment", "consent"]) == {(A, 1), (B, 1), (B, 4)}
    assert seqs(sites=["denver"]) == {one for one in told if one[0] in (A, B)}
    assert seqs(sites=["haifa"]) == set()
    assert seqs(since=AT) == set(told)
    assert seqs(since=AT + STEP) == seqs(since=instant(later)) == {(A, 4)}
    assert seqs(until=AT) == set()  # the end is not with it
    assert seqs(until=AT + STEP) == set(told) - {(A, 4)}
    assert seqs(holding=["S-1"]) == {(B, 2)}
    assert seqs(holding=["S-1", "S-2"]) == set()


def test_entries_of_a_kind_at_a_site_are_after_one_instant_and_up_to_another(study: Study) -> None:
    def told(kinds: list[str], site: str = "denver", **asked: Any) -> list[tuple[str, str]]:
        span = {"since": AT - STEP, "until": AT} | asked
        return [(one.ledger, one.entry.kind) for one in arrived(kinds, site, **span)]

    assert told(["screening"]) == [(A, "screening"), (B, "screening")]
    assert told(["screening", "enrolment"])[-1] == (B, "enrolment")
    assert told(["screening"], limit=1) == [(A, "screening")]
    assert told(["screening"], site="haifa") == told(["kit"]) == []
    assert told(["screening"], since=AT, until=AT + STEP) == []
    assert told(["screening"], until=AT - STEP) == []
    (b,) = [read(line.text) for line in store.lines(B) if '"enrolment"' in line.text]
    first = first_arrivals([(B, b.id), (A, "none"), ("participant:nobody", b.id)])
    assert {name: (one.received_at, one.encounter) for name, one in first.items()} == {(B, b.id): (AT, None)}
    assert first_arrivals([]) == {}


def test_what_was_filled_in_is_by_site_and_number_without_what_corrects_it(
    study: Study, make_entry: Any
) -> None:
    form = {"form": "symptoms", "items": {"total": 40}}
    own = make_entry(A, 20, kind="form", data=form, encounter="baseline#1")
    fix = make_entry(A, 21, kind="form", data=form, replaces=own.id, reason="source_document")
    other = make_entry(B, 20, kind="form", data=form | {"form": "vitals"}, encounter="outcome#1")
    late = "2026-03-03T10:00:00-07:00"
    for entry, received in ((own, NOW), (fix, NOW), (other, late)):
        store.append(entry, received_at=received)

    def entries(*kinds: str, **asked: Any) -> list[str]:
        return [one.entry for one in filled(kinds, **asked)]

    assert entries("form") == [other.id, own.id]  # 1-001 before S-2
    assert entries("form", form="symptoms") == entries("form", visit="baseline") == [own.id]
    assert entries("form", visit="base") == entries("form", form="symptom") == []
    assert entries("form", sites=["denver"]) == entries("form", site="denver") == [other.id, own.id]
    assert (
        entries("form", sites=["haifa"]) == entries("form", sites=[]) == entries("form", site="haifa") == []
    )
    assert entries("form", since=instant(late)) == [other.id]
    assert entries("form", since=instant(late) + STEP) == entries() == []
    (first,) = filled(["form"], limit=1)
    assert (first.ledger, first.site, first.number) == (B, "denver", "1-001")
    assert entries("form", after=first.key) == [own.id]


def test_what_departs_from_the_protocol_is_found_by_index(study: Study) -> None:
    """In a record of ten million entries a look at each of them takes most of a minute."""
    plans: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        execute(f"EXPLAIN {sql}", params, many, context)
        plans.append("\n".join(row for (row,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # of a few rows it reads all where it may
        with connection.execute_wrapper(explained):
            filled(("deviation",), departing=True)
            departed("denver", AT - STEP, AT)
    for plan in plans:
        assert "requirements_set_aside" in plan
        assert "Seq Scan on store_line" not in plan
    assert len(plans) == 2


def test_unblindings_are_counted_from_after_an_instant_for_the_sites_of_a_reader(
    study: Study, make_entry: Any
) -> None:
    said = {"recipient": "eve", "cause": "x", "means": "here"}
    for ledger, minutes in ((A, 1), (B, 2)):
        received = (AT + timedelta(minutes=minutes)).isoformat()
        store.append(make_entry(ledger, 30, kind="unblinding", data=said), received_at=received)
        for number in (31, 32):
            told = make_entry(ledger, number, kind="planned_unblinding", data={"arm": "mdma", "told": []})
            store.append(told, received_at=received)
    first, second = AT + timedelta(minutes=1), AT + timedelta(minutes=2)
    assert lists.unblindings(AT) == [(B, second), (A, first)]
    assert lists.unblindings(first) == [(B, second)]
    assert lists.unblindings(second) == lists.unblindings(AT, sites=["haifa"]) == []
    assert lists.unblindings(AT, sites=[]) == []
    assert lists.unblindings(AT, sites=["denver", "haifa"]) == lists.unblindings(AT)
    assert [told_as_planned(at) for at in (AT, first, second)] == [2, 1, 0]


def test_what_is_next_of_each_and_how_much_is_found_is_as_their_course_says(study: Study) -> None:
    visits = list(study.newest.visits)
    places = {one.ledger: one.place for one in lists.participants()}
    courses = {ledger: fold(study, [read(line.text) for line in store.lines(ledger)]) for ledger in (A, B, C)}
    for at in (BEGUN + number * timedelta(days=9) for number in range(8)):
        told = lists.summaries([*places.values()], at, hidden=(), visits=visits)
        assert told.keys() == set(places.values())
        for ledger, course in courses.items():
            one = told[places[ledger]]
            assert one.findings == len([it for it in found_in(course, at) if it.holds]), (ledger, at)
            assert one.alerts == len(list(open_alerts(course)))
            open_now = [it for it in course.due(at) if it.status == "due"]
            if open_now:
                first = min(open_now, key=lambda it: (it.earliest, visits.index(it.visit)))
                assert one.visit == first.visit, (ledger, at)
                assert (one.earliest, one.latest) == (first.earliest, first.latest)
    alone = lists.summaries([places[A]], BEGUN, hidden=(), visits=visits)
    assert alone.keys() == {places[A]}
    assert lists.summaries([], BEGUN, hidden=(), visits=visits) == {}
