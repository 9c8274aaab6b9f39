"""`entact allocation kits` and `pack`: kits are planned for rows without an arm, and packed by the holder."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.cli.keyed import HOLDS, opened_with, run_as, signer_of
from tests.cli.test_allocation import ANNA, BO, enter, files, randomise

ROWS = 4


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the people's keys and passphrases."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def opened(worker_id: str, keys: Path) -> Iterator[str]:
    """A training record of mapp1 with a list maker and a pharmacist who hold keys."""
    people = {"stat": ("committee", HOLDS), "pia": ("committee", HOLDS), "tom": ("therapist", HOLDS)}
    with opened_with("mapp1", f"kits_{worker_id}", keys, people) as database:
        yield database


@pytest.fixture(scope="module")
def made(opened: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a list that pia holds, for whose rows kits are planned."""
    from entact.cli.allocation import make_list
    from entact.cli.allocation_kits import plan_kits

    out = tmp_path_factory.mktemp("files") / "list"
    stat = signer_of(opened, keys, "stat")
    make_list(opened, ["S01", "S02"], ROWS, [2, 4], None, ["pia"], out, stat)
    told = plan_kits(out / "sealed-list.json", stat)
    assert told["rows"] == 2 * ROWS
    assert not told["ordered"]  # its study file does not say how kits are ordered
    return out


def planned() -> list[dict[str, Any]]:
    from entact.store import acts
    from entact.store.planned_kits import with_kits_opened

    found = with_kits_opened(acts.entries(("kits_planned",)))
    return [kit for entry in found for kit in entry.data["kits"]]


@pytest.mark.requirement("R10")
def test_every_row_has_as_many_kits_of_everything_and_no_order_tells_whose_they_are(made: Path) -> None:
    """R10: numbers are drawn over all rows; neither they nor how many there are follow from an arm."""
    kits = planned()
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for kit in kits:
        counts.setdefault(kit["number"], Counter())[kit["level"], kit["part"]] += 1
    assert len(counts) == 2 * ROWS
    assert all(one == next(iter(counts.values())) for one in counts.values())
    labels = [kit["kit"] for kit in kits]
    assert len(set(labels)) == len(labels)
    assert all(len(label) == 6 for label in labels)
    rows = [kit["number"] for kit in kits]
    assert labels == sorted(labels)
    assert rows != sorted(rows)  # where a kit stands says nothing of its row


@pytest.mark.requirement("R10")
@pytest.mark.requirement("R11")
def test_a_stolen_database_does_not_say_which_row_a_kit_is_for(made: Path) -> None:
    """R10, R11: who assays a kit that nobody has, and reads every table, learns nothing of who comes next."""
    from django.db import connection

    from entact.course.entry.sealing import is_sealed
    from entact.store import acts

    [entry] = acts.entries(("kits_planned",))
    kits, plain = entry.data["kits"], planned()
    assert all(is_sealed(kit["number"]) for kit in kits)
    assert len({len(kit["number"]) for kit in kits}) == 1
    assert len({kit["number"] for kit in kits}) == len(kits)  # nor which two are of one row
    names = {f"S{site:02d}-{row:03d}" for site in (1, 2) for row in range(1, ROWS + 1)}
    assert {kit["number"] for kit in plain} == names
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT one::text FROM "{table}" AS one')
            for (text,) in cursor.fetchall():
                both = any(kit["kit"] in text for kit in kits) and any(name in text for name in names)
                assert not both, table


def test_without_the_key_nobody_is_given_a_kit_and_it_is_said_why(run: Run, opened: str, made: Path) -> None:
    from entact.store import StoreError, keep_keys
    from entact.store.custody import problem_of_keychain
    from entact.store.kits import packed_kits
    from entact.store.participant_keys import key_of, keychain
    from entact.store.planned_kits import name_of_key

    name = name_of_key()
    key = key_of(name)
    assert key is not None
    keychain().remove([name])
    try:
        with pytest.raises(StoreError, match="which kit is for which row is not here"):
            packed_kits()
        verify = run("allocation", "verify", "--list", made / "sealed-list.json", "--database", opened)
        assert verify.code == 0  # the list itself is proved without any key
        assert "whose kits are whose was not looked at: the key that says which kit" in verify.out
        assert name in str(problem_of_keychain())  # `entact verify` names it
        with pytest.raises(StoreError, match=name):
            keep_keys({"participant:another": bytes(32)})
        keychain().add({name: bytes(32)})  # another key opens no row, and none is made up
        assert {one.number for one in packed_kits().values()} == {""}
        keychain().remove([name])
    finally:
        keychain().add({name: key})
    assert "" not in {one.number for one in packed_kits().values()}


@pytest.mark.requirement("R10")
@pytest.mark.requirement("R11")
def test_what_kits_hold_is_told_to_the_holder_alone_and_the_record_learns_that_it_was(
    run: Run, opened: str, keys: Path, made: Path, tmp_path: Path
) -> None:
    """R11: entered first; the table agrees with the rows; no table of the database says any of it."""
    from django.db import connection

    from entact.store import acts

    out = tmp_path / "packing.csv"
    done = run_as(run, opened, keys, "pia", "pack", *files(made, "pia"), "--out", out)
    assert (done.code, done.err) == (0, "")
    assert "mdma" not in done.out
    assert out.stat().st_mode & 0o077 == 0
    noted = acts.entries(("list_opened",))[-1]
    assert (noted.by, noted.data["purpose"], noted.data["rows"]) == ("pia", "packing", 2 * ROWS)
    table = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["kit"] for row in table] == sorted(kit["kit"] for kit in planned())
    randomise(ANNA, "S01-001")
    arm = run_as(run, opened, keys, "pia", "open", ANNA, *files(made, "pia"), "--json").json["arm"]
    of = {kit["kit"]: kit["number"] for kit in planned()}
    assert {row["arm"] for row in table if of[row["kit"]] == "S01-001"} == {arm}
    assert {row["arm"] for row in table} == {"mdma", "placebo"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM store_line WHERE kind <> 'release'")
        lines = [text for (text,) in cursor.fetchall()]
    assert not [one for one in lines if "mdma" in one or "placebo" in one]
    again = run_as(run, opened, keys, "pia", "pack", *files(made, "pia"), "--out", out)
    assert (again.code, "exists already" in again.err) == (2, True)


def test_who_holds_no_list_packs_nothing(
    run: Run, opened: str, keys: Path, made: Path, tmp_path: Path
) -> None:
    done = run_as(run, opened, keys, "tom", "pack", *files(made, "pia"), "--out", tmp_path / "packing.csv")
    assert (done.code, done.out) == (2, "")
    assert not (tmp_path / "packing.csv").exists()


def test_more_are_planned_for_a_row_that_needs_them(run: Run, opened: str, keys: Path, made: Path) -> None:
    list_file = ["--list", made / "sealed-list.json"]
    before = Counter(kit["number"] for kit in planned())
    none = run_as(run, opened, keys, "stat", "kits", *list_file)
    assert (none.code, "every row has its kits" in none.err) == (2, True)
    lacking = run_as(run, opened, keys, "stat", "kits", *list_file, "--lacking")
    assert (lacking.code, "no row lacks kits" in lacking.err) == (2, True)
    strange = run_as(run, opened, keys, "stat", "kits", *list_file, "--number", "S01-099")
    assert (strange.code, "the sealed list has no row S01-099" in strange.err) == (2, True)
    done = run_as(
        run, opened, keys, "stat", "kits", *list_file, "--number", "S01-002", "--spare", 0, "--json"
    )
    assert (done.code, done.json["rows"]) == (0, 1)
    after = Counter(kit["number"] for kit in planned())
    assert {row for row in after if after[row] != before[row]} == {"S01-002"}
    assert after["S01-002"] - before["S01-002"] == done.json["kits"]


def test_a_kit_of_another_row_is_found_by_the_proof(run: Run, opened: str, keys: Path, made: Path) -> None:
    verify = ["allocation", "verify", "--list", made / "sealed-list.json", "--database", opened]
    assert run(*verify).code == 0
    randomise(BO, "S02-001")
    kit = next(one for one in planned() if one["number"] == "S02-003")
    data = {name: kit[name] for name in ("kit", "level", "part")}
    enter(BO, "kit_assigned", data | {"visit": None})
    wrong = run(*verify)
    assert wrong.code == 1
    assert f"kit {kit['kit']} is packed for S02-003, and {BO} has it" in wrong.out


@pytest.mark.requirement("R25")
def test_what_every_kit_held_is_known_after_the_lock(made: Path) -> None:
    """R25: of the opened rows alone it follows; this is what `reveal` writes."""
    from entact.cli.allocation_reveal import _kits
    from entact.course.allocation.allocation import ListRow

    sealed = json.loads((made / "sealed-list.json").read_text())
    rows = [ListRow(one, "S01", "mdma") for order in sealed["numbers"].values() for one in order]
    found = _kits(rows)
    assert [(one.kit, one.level, one.part) for one in found] == [
        (kit["kit"], kit["level"], kit["part"]) for kit in planned()
    ]
    assert {one.arm for one in found} == {"mdma"}
