"""Acts at the door: decided on what is known folded, kept with the answer in one transaction, or neither."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import OperationalError, connection, transaction
from msgspec.structs import replace
from tests.owner import copy_database

from entact import store
from entact.cohort import Trial, rehearse
from entact.course import Entry, Ledger, Receipt, Refused, instant, read
from entact.course.entry import as_sent
from entact.protocol import Study, load_study
from entact.protocol.release import canonical
from entact.store import StoreError
from entact.store.custody import keep_keys
from entact.store.door import act, fact
from entact.store.known import Known
from entact.store.studies import study_of_record

LATER = ("known_to", "decided_at", "expires")


@pytest.fixture(scope="module")
def trial() -> Trial:
    return rehearse(load_study("mapp1"), participants=2, seed=5)


def in_order(trial: Trial) -> list[tuple[str, Entry]]:
    """Every entry of a rehearsal in the order of arrival, with when it arrived; not its digests of heads."""
    kept = [
        read(line.text) for lines in trial.ledgers.values() for line in lines if '"heads"' not in line.text
    ]
    kept.sort(key=lambda one: (instant(one.received_at), one.ledger, one.seq))
    return [(one.received_at, as_sent(one)) for one in kept]


def decided(entry: Entry) -> dict[str, Any]:
    """The basis but for the lengths of ledgers and the moment: a rehearsal asks a little before it acts."""
    return {name: value for name, value in (entry.basis or {}).items() if name not in LATER}


def put(received_at: str, entry: Entry) -> Receipt | Refused:
    """As the door takes it: an act with its gate's question, all else as it is."""
    if entry.basis is None:
        return store.append(entry, received_at=received_at)
    at = instant(entry.occurred_at) + timedelta(seconds=30)
    asked = replace(entry, by=entry.basis["by"], basis=None)  # who decides also enters it
    return act(asked, received_at=at.isoformat())


@pytest.fixture(scope="module")
def empty(template: str, trial: Trial) -> str:
    """Name of an empty rehearsal with the keys of its participants, from which those of tests are copied."""
    name = f"{template}_acts"
    store.create_database(name, "rehearsal", "mapp1", replace=True)
    keep_keys(trial.keys)
    connection.close()
    return name


@pytest.fixture
def record(empty: str) -> Iterator[str]:
    yield use_copy_of(empty, f"{empty}_copy")
    connection.close()


def use_copy_of(name: str, copy: str) -> str:
    copy_database(name, copy)
    store.setup(database=copy)
    return copy


def test_a_whole_rehearsal_goes_through_the_door_and_every_answer_is_the_same(
    record: str, trial: Trial
) -> None:
    acts: Counter[str] = Counter()
    for received_at, entry in in_order(trial):
        outcome = put(received_at, entry)
        assert isinstance(outcome, Receipt), (entry, outcome)
        assert outcome.outcome == "kept"
        if entry.basis is not None:
            acts[entry.basis["act"]] += 1
            assert decided(read(outcome.line.text)) == decided(entry)
    assert acts["initial_dose"] >= 3
    assert store.verify().breaks == ()
    assert store.stale() == []


@pytest.fixture(scope="module")
def up_to_a_dose(empty: str, trial: Trial) -> tuple[str, str, Entry]:
    """Name of a record up to the first initial dose, when that was to be given, and the dose."""
    name = use_copy_of(empty, f"{empty}_dose")
    for received_at, entry in in_order(trial):
        if entry.basis is not None and entry.basis["act"] == "initial_dose":
            connection.close()
            return name, received_at, entry
        put(received_at, entry)
    raise AssertionError


@pytest.fixture
def before_a_dose(up_to_a_dose: tuple[str, str, Entry]) -> Iterator[tuple[str, Entry]]:
    """A record up to the first initial dose, which is still to be given, and that dose."""
    name, received_at, dose = up_to_a_dose
    use_copy_of(name, f"{name}_copy")
    yield received_at, dose
    connection.close()


def give(dose: Entry, **data: Any) -> Receipt | Refused:
    return act(replace(dose, data=dose.data | data), received_at=dose.recorded_at)


def length(entry: Entry) -> int:
    return next(head.seq for head in store.ledgers() if head.ledger == entry.ledger)


def test_what_a_gate_refuses_is_not_kept(before_a_dose: tuple[str, Entry]) -> None:
    _, dose = before_a_dose
    there = length(dose)
    answer = give(dose, kit="K-000000")
    assert isinstance(answer, Refused)
    assert any("K-000000" in reason.message for reason in answer.reasons)
    assert length(dose) == there
    assert isinstance(give(dose), Receipt)  # and nothing of the refusal stays in the way
    assert length(dose) == there + 1


def test_an_act_sent_again_is_kept_once_whatever_its_gate_says_now(
    before_a_dose: tuple[str, Entry],
) -> None:
    _, dose = before_a_dose
    first = give(dose)
    assert isinstance(first, Receipt)
    again = give(dose)  # the gate would say that the dose was given
    assert isinstance(again, Receipt)
    assert (again.outcome, again.line) == ("again", first.line)


def test_a_second_dose_is_refused_and_as_a_fact_it_is_kept(before_a_dose: tuple[str, Entry]) -> None:
    _, dose = before_a_dose
    give(dose)
    second = replace(dose, id=dose.id[:-4] + "ffff")
    assert isinstance(give(second), Refused)
    assert fact(replace(second, basis=None), received_at=second.recorded_at).outcome == "kept"


def test_two_who_give_the_same_dose_at_once_give_it_once(before_a_dose: tuple[str, Entry]) -> None:
    _, dose = before_a_dose
    answers: Counter[str] = Counter()
    gate = threading.Barrier(6)

    def give_one(number: int) -> None:
        try:
            gate.wait()
            answer = give(replace(dose, id=f"{dose.id[:-4]}{number:04x}", by=dose.by))
            answers["refused" if isinstance(answer, Refused) else answer.outcome] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=give_one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"kept": 1, "refused": 5}


def test_a_hold_entered_by_another_process_closes_the_gate(before_a_dose: tuple[str, Entry]) -> None:
    received_at, dose = before_a_dose
    hold = replace(
        dose,
        id=dose.id[:-4] + "0001",
        ledger="study:mapp1",
        kind="hold",
        role="sponsor",
        encounter=None,
        basis=None,
        data={"hold": "safety_review", "status": "placed", "stops": ["dosing"]},
    )
    with pytest.MonkeyPatch.context() as patch:  # as another process: this one is told nothing
        patch.setattr("entact.store.appending.remembered", Known)
        store.append(hold, received_at=received_at)
    answer = give(dose)
    assert isinstance(answer, Refused)
    assert any("safety review" in reason.message for reason in answer.reasons)


def with_a_limit_that_nobody_keeps(study: Study) -> dict[str, Any]:
    """What is entered of a release whose first condition for a dose is another."""
    data = json.loads(study.newest.text)
    data["release"] = "99.0"
    data["gates"]["initial_dose"]["require"][0] |= {"require": "vitals.systolic <= 1.0"}
    data["amendment"] = {
        "of": study.newest.file.release,
        "reason": "very high readings",
        "reconsent_within": "14 d",
        "changes": [{"change": "gates", "applies": "immediately"}],
    }
    text = canonical(data)
    return {"id": Study.from_texts([text]).newest.id, "text": text.decode()}


def test_a_release_that_comes_into_force_while_an_act_waits_is_what_its_gate_asks_by(
    before_a_dose: tuple[str, Entry],
) -> None:
    received_at, dose = before_a_dose
    study = study_of_record()[1]
    assert study is not None
    site = "site:" + next(one.data["site"] for one in entries_of(dose.ledger) if one.kind == "screening")
    release = with_a_limit_that_nobody_keeps(study)
    active = next(one.data for one in entries_of(site) if one.kind == "activation")
    plain = replace(dose, role="sponsor", encounter=None, basis=None)
    entered = replace(plain, id=f"{dose.id[:-4]}0001", ledger="study:mapp1", kind="release", data=release)
    approved = replace(
        plain,
        id=f"{dose.id[:-4]}0002",
        ledger=site,
        kind="activation",
        data=active | {"release": release["id"]},
    )
    answers: list[Receipt | Refused] = []

    def ask() -> None:
        try:
            answers.append(give(dose))
        finally:
            connection.close()

    asks = threading.Thread(target=ask)
    with transaction.atomic():
        store.append(approved, received_at=received_at)
        store.append(entered, received_at=received_at)
        asks.start()
        wait_until_somebody_waits()
    asks.join()
    (answer,) = answers
    assert isinstance(answer, Refused)
    assert [one.code for one in answer.reasons] == ["initial_dose.1"]
    assert store.stale() == []


def entries_of(ledger: str) -> list[Entry]:
    return [read(line.text) for line in store.lines(ledger)]


def wait_until_somebody_waits() -> None:
    """Until a connection to this database waits for a lock of another one."""
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    until = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.rowcount:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_what_a_caller_rolls_back_was_not_done(before_a_dose: tuple[str, Entry]) -> None:
    _, dose = before_a_dose
    there = length(dose)
    with transaction.atomic():
        assert isinstance(give(dose), Receipt)
        transaction.set_rollback(True)
    assert length(dose) == there
    again = give(dose)
    assert isinstance(again, Receipt)
    assert again.outcome == "kept"
    assert store.verify().breaks == ()


def test_an_act_that_was_done_earlier_is_no_act(before_a_dose: tuple[str, Entry]) -> None:
    _, dose = before_a_dose
    late = instant(dose.occurred_at) + timedelta(hours=1)
    answer = act(dose, received_at=late.isoformat())
    assert isinstance(answer, Refused)
    assert [reason.code for reason in answer.reasons] == ["not_now"]


def test_nobody_acts_on_a_participant_who_is_not_there(before_a_dose: tuple[str, Entry]) -> None:
    _, dose = before_a_dose
    stranger = replace(dose, ledger="participant:" + "0" * 32, basis=None)
    with pytest.raises(StoreError, match="there is no participant:0"):
        act(stranger, received_at=dose.recorded_at)


CROWD = 200


def code_breaks(root: str, rows: int) -> list[tuple[str, str, dict[str, Any]]]:
    """What is entered of the code-breaks of a list: printed by one person, countersigned by another."""
    printed = {"purpose": "code_breaks", "root": root, "rows": rows}
    return [
        ("list_opened", "pia", printed),
        ("code_breaks_checked", "dan", {"root": root, "sheets": rows, "place": "safe of the ward"}),
    ]


def ready_to_be_randomised(trial: Trial, count: int, rows: int) -> list[Entry]:
    """So many participants who are ready to be randomised, each with the act that does it.

    The list is sealed with so many rows for their site, and the acts leave the number to it; with none the
    list gives no numbers, and each act says one.
    """
    ready: list[tuple[str, Entry]] = []
    for received_at, entry in in_order(trial):
        if entry.basis is not None and entry.basis["act"] == "randomise":
            break
        ready.append((received_at, entry))
    site = next(
        one.data["site"] for _, one in ready if one.kind == "screening" and one.ledger == entry.ledger
    )
    for received_at, one in ready:
        if one.kind == "commitment" and rows:
            numbers = {site: [f"{site}-{place:03d}" for place in range(1, rows + 1)]}
            one = replace(one, data=one.data | {"numbers": numbers})
        if not one.ledger.startswith("participant:"):
            store.append(one, received_at=received_at)
        if one.kind == "commitment" and rows:
            for number, (kind, by, data) in enumerate(code_breaks(one.data["list_root"], rows)):
                ready_for = replace(one, id=f"{one.id[:-4]}fff{number}", kind=kind, by=by, data=data)
                store.append(ready_for, received_at=received_at)
    mine = [(at, one) for at, one in ready if one.ledger == entry.ledger]
    chains, acts = [], []
    for number in range(count):
        name = f"participant:{number:032x}"
        chain = Ledger(name)
        for received_at, one in mine:
            chain.append(_as_another(one, name, number), received_at=received_at)
        chains.append(chain)
        asked = replace(_as_another(entry, name, number), basis=None)
        acts.append(replace(asked, data={}) if rows else asked)
    keep_keys({chain.name: b"k" * 32 for chain in chains})
    store.append_many((chain.name, line) for chain in chains for line in chain.lines)
    return acts


@pytest.fixture
def crowd(record: str, trial: Trial) -> list[Entry]:
    return ready_to_be_randomised(trial, CROWD, CROWD)


@pytest.fixture
def few(record: str, trial: Trial) -> list[Entry]:
    return ready_to_be_randomised(trial, 4, 3)


def _as_another(entry: Entry, ledger: str, number: int) -> Entry:
    """The same entry about somebody else, with numbers of her own."""
    data = {
        name: f"{value}-{number}" if name in ("number", "subject") else value
        for name, value in entry.data.items()
    }
    basis = entry.basis
    fields = {"id": f"{entry.id[:-8]}{number:08x}", "ledger": ledger, "data": data, "basis": basis}
    replaces = entry.replaces and f"{entry.replaces[:-8]}{number:08x}"
    about = entry.about and f"{entry.about[:-8]}{number:08x}"
    return replace(entry, **fields, replaces=replaces, about=about)


def randomise(one: Entry) -> Receipt | Refused:
    return act(one, received_at=one.recorded_at)


def number_of(outcome: Receipt | Refused) -> str:
    assert isinstance(outcome, Receipt), outcome
    return str(read(outcome.line.text).data["number"])


def code_of(outcome: Receipt | Refused) -> list[str]:
    assert isinstance(outcome, Refused), outcome
    return [reason.code for reason in outcome.reasons]


def test_the_list_gives_its_numbers_in_order_and_says_when_it_is_used_up(few: list[Entry]) -> None:
    """R10, R25: who randomises chooses no number."""
    first = randomise(few[0])
    assert number_of(first).endswith("-001")
    again = randomise(few[0])  # the answer did not arrive: what was given stands
    assert isinstance(again, Receipt)
    assert (again.outcome, number_of(again)) == ("again", number_of(first))
    third = number_of(first)[:-1] + "3"
    assert code_of(randomise(replace(few[1], data={"number": third}))) == ["not_next_of_list"]
    assert code_of(randomise(replace(few[1], data={"number": "R-9"}))) == ["not_next_of_list"]
    assert number_of(randomise(replace(few[1], data={"number": third[:-1] + "2"}))).endswith("-002")
    assert number_of(randomise(few[2])).endswith("-003")
    assert code_of(randomise(few[3])) == ["list_used_up"]


def test_a_number_that_was_given_in_error_is_nobody_elses_for_ever(few: list[Entry]) -> None:
    given = randomise(few[0])
    void = replace(
        few[0],
        id=few[0].id[:-4] + "0fff",
        kind="void",
        replaces=few[0].id,
        reason="entered_in_error",
        data={},
    )
    assert fact(void, received_at=void.recorded_at).outcome == "kept"
    assert number_of(given).endswith("-001")
    assert number_of(randomise(few[1])).endswith("-002")


def test_a_randomisation_that_is_rolled_back_leaves_no_hole(few: list[Entry]) -> None:
    with transaction.atomic():
        assert number_of(randomise(few[0])).endswith("-001")
        transaction.set_rollback(True)
    assert number_of(randomise(few[1])).endswith("-001")
    assert number_of(randomise(few[0])).endswith("-002")


RANDOMISER = """
import sys
import msgspec
from entact import store
store.setup(database=sys.argv[1])
from entact.course import Entry, read
from entact.store.door import act
for line in sys.stdin:
    entry = msgspec.json.decode(line, type=Entry)
    done = act(entry, received_at=entry.recorded_at)
    print(read(done.line.text).data["number"], flush=True)
"""


@pytest.mark.requirement("R25")
def test_a_process_that_is_killed_while_it_randomises_loses_and_doubles_no_number(
    record: str, trial: Trial
) -> None:
    """R25: what it has acknowledged stands, and everybody else gets the next rows in their order."""
    people = ready_to_be_randomised(trial, 12, 12)
    command = [sys.executable, "-c", RANDOMISER, record]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.writelines(msgspec.json.encode(one) + b"\n" for one in people[:10])
    process.stdin.flush()
    said = [process.stdout.readline() for _ in range(3)]
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.read().splitlines(keepends=True)
    process.communicate()
    told = [line.decode().strip() for line in said if line.endswith(b"\n")]
    assert len(told) >= 3
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '60s'")  # the server may not have noticed yet
    given = [number_of(randomise(one)) for one in people]
    assert given[: len(told)] == told
    assert [number[-3:] for number in given] == [f"{place:03d}" for place in range(1, 13)]
    assert store.stale() == []


@pytest.mark.slow
@pytest.mark.requirement("R25")
def test_two_hundred_are_randomised_at_once(crowd: list[Entry]) -> None:
    """R25: two hundred rows, in their order, none twice."""
    answers: list[Receipt | Refused] = []
    gate = threading.Barrier(50)

    def work(mine: list[Entry]) -> None:
        try:
            gate.wait()
            answers.extend(randomise(one) for one in mine)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(crowd[place::50],)) for place in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == CROWD
    assert all(isinstance(one, Receipt) for one in answers), next(
        one for one in answers if isinstance(one, Refused)
    )
    numbers = sorted(number_of(one) for one in answers)
    assert [number[-3:] for number in numbers] == [f"{place:03d}" for place in range(1, CROWD + 1)]
    assert store.stale() == []


def test_an_act_under_way_holds_up_its_own_participant_and_nobody_else(record: str, trial: Trial) -> None:
    """Where the list gives the number, only those of the same stratum wait: who is next hangs on it."""
    crowd = ready_to_be_randomised(trial, 2, 0)
    begun, go_on = threading.Event(), threading.Event()

    def act_slowly() -> None:
        try:
            with transaction.atomic():
                assert isinstance(randomise(crowd[0]), Receipt)
                begun.set()
                go_on.wait(60)
        finally:
            connection.close()

    slow = threading.Thread(target=act_slowly)
    slow.start()
    assert begun.wait(60)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        assert isinstance(randomise(crowd[1]), Receipt)  # at the same site, in the same study
        with pytest.raises(OperationalError, match="lock timeout"):
            randomise(crowd[0])
    finally:
        go_on.set()
        slow.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert isinstance(randomise(crowd[0]), Receipt)
