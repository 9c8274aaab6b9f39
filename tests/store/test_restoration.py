"""An equal study on an empty machine, from its archive."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from django.db import connection
from tests.store.living import ANNA, consent, enter_persons, enter_study, fact, keep

from entact import store
from entact.cohort import Trial, rehearse
from entact.course import Line, fold, read
from entact.course.entry.sealing import is_sealed
from entact.datasets import Accumulator, Datasets
from entact.protocol import load_study
from entact.store import server
from entact.store.archive_folder import checksums

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def name(worker_id: str) -> Iterator[str]:
    """Name of a database that is not there, before the test and after it."""
    name = f"restored_{worker_id}"
    yield name
    connection.close()
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def folder(database: str, make_chain: Any, study: Any, stream: Any, tmp_path: Path) -> Path:
    """An archive of a study with a site and two participants, not opened in the order of their names."""
    others = [make_chain(name, 6) for name in ("site:01", "participant:b", "participant:a")]
    for ledger in (*others, study(others)):
        store.append_many(stream(ledger))
    return store.write_archive(tmp_path / "archive", made_at=AT).folder


def content() -> tuple[Any, ...]:
    """All that a record in use holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT environment, study, mark FROM store_installation")
        installation = cursor.fetchall()
        rows = []  # for lists: by the name of their ledger, whose number may be another one
        for table in ("store_standing", "store_due", "store_open_finding"):
            cursor.execute(
                f"SELECT ledger.name, (to_jsonb(one) - 'ledger_id')::text FROM {table} AS one"
                " JOIN store_ledger AS ledger ON ledger.id = one.ledger_id ORDER BY 1, 2"
            )
            rows.append(cursor.fetchall())
    return installation, rows, store.ledgers(), list(store.chains()), store.verify()


@pytest.mark.requirement("R19")
def test_what_is_restored_is_equal_down_to_the_order_of_opening(folder: Path, name: str) -> None:
    before = content()
    assert store.restore(folder, name) == store.Restored(ledgers=4, entries=22, new=22)
    assert store.describe().database == name
    assert content() == before
    assert before[-1].breaks == ()


@pytest.mark.requirement("R19")
def test_its_archive_is_the_same_archive(folder: Path, name: str, tmp_path: Path) -> None:
    store.restore(folder, name)
    again = store.write_archive(tmp_path / "again", made_at=AT)
    assert again.digest == sha256((folder / "manifest.json").read_bytes()).hexdigest()


@pytest.mark.requirement("R21")
def test_restored_again_nothing_is_added(folder: Path, name: str) -> None:
    store.restore(folder, name)
    before = content()
    assert store.restore(folder, name) == store.Restored(ledgers=4, entries=22, new=0)
    assert content() == before


@pytest.mark.requirement("R21")
def test_a_database_that_went_on_since_holds_all_of_it_already(
    folder: Path, database: str, make_entry: Any
) -> None:
    store.append(make_entry("participant:b", 9), received_at=AT.isoformat())
    before = content()
    assert store.restore(folder, database) == store.Restored(ledgers=4, entries=22, new=0)
    assert content() == before


@pytest.mark.requirement("R21")
def test_a_database_with_entries_of_its_own_is_a_conflict_and_left_as_it_is(
    folder: Path, name: str, make_chain: Any, stream: Any
) -> None:
    database = f"{name}_other"
    with connection.cursor() as cursor:
        cursor.execute("SELECT mark FROM store_installation")
        mark = cursor.fetchone()[0]
    with server.maintenance_connection(apart_from=database) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    store.setup("rehearsal", "mini", database=database, mark=mark)
    store.append_many(stream(make_chain("site:01", 6, data={"systolic": "150 mm[Hg]"})))
    before = content()
    with pytest.raises(store.StoreError, match="holds entries of its own, and not entry 6 of site:01"):
        store.restore(folder, database)
    store.setup(database=database)
    assert content() == before


def test_a_manifest_of_another_environment_than_its_entries_makes_no_database(
    folder: Path, name: str
) -> None:
    """An empty rehearsal with the mark of a study could be thrown away, and the keys of the study with it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes()) | {"environment": "training", "simulated": False}
    path.write_text(json.dumps(manifest | {"checksums": checksums(manifest)}))
    with pytest.raises(store.StoreError, match="manifest was altered"):
        store.restore(folder, name)
    with server.maintenance_connection(apart_from=name) as maintenance:
        asked = maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        assert asked.fetchone() is None


def test_keys_stay_while_another_database_is_of_the_same_installation(
    database: str, folder: Path, name: str
) -> None:
    store.restore(folder, name)
    store.keep_keys({"participant:a": bytes(32)})
    mark = json.loads((folder / "manifest.json").read_bytes())["installation"]
    copy = f"{name}_copy"
    with server.maintenance_connection(apart_from=copy) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
    store.setup("rehearsal", "mini", database=copy, mark=UUID(mark))
    store.create_database(copy, "rehearsal", "mini", replace=True)  # a new rehearsal, with a mark of its own
    assert store.key_of("participant:a") is None
    store.setup(database=name)
    assert store.key_of("participant:a") == bytes(32)


def test_an_archive_of_another_environment_is_refused(folder: Path, name: str) -> None:
    store.setup("training", "mini", database=name)
    with pytest.raises(store.StoreError, match="holds training, not rehearsal"):
        store.restore(folder, name)
    store.setup(database=name)
    assert store.ledgers() == []


def test_an_empty_database_of_the_study_is_filled_only_where_it_is_the_same_installation(
    folder: Path, name: str
) -> None:
    mark = UUID(json.loads((folder / "manifest.json").read_bytes())["installation"])
    store.setup("rehearsal", "mini", database=name, mark=mark)  # as a restoration that was killed leaves it
    assert store.restore(folder, name).new == 22
    store.setup("rehearsal", "mini", database=f"{name}_alien")
    with pytest.raises(store.StoreError, match="is another installation of this study"):
        store.restore(folder, f"{name}_alien")
    assert store.ledgers() == []


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("file", ["entries.jsonl", "entries.sha256", "README.md"])
def test_a_damaged_archive_is_refused_with_file_and_line_and_makes_no_database(
    folder: Path, name: str, file: str
) -> None:
    raw = bytearray((folder / file).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / file).write_bytes(raw)
    place = "README.md" if file == "README.md" else r"entries\.jsonl, line \d+: entry \d of participant:b"
    with pytest.raises(store.StoreError, match=place):
        store.restore(folder, name)
    with server.maintenance_connection(apart_from=name) as maintenance:
        found = maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    assert found is None


def values_like(value: object) -> list[object]:
    """Other values than one of the manifest."""
    odd: list[object] = [None, "", -1, 1.5, [], {}, True, "x" * 40]
    match value:
        case bool():
            odd.append(not value)
        case int():
            odd += [value + 1, float(value), 10**400]
        case str():
            odd += [value + " ", value.upper(), value.replace("0", "1", 1)]
        case list():
            odd += [value[:-1], [*value, *value[-1:]], value[::-1]]
        case dict():
            odd += [dict(list(value.items())[1:]), value | {"../x": "0" * 64}]
    return [one for one in odd if one != value or type(one) is not type(value)]


@pytest.mark.requirement("R19")
@pytest.mark.requirement("R21")
def test_every_field_of_the_manifest_and_every_file_is_looked_at_before_a_line_is_written(
    folder: Path, name: str
) -> None:
    path = folder / "manifest.json"
    right = path.read_text()
    manifest = json.loads(right)
    for field in manifest:
        for other in values_like(manifest[field]):
            path.write_text(json.dumps(manifest | {field: other}))
            with pytest.raises(store.StoreError, match=r"manifest\.json"):
                store.restore(folder, name)
        path.write_text(json.dumps({key: value for key, value in manifest.items() if key != field}))
        with pytest.raises(store.StoreError, match=r"manifest\.json"):
            store.restore(folder, name)
    path.write_text(json.dumps(manifest | {"more": 1}))
    with pytest.raises(store.StoreError, match=r"manifest\.json, more"):
        store.restore(folder, name)
    path.write_text(right)
    for file in manifest["files"]:
        raw = (folder / file).read_bytes()
        (folder / file).write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
        with pytest.raises(store.StoreError, match=file if file != "entries.sha256" else r"entries\.sha256"):
            store.restore(folder, name)
        (folder / file).unlink()
        with pytest.raises(store.StoreError, match=file.replace(".", r"\.")):
            store.restore(folder, name)
        (folder / file).write_bytes(raw)
    with server.maintenance_connection(apart_from=name) as maintenance:
        asked = "SELECT 1 FROM pg_database WHERE datname = %s"
        assert maintenance.execute(asked, [name]).fetchone() is None
    assert store.restore(folder, name).new == sum(one["seq"] for one in manifest["ledgers"])


@pytest.mark.parametrize("field", ["study", "made_at", "releases", "simulated"])
def test_a_field_altered_together_with_its_checksum_is_held_against_the_rest(
    folder: Path, name: str, field: str
) -> None:
    """What the entries, or the other fields, know is asked of them; the rest is on paper, with the digest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    other = {"study": "maxi", "releases": ["mini@sha256:" + "7" * 64], "simulated": False, "made_at": "never"}
    manifest[field] = other[field]
    path.write_text(json.dumps(manifest | {"checksums": checksums(manifest)}))
    with pytest.raises(store.StoreError, match=f"manifest.json, {field}"):
        store.restore(folder, name)


def test_an_archive_without_the_births_of_its_ledgers_is_named(folder: Path, name: str) -> None:
    forge_without_study(folder)
    with pytest.raises(
        store.StoreError, match=r"manifest.json, study: is mini, and there is no ledger study:mini"
    ):
        store.restore(folder, name)


def forge_without_study(folder: Path) -> None:
    """A whole archive made anew by somebody who leaves the study's ledger out."""
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["ledger"] != "study:mini"]
    (folder / "entries.jsonl").write_bytes(b"".join(kept))
    (folder / "entries.sha256").write_text("".join(sha256(line[:-1]).hexdigest() + "\n" for line in kept))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["ledgers"] = [one for one in manifest["ledgers"] if one["ledger"] != "study:mini"]
    columns = "columns/entries-00001.parquet"
    frame = pl.read_parquet(folder / columns)
    frame.filter(pl.col("ledger") != "study:mini").write_parquet(folder / columns)
    for file in ("entries.jsonl", "entries.sha256", columns):
        manifest["files"][file] = sha256((folder / file).read_bytes()).hexdigest()
    manifest["entries"] = len(kept)
    (folder / "manifest.json").write_text(json.dumps(manifest | {"checksums": checksums(manifest)}))


@pytest.fixture
def trial(database: str, name: str) -> Trial:
    """A whole rehearsal of the shipped study, in a database of its own."""
    source = f"{name}_source"
    store.create_database(source, "rehearsal", "mapp1", replace=True)
    made = rehearse(load_study("mapp1"), 3, seed=11)
    store.append_many((ledger, line) for ledger, lines in made.ledgers.items() for line in lines)
    store.keep_keys(made.keys)
    return made


def derive(trial: Trial) -> Datasets:
    accumulator = Accumulator(trial.study)
    for _, lines in store.chains("participant:"):
        accumulator.add(fold(trial.study, [read(line.text) for line in lines]))
    return accumulator.finish(trial.allocation.arms())


OLD_NAMES = (
    "participant:a/b",
    "participant:",
    "participant:..",
    "participant:\n",
    "participant:a b",
    "a" * 150,
)


def test_a_record_of_before_names_were_looked_at_is_restored_as_it_was(
    database: str, name: str, make_chain: Any, study: Any, stream: Any, tmp_path: Path
) -> None:
    """No door takes such a name any more; what was once kept under one is not lost for it, and is named."""
    others = [make_chain(one, 2) for one in ("participant:a", *OLD_NAMES)]
    for ledger in (*others, study(others)):
        store.append_many(stream(ledger))
    found = store.verify()
    assert found.breaks == ()
    assert [one.partition(" cannot be")[0] for one in found.notices] == [ascii(one) for one in OLD_NAMES]
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    before = content()
    restored = store.restore(folder, name)
    assert content() == before
    assert restored.notices == found.notices
    offline = subprocess.run(
        [sys.executable, "-I", folder / "verify.py", folder], capture_output=True, text=True, check=True
    )
    assert offline.stdout.count("cannot be the name of a ledger") == len(OLD_NAMES)


@pytest.mark.parametrize("name", ["participant:\0", "participant:\ud800"])
def test_a_name_that_no_database_can_hold_is_refused_in_words(database: str, name: str) -> None:
    with pytest.raises(store.StoreError, match="cannot be kept"):
        store.append_many([(name, Line(1, "0" * 64, "{}"))])


@pytest.mark.requirement("R19")
def test_courses_and_datasets_of_the_restored_study_are_equal(
    trial: Trial, name: str, tmp_path: Path
) -> None:
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    before, datasets = content(), derive(trial)
    standing, _, found = before[1]  # everybody came to the end: nothing is due any more
    assert standing
    assert found
    store.restore(folder, name)
    assert content() == before
    again = derive(trial)
    frames = {field: getattr(datasets, field) for field in datasets.__dataclass_fields__}
    for field, frame in frames.items():
        other = getattr(again, field)
        assert frame.equals(other) if hasattr(frame, "equals") else frame == other, field
    assert any(hasattr(frame, "height") and frame.height > 0 for frame in frames.values())
    for ledger, lines in trial.ledgers.items():
        if ledger.startswith("participant:"):
            restored = fold(trial.study, [read(line.text) for line in store.lines(ledger)])
            assert restored == fold(trial.study, [read(line.text) for line in lines])


@pytest.mark.requirement("R19")
def test_the_restored_study_finds_its_keys_where_they_are_kept_apart(
    trial: Trial, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.restore(store.write_archive(tmp_path / "archive", made_at=AT).folder, name)
    assert {ledger: store.key_of(ledger) for ledger in trial.keys} == trial.keys
    monkeypatch.setenv("ENTACT_KEYS", str(tmp_path / "empty machine"))
    store.setup(database=name)
    assert {store.key_of(ledger) for ledger in trial.keys} == {None}


@pytest.mark.requirement("R19")
@pytest.mark.requirement("R27")
def test_an_archive_made_before_an_erasure_does_not_bring_it_back(
    database: str, name: str, tmp_path: Path
) -> None:
    study = enter_study()
    asks, confirms = enter_persons("ada", "ben")
    consent(study)
    keep(study, fact(study, 3, "medication", {"name": "sertraline", "indication": "her mother's death"}))
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    from entact.store.erasure import confirm_erasure, request_erasure  # a database is set up by now

    request_erasure(ANNA, "participant_request", asks)
    confirm_erasure(ANNA, confirms)

    restored = store.restore(folder, name)
    assert restored.erased == (ANNA,)
    assert store.key_of(ANNA) is None
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    assert course.erased is not None
    (taken,) = course.medication.values()
    assert is_sealed(taken.indication)
    assert store.verify().breaks == ()
    assert store.restore(folder, name) == restored._replace(new=0, erased=())
