"""A study in progress: rehearsed so that today lies in the middle of it, and nothing of tomorrow is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact import store
from entact.cli.progress import make_progress
from entact.cohort import rehearse
from entact.course import findings, fold, instant, read
from entact.protocol import load_study

MINI = Path(__file__).parents[1] / "studies" / "mini"
NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def progress(worker_id: str) -> str:
    """A database in which the small study stands in the middle."""
    from django.db import connection

    name = f"progress_{worker_id}"
    make_progress(str(MINI), 8, 3, name, NOW)
    connection.close()
    return name


def test_today_somebody_is_screened_somebody_has_a_session_and_somebody_is_done(
    progress: str, run: Run
) -> None:
    assert run("verify", "--database", progress, "--deep", "--json").json["breaks"] == []
    store.setup(database=progress)
    study = load_study(str(MINI))
    ledgers = {name: [read(line.text) for line in lines] for name, lines in store.chains("participant:")}
    standing = Counter(fold(study, entries).status for entries in ledgers.values())
    assert standing["screening"]
    assert standing["in_treatment"]
    assert standing["completed"]
    last = max(instant(entry.recorded_at) for entries in ledgers.values() for entry in entries)
    assert abs(last - NOW) < timedelta(days=1)
    doses = [one for entries in ledgers.values() for one in entries if one.kind == "dose"]
    assert any(abs(instant(one.occurred_at) - NOW) < timedelta(days=1) for one in doses)
    opened = {
        one.data["ledger"]
        for line in store.lines("study:mini")
        if (one := read(line.text)).kind == "ledger_opened"
    }
    assert set(ledgers) <= opened
    from entact.conduct.reader import reader_as
    from entact.conduct.today import needs_today
    from entact.store import lists

    reader = reader_as("medical_monitor")
    assert any(task.urgent and task.when == "nobody has answered" for task in needs_today(reader).tasks)
    assert sum(one.kind == "query" for entries in ledgers.values() for one in entries) == 3
    assert {one.site for one in lists.everybody()} <= {"denver", "haifa"}


def test_what_had_arrived_until_then_is_as_in_the_whole_rehearsal_and_nothing_else() -> None:
    study = load_study(str(MINI))
    whole = rehearse(study, 4, 5)
    until = datetime(2026, 2, 20, 12, tzinfo=UTC)
    part = rehearse(study, 4, 5, until=until)
    assert part.ledgers.keys() < whole.ledgers.keys()
    assert part.keys.keys() == {name for name in part.ledgers if name.startswith("participant:")}
    for name, lines in part.ledgers.items():
        assert all(instant(read(line.text).received_at) <= until for line in lines)
        if not name.startswith("study:"):
            assert whole.ledgers[name][: len(lines)] == lines
            after = whole.ledgers[name][len(lines) :]
            assert all(instant(read(line.text).received_at) > until for line in after)
    *_, last = (read(line.text) for line in part.ledgers["study:mini"])
    assert last.kind == "heads"
    for name, head in last.data["heads"].items():
        assert part.ledgers[name][-1].hash == head["hash"]


def test_a_training_copy_is_filled_up_to_now_with_people_of_its_own_environment(
    run: Run, worker_id: str
) -> None:
    from django.db import connection

    from entact.store import server

    name = f"training_{worker_id}"
    before = datetime.now(UTC)
    refused = run("open", MINI, "--environment", "production", "--rehearsed", "--database", name)
    assert refused.code == 2
    assert "--environment training" in refused.err
    done = run("open", MINI, "--environment", "training", "--rehearsed", "--database", name, "--json")
    try:
        assert done.code == 0, done.err
        store.setup(database=name)
        study = load_study(str(MINI))
        found = 0
        for _, lines in store.chains("participant:"):
            entries = [read(line.text) for line in lines]
            assert {one.environment for one in entries} == {"training"}
            assert all(instant(one.received_at) <= datetime.now(UTC) for one in entries)
            found += max(instant(one.received_at) for one in entries) > before - timedelta(days=7)
            course = fold(study, entries)
            assert not [one for one in findings(course, before) if one.rule == "not_authenticated"]
        assert found
        assert store.verify().breaks == ()
    finally:
        connection.close()
        with server.maintenance_connection(apart_from=name) as maintenance:
            maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
