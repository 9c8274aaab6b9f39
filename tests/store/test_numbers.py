"""One holder of a number in the whole record: refused at the door, and found where nobody could refuse."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from msgspec.structs import replace
from tests.course.cases import BY, WHEN, Case, before, codes
from tests.owner import owner_connection

from entact import store
from entact.course import Entry, Receipt, Refused
from entact.course.entry import canonical
from entact.store import guards, lists, models, numbers, roles, server
from entact.store.custody import keep_keys
from entact.store.door import act, fact
from entact.store.inbox import receive
from entact.store.numbers import shared_numbers

ROOT = Path(__file__).parents[2]
ANNA, BERT, CARA = "participant:0a", "participant:0b", "participant:0c"
ITEM = {"subject": "subject", "randomisation": "number", "kit": "kit"}
KIND = {"enrol": "enrolment", "randomise": "randomisation", "initial_dose": "dose"}


@pytest.fixture
def case(database: str) -> Case:
    """The study and its site in the record, and keys of those who will take part."""
    case = before("initial_dose")
    release = case.study.newest
    data = {"id": release.id, "text": release.text.decode()}
    case.put("release", "release", "2026-01-01T09:00:00+00:00", data, ledger="study:mini", by="s", role="s")
    for entry in [case.entries["release"], *case.of("study:")[:-1], *case.of("site:")]:
        keep(entry)
    keep_keys({name: name.encode().ljust(32, b".") for name in (ANNA, BERT, CARA)})
    return case


def keep(entry: Entry) -> Receipt:
    return store.append(entry, received_at=entry.recorded_at)


def of_person(case: Case, ledger: str, number: int) -> dict[str, Entry]:
    """The entries of a case as those of another participant, with numbers of their own."""
    own = {"S-1": f"S-{number}", "P-1": f"P-{number}", "R-7": f"R-{number}"}
    own |= {f"K-{kit}": f"K-{number}{kit}" for kit in range(1, 5)}
    return {
        name: replace(
            one,
            id=f"{name} {number}",
            ledger=ledger,
            data={item: own.get(said, said) if isinstance(said, str) else said
                  for item, said in one.data.items()},
        )
        for name, one in case.entries.items()
        if one.ledger == ANNA
    }  # fmt: skip


def enter_until(case: Case, act_name: str, ledger: str, number: int) -> dict[str, Entry]:
    """A participant up to an act, in the record."""
    entries = of_person(before(act_name, case.study), ledger, number)
    for entry in entries.values():
        keep(entry)
    return entries


def ask(case: Case, act_name: str, ledger: str, nth: int, **data: Any) -> Receipt | Refused:
    """Does the act for a participant."""
    at = WHEN[act_name]
    given: dict[str, Any] = {
        "enrol": {"subject": f"P-{nth}"},
        "randomise": {"number": f"R-{nth}"},
        "initial_dose": {
            "part": "initial", "kit": f"K-{nth}1", "level": "full", "dispensed": 2, "taken": 2
        },
    }[act_name] | data  # fmt: skip
    by = BY.get(act_name, "t-1")
    entry = Entry(
        id=f"{act_name} {nth} asked",
        ledger=ledger,
        kind=KIND[act_name],
        release=case.study.newest.id,
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by=by,
        role="investigator",
        encounter="session_1#1" if act_name == "initial_dose" else "preparation_2#1",
        data=given,
    )
    return act(entry, received_at=at)


def held() -> set[tuple[str, str, str]]:
    """Every number in the table: whose it is, of what, and the number."""
    return set(models.Number.objects.values_list("ledger__name", "of", "number"))


def test_every_number_of_a_participant_has_its_row(case: Case) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    kits = {(ANNA, "kit", f"K-1{kit}") for kit in range(1, 5)}
    assert held() == kits | {
        (ANNA, "screening", "S-1"), (ANNA, "subject", "P-1"), (ANNA, "randomisation", "R-1")
    }  # fmt: skip
    assert not models.Number.objects.filter(shared=True).exists()
    assert shared_numbers() == []


@pytest.mark.parametrize(
    ("act_name", "of", "taken"),
    [
        ("enrol", "subject", "P-1"),
        ("enrol", "subject", " p-1"),
        ("randomise", "randomisation", "R-1"),
        ("randomise", "randomisation", "r\N{EN DASH} 1"),
        ("initial_dose", "kit", "K-11"),
        ("initial_dose", "kit", "k-11\t"),
    ],
)
def test_the_door_refuses_what_another_has(case: Case, act_name: str, of: str, taken: str) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    enter_until(case, act_name, BERT, 2)
    there = held()
    answer = ask(case, act_name, BERT, 2, **{ITEM[of]: taken})
    assert f"{of}_shared" in codes(answer)  # type: ignore[arg-type]
    assert held() == there
    if act_name != "initial_dose":  # whose kits the site has no stock of
        assert isinstance(ask(case, act_name, BERT, 2), Receipt)
        assert (BERT, of, ask_number(of)) in held()


def ask_number(of: str) -> str:
    return {"subject": "P-2", "randomisation": "R-2"}[of]


def test_several_at_once_give_a_number_to_one(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them have asked whose the number is before any of them writes."""
    people = (ANNA, BERT, CARA)
    for number, ledger in enumerate(people, start=1):
        enter_until(case, "randomise", ledger, number)
    barrier = threading.Barrier(len(people))
    asked: set[int] = set()
    holders = numbers.holders

    def hold_up(*given: Any) -> Mapping[Any, frozenset[str]]:
        found = holders(*given)
        if threading.get_ident() not in asked:
            asked.add(threading.get_ident())
            barrier.wait(20)
        return found

    monkeypatch.setattr("entact.store.setting.holders", hold_up)
    answers: Counter[str] = Counter()

    def take(number: int) -> None:
        try:
            answer = ask(case, "randomise", people[number - 1], number, number="R-100")
            answers["kept" if isinstance(answer, Receipt) else " ".join(codes(answer))] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"kept": 1, "randomisation_shared": 2}
    assert [name for name, of, number in held() if (of, number) == ("randomisation", "R-100")] != []
    assert models.Number.objects.filter(of="randomisation", number="R-100").count() == 1
    assert shared_numbers() == []


ASKER = """
import json, sys
from entact import store
store.setup(database=sys.argv[1])
from django.db import connection
from entact.course import Receipt
from entact.store import setting
from tests.course.cases import before, codes
from tests.store.test_numbers import ask

holders, told = setting.holders, []

def hold_up(*given):
    found = holders(*given)
    if not told:
        told.append(print("asked", flush=True))
        sys.stdin.readline()
    return found

setting.holders = hold_up
answer = ask(before("randomise"), "randomise", sys.argv[2], int(sys.argv[3]), number=sys.argv[4])
print("kept" if isinstance(answer, Receipt) else " ".join(codes(answer)), flush=True)
"""


@pytest.mark.slow
def test_several_processes_at_once_give_a_number_to_one(case: Case, database: str) -> None:
    """As several workers of a server do; all have asked whose the number is before any of them writes."""
    people = {ANNA: "R-100", BERT: "r-100", CARA: "R-100 "}
    for number, ledger in enumerate(people, start=1):
        enter_until(case, "randomise", ledger, number)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        askers = []
        for number, (ledger, asked) in enumerate(people.items(), start=1):
            command = [sys.executable, "-c", ASKER, database, ledger, str(number), asked]
            askers.append(stack.enter_context(subprocess.Popen(command, cwd=ROOT, **pipes)))  # type: ignore[call-overload]
        assert [asker.stdout.readline() for asker in askers] == ["asked\n"] * 3
        for asker in askers:
            asker.stdin.write("go\n")
            asker.stdin.flush()
        answers = Counter(asker.stdout.readline().strip() for asker in askers)
    assert answers == {"kept": 1, "randomisation_shared": 2}
    assert models.Number.objects.filter(of="randomisation", number="R-100").count() == 1
    assert shared_numbers() == []


def test_an_act_waits_for_a_fact_that_is_not_yet_on_the_disk(case: Case) -> None:
    """What another process has written and not yet ended is waited for, and then seen."""
    enter_until(case, "randomise", ANNA, 1)
    enter_until(case, "randomise", BERT, 2)
    number = models.Ledger.objects.get(name=BERT).id
    answers: list[Any] = []

    def take() -> None:
        try:
            answers.append(ask(case, "randomise", ANNA, 1, number="R-100"))
        finally:
            connection.close()

    with psycopg.connect(**server.parameters() | {"dbname": connection.settings_dict["NAME"]}) as other:
        other.execute(
            "INSERT INTO store_number (ledger_id, of, number, entry, shared, tells)"
            " VALUES (%s, 'randomisation', 'R-100', 'offline', false, '{}')",
            [number],
        )
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        other.commit()
        thread.join(20)
    assert codes(answers[0]) == ["randomisation_shared"]


@pytest.mark.parametrize(
    ("act_name", "of", "said"),
    [
        ("enrol", "subject", "Anna Smith 7"),
        ("randomise", "randomisation", "seven"),
        ("randomise", "randomisation", "N\N{NUMERO SIGN}, 7"),
    ],
)
def test_what_is_no_number_cannot_be_compared_and_is_refused_or_found(
    case: Case, act_name: str, of: str, said: str
) -> None:
    """It may be a name, and is kept as ciphertext: an act is asked again, a fact is found."""
    enter_until(case, act_name, ANNA, 1)
    answer = ask(case, act_name, ANNA, 1, **{ITEM[of]: said})
    if said == "seven":  # one word: an identifier like any other
        assert isinstance(answer, Receipt)
        return
    assert codes(answer) == ["number_unreadable"]  # type: ignore[arg-type]
    kind = {"subject": "enrolment"}.get(of, of)
    entry = of_person(case, ANNA, 1)[kind]
    receipt = fact(replace(entry, data=entry.data | {ITEM[of]: said}), received_at=NOW)
    assert "Smith" not in receipt.line.text
    rows = lists.open_findings(datetime(2026, 3, 17, tzinfo=UTC), hidden=(), rule="number_unreadable")
    assert [(row.entry, row.item) for row in rows] == [(entry.id, of)]


@pytest.mark.parametrize("otherwise", [False, True], ids=["as it is", "written otherwise"])
@pytest.mark.parametrize("of", ["screening", "subject", "randomisation", "kit"])
def test_what_arrives_from_offline_is_kept_and_found_in_both_ledgers(
    case: Case, of: str, otherwise: bool
) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    entries = of_person(case, BERT, 2)
    name, item = {
        "screening": ("screening", "number"),
        "subject": ("enrolment", "subject"),
        "randomisation": ("randomisation", "number"),
        "kit": ("assigned K-1", "kit"),
    }[of]
    taken = {"screening": "S-1", "subject": "P-1", "randomisation": "R-1", "kit": "K-11"}[of]
    written = f" {taken.lower()}" if otherwise else taken
    entries[name] = replace(entries[name], data=entries[name].data | {item: written})
    for entry in entries.values():
        receipt = receive(
            canonical(msgspec.to_builtins(entry)), by=entry.by, role=entry.role, received_at=entry.recorded_at
        )
        assert receipt.outcome == "kept"
    found = [(one.ledger, one.of, one.number, one.entry) for one in shared_numbers()]
    assert found == [(ANNA, of, taken, f"{name} 1"), (BERT, of, taken, f"{name} 2")]
    assert not any(name in one.finding.message for one in shared_numbers() for name in (ANNA, BERT))
    assert [one.ledger for one in shared_numbers([BERT])] == [BERT]
    at = datetime(2026, 3, 17, tzinfo=UTC)
    listed = lists.open_findings(at, hidden=(), rule="number_shared")
    assert sorted((one.ledger, one.entry, one.item) for one in listed) == [
        (ANNA, f"{name} 1", of), (BERT, f"{name} 2", of)
    ]  # fmt: skip
    assert {one.kind for one in listed} == {entries[name].kind}
    assert len(lists.open_findings(at, hidden=(), rule="number_shared", ledgers=[BERT])) == 1
    everything = lists.open_findings(at, hidden=(), limit=1000)
    assert set(listed) < set(everything)
    assert everything == sorted(everything, key=lambda one: (one.site, one.number, one.ledger))


def test_a_number_is_free_again_when_it_was_corrected_or_withdrawn(case: Case) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    enter_until(case, "initial_dose", BERT, 2)
    given = of_person(case, ANNA, 1)["randomisation"]
    fix = replace(given, id="fix", replaces=given.id, data={"number": "R-50"}, reason="typing_error")
    keep(fix)
    assert (ANNA, "randomisation", "R-50") in held()
    assert (ANNA, "randomisation", "R-1") not in held()
    enter_until(case, "randomise", CARA, 3)
    assert isinstance(ask(case, "randomise", CARA, 3, number="R-1"), Receipt)
    taken = of_person(case, BERT, 2)["randomisation"]
    keep(replace(taken, id="gone", kind="void", replaces=taken.id, data={}, reason="entered_in_error"))
    assert (BERT, "randomisation", "R-2") not in held()
    keep(replace(taken, id="again", data={"number": "R-1"}))  # a fact, which CARA's number does not refuse
    assert {one.ledger for one in shared_numbers()} == {BERT, CARA}
    gone = {"kind": "void", "data": {}, "reason": "entered_in_error"}
    keep(replace(taken, id="randomise 3 gone", ledger=CARA, replaces="randomise 3 asked", **gone))
    assert shared_numbers() == []
    store.rebuild()
    assert shared_numbers() == []
    assert models.Number.objects.get(number="R-1").shared is False


def test_who_came_first_may_leave_and_the_number_stays_the_others(case: Case) -> None:
    enter_until(case, "randomise", ANNA, 1)
    enter_until(case, "randomise", BERT, 2)
    enter_until(case, "randomise", CARA, 3)
    first = of_person(case, ANNA, 1)["randomisation"]
    for number, ledger in enumerate((ANNA, BERT), start=1):
        fact(replace(first, id=f"fact {number}", ledger=ledger, data={"number": "R-9"}), received_at=NOW)
    assert {one.ledger for one in shared_numbers()} == {ANNA, BERT}
    gone = {"kind": "void", "data": {}, "reason": "entered_in_error"}
    fact(replace(first, id="gone", replaces="fact 1", **gone), received_at=NOW)
    assert codes(ask(case, "randomise", CARA, 3, number="R-9")) == ["randomisation_shared"]  # type: ignore[arg-type]


NOW = "2026-03-10T15:40:00+00:00"


def test_records_of_an_earlier_version_get_their_numbers_with_the_new_one(case: Case, database: str) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    enter_until(case, "initial_dose", BERT, 2)
    before_it = held()
    assert len(before_it) == 14
    with server.acting_as_owner():
        connection.close()
        call_command("migrate", "store", "0009", verbosity=0)
        connection.close()
    with owner_connection(database) as owner:
        owner.execute("UPDATE store_standing SET code = '0.1.0/3'")
    store.setup(database=database)
    assert held() == before_it
    assert store.stale() == []
    connection.ensure_connection()
    assert guards.lost(connection.connection) == []
    assert roles.powers(connection.connection, server.application_role()) == ((), ())


def test_the_database_holds_one_holder_whoever_writes(case: Case) -> None:
    enter_until(case, "randomise", ANNA, 1)
    enter_until(case, "randomise", BERT, 2)
    taken = models.Number.objects.filter(of="subject", number="P-1").values().get()
    other = models.Ledger.objects.get(name=BERT)
    with pytest.raises(Exception, match="one_holder"):
        models.Number.objects.create(**taken | {"ledger_id": other.id})


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP INDEX one_holder", "of and number unique in store_number"),
        ("ALTER TABLE store_number DROP CONSTRAINT store_number_pkey", "ledger_id and of and number unique"),
    ],
)
def test_a_database_that_no_longer_holds_it_is_named(case: Case, statement: str, said: str) -> None:
    with owner_connection() as owner:
        owner.execute(statement.encode())
        assert any(said in one for one in guards.lost(owner)), guards.lost(owner)
        owner.rollback()
