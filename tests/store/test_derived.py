"""Rows for lists say what folding says: after every append, late entry, correction and amendment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.protocol.test_amendment import edited

from entact import store
from entact.cohort import Trial, rehearse
from entact.course import Course, Entry, Kept, fold, read
from entact.course.disclosure import Disclosure
from entact.course.entry import as_sent
from entact.course.instants import Horizon
from entact.course.releases import with_approvals
from entact.protocol import Study, load_study
from entact.protocol.load import amend
from entact.store import models, tables
from entact.store.derived import PARTICIPANT, Rows, rows_of

MINI = Path(__file__).parents[1] / "studies" / "mini"
NOW = "2027-03-02T10:31:00-07:00"
SITES = ("denver", "zurich")


@pytest.fixture(scope="module")
def mini() -> Study:
    return load_study(str(MINI))


@pytest.fixture(scope="module")
def mapp1() -> Study:
    return load_study("mapp1")


@pytest.fixture(scope="module")
def trial(mapp1: Study) -> Trial:
    return rehearse(mapp1, 4, seed=3)


@pytest.fixture
def released(database: str, mini: Study, make_entry: Any) -> Callable[[Study], None]:
    """Enters the release of a study in the study's ledger."""

    def enter(study: Study, number: int = 1) -> None:
        release = study.newest
        data = {"id": release.id, "text": release.text.decode()}
        entry = make_entry("study:mini", number, kind="release", data=data)
        assert store.append(entry, received_at=NOW).outcome == "kept"

    return enter


def stored(ledger: str) -> tuple[Any, ...]:
    """The rows of one ledger as the database has them, with their stamps."""
    number = models.Ledger.objects.get(name=ledger).id
    standing = models.Standing.objects.filter(ledger_id=number).values_list().first()
    due = sorted(models.DueVisit.objects.filter(ledger_id=number).values_list())
    found = sorted(models.OpenFinding.objects.filter(ledger_id=number).values_list())
    queries = sorted(models.Query.objects.filter(ledger_id=number).values_list())
    kept = (models.KitStep, models.SessionToCome)
    more = [sorted(one.objects.filter(ledger_id=number).values_list()) for one in kept]
    return standing, due, found, queries, *more


def expected(study: Study, ledger: str, stamp: str) -> tuple[Any, ...]:
    """The rows of one ledger as folding its lines gives them."""
    number = models.Ledger.objects.get(name=ledger).id
    entries = [read(line.text) for line in store.lines(ledger)]
    rows: Rows = rows_of(fold(study, entries), ledger, disclosed(study, entries))
    standing = (number, len(entries), tables.CODE, stamp, *rows.standing)
    due = sorted((number, *row.values()) for row in rows.due.values())
    queries = sorted((number, *row.values()) for row in rows.queries.values())
    more = [sorted((number, *row.values()) for row in part.values()) for part in (rows.steps, rows.sessions)]
    return standing, due, sorted((number, *row.values()) for row in rows.findings.values()), queries, *more


def disclosed(study: Study, entries: list[Kept]) -> Disclosure:
    """What entries tell of, as of all of them at once."""
    found = Disclosure(study.releases)
    for entry in entries:
        found.add(entry)
    return found


def stamp() -> str:
    return str(models.Derivation.objects.get().releases)


def require_equal(study: Study) -> None:
    for head in store.ledgers("participant:"):
        assert stored(head.ledger) == expected(study, head.ledger, stamp())
    assert store.stale() == []


def test_lists_say_what_folding_says_after_every_append(
    database: str, make_entry: Any, mini: Study, released: Any
) -> None:
    released(mini)
    ledger = "participant:a"
    begun = make_entry(ledger, 1, kind="encounter", data={"status": "started"}, encounter="screening#1")
    scopes = {"version": "1", "scopes": {"participation": True, "recording": False}}
    screened = {"attempt": 1, "number": "S-1", "site": "denver"}
    sent = [
        begun,
        make_entry(ledger, 5, kind="screening", data=screened),
        make_entry(ledger, 3, kind="consent", data=scopes),  # late
        make_entry(ledger, 7, kind="void", data={}, replaces=begun.id, reason="entered_in_error"),
    ]
    statuses = []
    for entry in sent:
        store.append(entry, received_at=NOW)
        require_equal(mini)
        statuses.append([row.rule for row in models.OpenFinding.objects.order_by("rule")])
    assert "encounter_not_ended" in statuses[2]
    assert "encounter_not_ended" not in statuses[3]
    assert models.Standing.objects.get().number == "S-1"
    assert models.DueVisit.objects.filter(visit="preparation_1").count() == 1


@pytest.mark.slow
@given(data=st.data())
@profile(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_lists_say_what_folding_says_whatever_arrives_in_any_order(
    database: str, trial: Trial, mapp1: Study, make_entry: Any, data: st.DataObject
) -> None:
    if not stamp():
        name = f"study:{mapp1.name}"
        first = as_sent(read(trial.ledgers[name][0].text))
        store.append(msgspec.structs.replace(first, ledger="study:mini"), received_at=NOW)
    names = [name for name in trial.ledgers if name.startswith("participant:")]
    name = data.draw(st.sampled_from(names), label="participant")
    run = f"participant:{data.draw(st.uuids(), label='ledger').hex}"
    entries = [as_sent(read(line.text)) for line in trial.ledgers[name]]
    window = (
        data.draw(st.integers(0, len(entries)), label="from"),
        data.draw(st.integers(1, 40), label="how many"),
    )
    entries = entries[window[0] : window[0] + window[1]] or entries[:5]
    for place in data.draw(
        st.lists(st.integers(0, len(entries) - 1), max_size=4, unique=True), label="changed"
    ):
        source = entries[place]
        void = data.draw(st.booleans(), label="void")
        fields = {"kind": "void", "data": {}} if void else {"data": {"occurred_at": NOW}}
        fields |= {"id": f"{place:08x}{source.id[8:]}", "replaces": source.id, "reason": "late_information"}
        entries.append(msgspec.structs.replace(source, **fields))
    if data.draw(st.booleans(), label="one twice, another time with other content"):
        entries.append(msgspec.structs.replace(entries[0], by="somebody-else"))
    for place, entry in enumerate(data.draw(st.permutations(entries), label="order of arrival")):
        store.append(msgspec.structs.replace(entry, ledger=run), received_at=NOW)
        if place % 9 == 0:
            assert stored(run) == expected(mapp1, run, stamp())
    assert stored(run) == expected(mapp1, run, stamp())


def test_lines_that_come_together_leave_the_same_rows(
    database: str, trial: Trial, mini: Study, released: Any, make_chain: Any, stream: Any
) -> None:
    chains = [make_chain(f"participant:{name}", 6, encounter="screening#1") for name in "ab"]
    lines = list(stream(*chains))
    store.append_many(lines[:8])
    assert models.Standing.objects.count() == 0  # no release yet: nobody can say what is due
    released(mini)
    require_equal(mini)
    store.append_many(lines[8:])
    require_equal(mini)
    assert models.Standing.objects.count() == 2


def amended() -> Study:
    before = (MINI / "study.yaml").read_bytes()
    study = load_study(str(MINI))
    text = json.loads(study.newest.text)
    assert before
    text["release"] = "2.0"
    text["title"] = "The same, amended"
    return Study.from_texts([rfc8785.dumps(text)])


def test_an_amendment_makes_all_rows_anew(database: str, make_entry: Any, mini: Study, released: Any) -> None:
    released(mini)
    store.append(make_entry("participant:a"), received_at=NOW)
    before = stored("participant:a")[0][3]
    other = amended()
    released(other, 2)
    assert stamp() != before
    require_equal(Study.from_texts([mini.newest.text, other.newest.text]))


def test_rows_of_older_code_are_told_apart_and_made_anew(
    database: str, make_entry: Any, mini: Study, released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(mini)
    names = [f"participant:{name}" for name in "abc"]
    for name in names:
        store.append(make_entry(name), received_at=NOW)
    models.Standing.objects.filter(ledger__name="participant:b").update(code="0.0/0", status="nonsense")
    models.OpenFinding.objects.all().delete()
    assert store.stale() == ["participant:b"]
    store.append(make_entry("participant:b", 2), received_at=NOW)  # an append mends what it meets
    assert stored("participant:b") == expected(mini, "participant:b", stamp())
    told: list[tuple[int, int]] = []
    assert store.rebuild(progress=lambda done, of: told.append((done, of))) == 3
    assert told == [(3, 3)]
    require_equal(mini)


def test_a_fold_that_fails_holds_up_no_fact(
    database: str, make_entry: Any, mini: Study, released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(mini)
    store.append(make_entry("participant:a"), received_at=NOW)

    def fail(course: Course, entry: Entry) -> None:
        raise RuntimeError("a defect of the fold")

    with monkeypatch.context() as broken:
        broken.setattr(Course, "add", fail)
        assert store.append(make_entry("participant:a", 2), received_at=NOW).outcome == "kept"
        assert store.append(make_entry("participant:b", 2), received_at=NOW).outcome == "kept"
    assert store.stale() == ["participant:a", "participant:b"]
    assert store.refresh() == 2
    require_equal(mini)


def test_swapping_the_arms_leaves_every_row_as_it_is(database: str, trial: Trial, mapp1: Study) -> None:
    swapped = json.loads(mapp1.newest.text)
    arms = list(swapped["arms"].items())
    swapped["arms"] = {arms[0][0]: arms[1][1], arms[1][0]: arms[0][1]}
    other = Study.from_texts([rfc8785.dumps(swapped)])
    assert other.newest.file.arms != mapp1.newest.file.arms
    for name, lines in trial.ledgers.items():
        if name.startswith("participant:"):
            entries = [read(line.text) for line in lines]
            mine = rows_of(fold(mapp1, entries), name, disclosed(mapp1, entries))
            theirs = rows_of(fold(other, entries), name, disclosed(other, entries))
            unknown = {key for key in theirs.findings if key[0].startswith("unknown_release")}
            assert mine.standing == theirs.standing
            assert mine.due == theirs.due
            assert mine.findings.keys() == theirs.findings.keys() - unknown


def values_of(table: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(rows)::text FROM {table} AS rows")
        yield from (text for (text,) in cursor.fetchall())


def test_rows_hold_no_value_no_guess_and_no_words_of_a_finding(
    database: str, make_entry: Any, mini: Study, released: Any
) -> None:
    released(mini)
    ledger = "participant:a"
    told = {"systolic": "418 mm[Hg]", "diastolic": "92 mm[Hg]", "heart_rate": "80 /min"}
    guess = {"guesser": "participant", "arm": "mdma", "confidence": 70}
    for number, (kind, data) in enumerate([("vital_signs", told), ("guess", guess)], start=1):
        entry = make_entry(ledger, number, kind=kind, data=data, encounter="session_1#1")
        store.append(entry, received_at=NOW)
    written = "".join(
        text
        for table in ("store_standing", "store_due", "store_open_finding", "store_clock")
        for text in values_of(table)
    )
    rules = {row.rule: row.kind for row in models.OpenFinding.objects.all()}
    assert rules["item"] == "vital_signs"
    assert '"kind":"guess"' in written
    for value in ("418", "mdma", "out of range"):
        assert value not in written


def test_rows_follow_what_each_site_has_approved(
    database: str, make_entry: Any, mini: Study, released: Any
) -> None:
    """A further visit that applies immediately, but nowhere before the site has approved the amendment."""
    newer = amend(mini, {"1.1.yaml": edited()})
    first, second = newer.releases
    released(mini)

    def put(ledger: str, number: int, kind: str, data: dict[str, Any], **fields: Any) -> str:
        entry = make_entry(ledger, number, kind=kind, data=data, **fields)
        entry = msgspec.structs.replace(entry, release=first.id)
        assert store.append(entry, received_at=NOW).outcome == "kept"
        return str(entry.id)

    def approve(site: str, number: int, release: str) -> str:
        return put(f"site:{site}", number, "activation", {"release": release, "timezone": "America/Denver"})

    def visits() -> dict[str, bool]:
        approvals = [read(line.text) for site in SITES for line in store.lines(f"site:{site}")]
        require_equal(with_approvals(newer, approvals))
        due = models.DueVisit.objects.filter(visit="telephone").values_list("ledger__name", flat=True)
        return {site: f"participant:{site}" in set(due) for site in SITES}

    scopes = {"participation": True, "recording": False}
    for site in SITES:
        ledger = f"participant:{site}"
        put(ledger, 1, "screening", {"attempt": 1, "number": f"S-{site}", "site": site})
        put(ledger, 2, "consent", {"version": "1.0", "scopes": scopes})
        put(ledger, 3, "enrolment", {"subject": f"1-{site}"})
        put(ledger, 4, "encounter", {"status": "started"}, encounter="session_1#1")
        approve(site, 1, first.id)
    require_equal(mini)
    released(newer, 2)
    assert visits() == {"denver": False, "zurich": False}
    approved = approve("denver", 3, second.id)
    assert visits() == {"denver": True, "zurich": False}
    put("participant:denver", 60, "vital_signs", {"systolic": "148 mm[Hg]"}, encounter="session_1#1")
    assert visits() == {"denver": True, "zurich": False}
    store.rebuild()
    assert visits() == {"denver": True, "zurich": False}
    put("site:denver", 5, "void", {}, replaces=approved, reason="entered_in_error")
    assert visits() == {"denver": False, "zurich": False}


@pytest.mark.parametrize("name", ["expanded-access", "mapp1"])
def test_rows_that_are_kept_up_are_those_that_are_made_from_nothing(name: str) -> None:
    study = load_study(name)
    trial = rehearse(study, 2, seed=13)
    for ledger, lines in trial.ledgers.items():
        if not ledger.startswith(PARTICIPANT):
            continue
        course, told, horizon, kept = Course(study), Disclosure(study.releases), Horizon(), None
        for entry in (read(line.text) for line in lines):
            told.add(entry)
            course.add(entry)
            kept = rows_of(course, ledger, told, horizon, kept)
            assert kept == rows_of(course, ledger, told)
            again = rows_of(course, ledger, told, horizon, kept)
            assert (again.findings, again.due) == (kept.findings, kept.due)


def test_rows_made_elsewhere_are_kept_where_the_ledger_has_not_gone_on(
    database: str, mini: Study, released: Any, make_chain: Any, stream: Any
) -> None:
    released(mini)
    chains = [make_chain(f"participant:{name}", 6, encounter="screening#1") for name in "ab"]
    lines = list(stream(*chains))
    store.append_many(lines[:8], lists=False)
    assert models.Standing.objects.count() == 0
    stamped, recorded = store.study_of_record()
    assert recorded is not None
    made = {}
    for ledger in ("participant:a", "participant:b"):
        own = list(store.lines(ledger))
        entries = [read(line.text) for line in own]
        rows = rows_of(fold(recorded, entries), ledger, disclosed(recorded, entries))
        made[ledger] = own[-1], rows
    more = [one for one in lines[8:] if one[0] == "participant:b"]
    store.append_many(more, lists=False)
    store.keep_lists(stamped, made)
    assert stored("participant:a") == expected(mini, "participant:a", stamp())
    assert store.stale() == ["participant:b"]
    store.keep_lists("another stamp", made)  # of releases that are not in force
    store.refresh()
    require_equal(mini)
