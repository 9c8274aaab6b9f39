"""`entact allocation`: a list is made, sealed, committed, used, opened row by row, and proved."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import LOCK, Done, Run
from tests.cli.keyed import HOLDS, key_options, opened_with, run_as, signer_of
from tests.conduct.people import client
from tests.console.list_proof import check
from tests.owner import owner_connection

SITES = ["--site-to-come", "S01", "--site-to-come", "S02"]  # mapp1 has others
ANNA, BO, CLEO = (f"participant:{number * 32}" for number in "123")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the people's keys and passphrases."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def opened(worker_id: str, keys: Path) -> Iterator[str]:
    """A training record of mapp1 with a list maker, a pharmacist, a deputy, and a therapist who hold keys."""
    people = dict.fromkeys(("pia", "dan"), ("committee", HOLDS)) | {"tom": ("therapist", HOLDS)}
    people = {"stat": ("committee", [*HOLDS, "cut"])} | people
    with opened_with("mapp1", f"list_{worker_id}", keys, people) as database:
        yield database


As = Callable[..., Done]


@pytest.fixture
def allocation(run: Run, opened: str, keys: Path) -> As:
    """Runs `entact allocation` as one of the people."""

    def as_one(name: str, *command: object) -> Done:
        return run_as(run, opened, keys, name, *command)

    return as_one


@pytest.fixture(scope="module")
def list_files(opened: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the one list of the record, which pia and dan hold; it is there from here on."""
    from entact.cli.allocation import make_list

    out = tmp_path_factory.mktemp("files") / "list"
    signer = signer_of(opened, keys, "stat")
    told = make_list(opened, ["S01", "S02"], 6, [2, 4], None, ["pia", "dan"], out, signer)
    assert told["rows"] == {"S01": 6, "S02": 6}
    return out


@pytest.fixture(scope="module")
def anna(list_files: Path) -> None:
    """Somebody who was given the first row."""
    randomise(ANNA, "S01-001")


@pytest.fixture
def made(list_files: Path, anna: None, tmp_path: Path) -> Path:
    """A copy of the list's files, with which a test may do what it likes; Anna has its first row."""
    return Path(shutil.copytree(list_files, tmp_path / "list"))


def files(folder: Path, name: str) -> list[object]:
    return ["--list", folder / "sealed-list.json", "--openings", folder / f"openings-{name}.json"]


def enter(ledger: str, kind: str, data: dict[str, Any], minutes: int = 0, **fields: Any) -> str:
    """A fact about somebody, as it might have come from anywhere; its id."""
    from entact import store
    from entact.course import Entry, uuid7
    from entact.store import acts

    place = acts.here()
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    entry = Entry(
        id=uuid7(at, secrets.randbits(80)),
        ledger=ledger,
        kind=kind,
        release=place.release,
        environment=place.environment,
        occurred_at=at.isoformat(),
        recorded_at=at.isoformat(),
        by="carla",
        role="coordinator",
        data=data,
        **fields,
    )
    store.fact(entry, received_at=at.isoformat())
    return entry.id


def randomise(ledger: str, number: str, minutes: int = 0, site: str = "") -> None:
    at = site or number[:3]
    screened = {"attempt": 1, "number": f"S-{number}", "site": at, "population": "patients"}
    enter(ledger, "screening", screened, minutes)
    enter(ledger, "randomisation", {"number": number}, minutes)


@pytest.mark.requirement("R25")
def test_a_list_is_judged_before_it_is_made(run: Run, opened: str) -> None:
    """R25: how predictable it is, and what would lower that."""
    small = run("allocation", "check", "--rows", 12, "--blocks", "2", *SITES, "--database", opened)
    assert small.code == 0
    assert "WARNING: who guesses at arms can foretell the next one" in small.out
    told = run("allocation", "check", "--rows", 12, "--blocks", "2", *SITES, "--database", opened, "--json")
    found = told.json
    assert found["strata"] == ["S01", "S02"]
    assert found["warning"] is True
    assert found["foretold"] | {"off": 0.5, "off_at_end": 0, "longest_run": 2} == found["foretold"]
    assert found["without_rows"][:2] == ["01", "02"]
    assert "no rows for 01, 02, " in small.out
    assert all(other["right"] < found["foretold"]["right"] for other in found["others"])
    calm = run(
        "allocation", "check", "--rows", 12, "--blocks", "4,6,8", *SITES, "--guessed-right", 0.5,
        "--database", opened, "--json",
    )  # fmt: skip
    assert calm.json["warning"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rows", 6, "--blocks", "2", *SITES, "--holder", "tom"], "tom is therapist, from whom the study"),
        (["--rows", 6, "--blocks", "2", *SITES, "--holder", "eva"], "eva has no key with the power"),
        (["--rows", 6, "--blocks", "3", *SITES, "--holder", "pia"], "must be positive multiples of 2"),
        (
            ["--rows", 6, "--blocks", "2", "--site", "S01", "--holder", "pia"],
            "no site 'S01'; it has 01, 02, ",
        ),
        (
            ["--rows", 6, "--blocks", "2", "--site-to-come", "01", "--holder", "pia"],
            "has the site '01' already",
        ),
        (["--rows", 6, "--blocks", "2", "--site-to-come", "a|b", "--holder", "pia"], "holds a |"),
        (["--rows", 6, "--blocks", "2", *SITES, "--site-to-come", "S01", "--holder", "pia"], "named twice"),
        (["--blocks", "2", *SITES, "--holder", "pia"], "either --rows and --blocks, or --from FILE"),
        (["--rows", 3, "--blocks", "4", *SITES, "--holder", "pia"], "larger than a stratum of 3 rows"),
        (["--rows", 6, *SITES, "--holder", "pia"], "either --rows and --blocks, or --from FILE"),
        (["--from", "nowhere.csv", *SITES, "--holder", "pia"], "nowhere.csv cannot be read"),
    ],
)
def test_a_list_that_cannot_be_leaves_nothing_behind(
    allocation: As, tmp_path: Path, words: list[object], said: str
) -> None:
    from entact.store import acts

    done = allocation("stat", "make", *words, "--out", tmp_path / "list")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (tmp_path / "list").exists()
    assert acts.entries(("commitment",)) == []


def test_a_statisticians_list_is_looked_through_first(allocation: As, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    rows = [f"R-{place},{site},mdma" for place, site in enumerate(("S01", "S02"), start=1)]
    table.write_text("\n".join(["number,stratum,arm", *rows, "R-3,S01,plcebo"]))
    make = ["make", "--from", table, *SITES, "--holder", "pia"]
    wrong = allocation("stat", *make, "--out", tmp_path / "list")
    assert f"{table}, line 4, arm: 'plcebo'; the study has mdma, placebo" in wrong.err
    assert not (tmp_path / "list").exists()


def test_a_statisticians_list_keeps_the_ratio_or_says_that_it_does_not(
    allocation: As, run: Run, opened: str, tmp_path: Path
) -> None:
    table = tmp_path / "list.csv"
    arms = ["mdma", "mdma", "placebo", "mdma"] * 3
    rows = [f"{site}-{place},{site},{arm}" for site in ("S01", "S02") for place, arm in enumerate(arms)]
    table.write_text("\n".join(["number,stratum,arm", *rows]))
    told = run("allocation", "check", "--from", table, *SITES, "--database", opened)
    assert told.code == 0
    assert "S01: mdma 9, placebo 3; at worst 3 rows off its share, 3 of one arm in a row" in told.out
    assert "WARNING: 24 rows are mdma 18, placebo 6; the ratio of the study, 1:1, wants" in told.out
    wrong = allocation(
        "stat", "make", "--from", table, *SITES, "--holder", "pia", "--out", tmp_path / "other"
    )
    assert wrong.code == 2
    assert f"{table}, 24 rows are mdma 18, placebo 6" in wrong.err
    assert not (tmp_path / "other").exists()
    table.write_text(table.read_text().replace(",", ";"))
    parted = run("allocation", "check", "--from", table, *SITES, "--database", opened)
    assert "line 1: cells are parted by semicolons; save it parted by commas" in parted.err


def test_without_a_site_the_list_is_for_all_of_the_study(run: Run, opened: str) -> None:
    found = run("allocation", "check", "--rows", 8, "--blocks", "4", "--database", opened, "--json").json
    assert (len(found["strata"]), found["without_rows"]) == (15, [])


def test_a_list_is_committed_once(allocation: As, made: Path, tmp_path: Path) -> None:
    again = allocation(
        "stat", "make", "--rows", 6, "--blocks", "2", *SITES, "--holder", "pia", "--out", tmp_path / "other"
    )
    assert again.code == 2
    assert "a list is committed already" in again.err
    assert not (tmp_path / "other").exists()


def test_one_row_is_opened_for_one_person_and_it_is_entered_first(
    allocation: As, made: Path, run: Run, opened: str
) -> None:
    """R08, R11: the pharmacist learns one arm, the record that she did, and nothing of what she learned."""
    from entact import store
    from entact.course import read

    told = allocation("pia", "open", ANNA, *files(made, "pia"), "--json")
    assert told.code == 0
    assert told.json["arm"] in ("mdma", "placebo")
    lines = [read(line.text) for line in store.lines(ANNA)]
    note = next(line for line in lines if line.kind == "row_opened")
    assert note.data == {"number": "S01-001", "purpose": "preparation"}
    assert (note.id, note.by) == (told.json["entry"], "pia")
    assert note.authenticated.how != "claimed"
    assert all(told.json["arm"] not in line.text for line in store.lines(ANNA))
    deputy = allocation("dan", "open", ANNA, *files(made, "dan"), "--purpose", "second_check", "--json")
    assert deputy.json["arm"] == told.json["arm"]


@pytest.mark.requirement("R10")
def test_nothing_that_lies_on_the_server_says_an_arm(made: Path, opened: str) -> None:
    """R10: a stolen database and stolen files hold ciphertext of one length, and numbers."""
    from django.db import connection

    sealed = json.loads((made / "sealed-list.json").read_text())
    assert len({len(row["ciphertext"]) for row in sealed["rows"]}) == 1
    openings = json.loads((made / "openings-pia.json").read_text())
    assert len({len(box) for box in openings["boxes"]}) == 1
    for path in made.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert "mdma" not in path.read_text()
        assert "placebo" not in path.read_text()
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM store_line WHERE kind = 'commitment'")
        [(text,)] = cursor.fetchall()
    assert "mdma" not in text
    assert sealed["root"] in text


@pytest.mark.requirement("R10")
@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", ["application", "owner"])
def test_no_role_of_the_database_can_query_an_arm(made: Path, opened: str, role: str) -> None:
    """R11, by trying: every row of every table that the role can read; the list is in none."""
    sealed = json.loads((made / "sealed-list.json").read_text())
    secret = {row["ciphertext"] for row in sealed["rows"]} | {row["leaf"] for row in sealed["rows"]}
    for name in ("pia", "dan"):
        secret |= set(json.loads((made / f"openings-{name}.json").read_text())["boxes"])
    with connected(opened, role) as database:
        tables = database.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
        ).fetchall()
        rows = [
            text for (table,) in tables for (text,) in database.execute(f"SELECT one::text FROM {table} one")
        ]
    assert len(tables) > 20
    numbers = sealed["numbers"]["S01"] + sealed["numbers"]["S02"]
    with_number = [row for row in rows if any(number in row for number in numbers)]
    assert len(with_number) >= 2  # the commitment, and whoever was given one
    assert [row for row in with_number if "mdma" in row or "placebo" in row] == []
    assert not any(one in row for row in rows for one in secret)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT pg_read_file('{file}')",
        "COPY (SELECT 1) TO PROGRAM 'cat {file}'",
        "CREATE TABLE own (text text)",
        "SELECT lo_import('{file}')",
        "SET ROLE {owner}",
    ],
)
def test_the_application_gets_at_no_file_of_the_list_by_the_database(
    made: Path, opened: str, attempt: str
) -> None:
    from entact.store import postgres

    statement = attempt.format(file=made / "openings-pia.json", owner=postgres.OWNER)
    with connected(opened, "application") as database, pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute(statement)


@pytest.mark.requirement("R11")
@pytest.mark.skipif(os.geteuid() != 0, reason="two accounts of the operating system are tried by root alone")
def test_another_account_of_the_machine_gets_at_no_file_and_no_process_of_the_holder(
    list_files: Path, keys: Path
) -> None:
    """R11, by trying: the web's account (65534) and the holder's (65533); one account is no boundary."""
    outside = Path(tempfile.mkdtemp())  # where others may pass, unlike a folder of the test
    outside.chmod(0o711)
    own = outside / "of the holder"
    shutil.copytree(list_files, own)
    shutil.copy(keys / "pia.key", own)
    for path in (own, *own.iterdir()):
        os.chown(path, 65533, 65533)
    sleeping = ["/bin/sleep", "60"]
    with subprocess.Popen(
        sleeping, user=65533, group=65533, extra_groups=[], cwd="/", env={"SEED": "of pia"}
    ) as holder:
        try:
            secret = [*own.iterdir(), Path("/proc") / str(holder.pid) / "environ"]

            def read_as(account: int) -> list[Path]:
                as_them: dict[str, Any] = {"user": account, "group": account, "extra_groups": []}
                return [
                    path
                    for path in secret
                    if not subprocess.run(
                        ["/bin/cat", path], capture_output=True, check=False, cwd="/", **as_them
                    ).returncode
                ]

            assert read_as(65534) == []
            assert read_as(65533) == secret  # who is one account with the holder gets at all of it
        finally:
            holder.kill()
            shutil.rmtree(outside)


@pytest.mark.requirement("R10")
def test_what_the_web_holds_in_settings_environment_and_backup_opens_nothing(
    made: Path, opened: str, keys: Path, tmp_path: Path
) -> None:
    """R10, by trying: all values of settings and environment, and all that a backup would hold."""
    from django.conf import settings

    from entact.store.archive import write_archive

    pia = signer_of(opened, keys, "pia")
    secrets_of = [pia.seed.hex(), "the long words of pia"]
    secrets_of += json.loads((made / "openings-pia.json").read_text())["boxes"]
    held = [repr(getattr(settings, name, None)) for name in dir(settings) if name.isupper()]
    held += [f"{name}={value}" for name, value in os.environ.items()]
    assert not [one for one in secrets_of if any(one in value for value in held)]
    assert not any(str(made) in value or str(keys) in value for value in held)  # nor says where they lie
    archive = tmp_path / "archive"
    write_archive(archive, made_at=datetime.now(UTC))
    for path in (one for one in archive.rglob("*") if one.is_file()):
        content = path.read_bytes()
        assert not [
            one for one in secrets_of if one.encode() in content or bytes.fromhex(_hex(one)) in content
        ]


def _hex(text: str) -> str:
    """A text of hexadecimal digits as it is, another as its bytes."""
    return text if re.fullmatch(r"(?:[0-9a-f]{2})+", text) else text.encode().hex()


@contextmanager
def connected(name: str, role: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database as one of its roles."""
    from entact.store import server

    if role == "owner":
        with owner_connection(name) as database:
            yield database
        return
    with psycopg.connect(**server.parameters() | {"dbname": name}) as database:
        yield database


def test_who_is_not_its_holder_opens_nothing(allocation: As, made: Path) -> None:
    for name, said in (("dan", "is sealed to a key of pia"), ("tom", "is sealed to a key of pia")):
        done = allocation(name, "open", ANNA, *files(made, "pia"))
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    nobody = allocation("pia", "open", BO, *files(made, "pia"))
    assert (nobody.code, nobody.out) == (2, "")
    assert "is not randomised: there is no row to open" in nobody.err


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda sealed, own: sealed["rows"].reverse(), "was altered: its rows are not those of its root"),
        (lambda sealed, own: sealed.update(root="00" * 32), "was altered"),
        (lambda sealed, own: sealed["numbers"]["S01"].reverse(), "stand in another order than those"),
        (lambda sealed, own: own["boxes"].reverse(), "cannot be opened with this key"),
        (lambda sealed, own: own["boxes"].pop(), "was altered: it opens 13 of 14 rows"),
        (lambda sealed, own: own["boxes"].__setitem__(0, "00" * 112), "the key does not open it"),
        (lambda sealed, own: own.update(entact="else"), "is 'else', not 'entact openings 1'"),
        (lambda sealed, own: own.update(root="11" * 32), "opens the list with the root 1111"),
        (lambda sealed, own: sealed.pop("rows"), "is no entact sealed list 1"),
    ],
)
def test_a_forged_file_opens_nothing(
    allocation: As, made: Path, tamper: Callable[[Any, Any], object], said: str
) -> None:
    paths = made / "sealed-list.json", made / "openings-pia.json"
    values = [json.loads(path.read_text()) for path in paths]
    tamper(*values)
    for path, value in zip(paths, values, strict=True):
        path.write_text(json.dumps(value))
    done = allocation("pia", "open", ANNA, *files(made, "pia"))
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.requirement("R25")
def test_how_the_list_was_used_is_proved(made: Path, run: Run, opened: str) -> None:
    """R25: out of order, passed over, twice, or from nowhere: named."""
    verify = ["allocation", "verify", "--list", made / "sealed-list.json", "--database", opened]
    fine = run(*verify)
    assert fine.code == 0
    assert "is the one that was committed, in order: 1 of 12 rows used" in fine.out
    randomise(BO, "S01-003", -90)
    randomise(CLEO, "S01-001")
    enter(CLEO, "randomisation", {"number": "R-77"})
    wrong = run(*verify)
    assert wrong.code == 1
    for problem in (
        "R-77 of participant:333",
        f"S01-001 was used twice: for {ANNA} and for {CLEO}",
        "S01-002 was passed over: S01-003 was used",
        "was NOT used as it was sealed",
    ):
        assert problem in wrong.out
    randomise("participant:" + "4" * 32, "S01-002")
    assert "S01-003 was used out of order" in run(*verify).out
    stranger = "participant:" + "8" * 32
    randomise(stranger, "S02-005", site="S01")
    assert f"S02-005 is a row of S02, and {stranger} is of S01" in run(*verify).out
    assert "S01-002 is a row" not in run(*verify).out
    enter(stranger, "randomisation", {"number": 5})
    assert f"of {stranger} is a randomisation whose number cannot be read" in run(*verify).out
    whole = run("verify", "--deep", "--database", opened).out.split("\n")  # without the file of the list
    for problem in (f"S02-005 is a row of S02, and {stranger} is of S01", "S01-003 was used out of order"):
        assert any(one.startswith(f"look at the sealed list: {problem}") for one in whole)


@pytest.mark.requirement("R10")
def test_r10_the_committee_measures_blinding_of_people_by_the_holders_process_alone(
    allocation: As, made: Path, opened: str, tmp_path: Path
) -> None:
    """R10: rows are opened in that process, for a named reader, entered first; the database learns no arm."""
    from entact.store import acts

    page = tmp_path / "blinding.html"
    asked = ["--out", page, "--json"]
    for reader in ("tom", "nobody"):
        refused = allocation("pia", "measure", *files(made, "pia"), "--for", reader, *asked)
        assert refused.code == 2
        assert "nobody else may know arms now" in refused.err
    assert "after the lock" not in str(acts.entries(("list_opened",)))
    assert not page.exists()
    done = allocation("pia", "measure", *files(made, "pia"), "--for", "stat", *asked)
    assert done.err == ""
    assert done.json["rows"] >= 1
    assert done.json["known"] >= 1
    assert "mdma" not in done.out
    assert page.stat().st_mode & 0o077 == 0
    text = page.read_text()
    assert "How blind it was" in text
    assert "Made for stat by pia" in text
    assert "S01-001" not in text  # nobody's number
    entry = acts.entries(("list_opened",))[-1]
    told = (entry.by, entry.data["purpose"], entry.data["reader"])
    assert told == ("pia", "blinding", "stat")
    with connected(opened, "application") as database:
        lines = [text for (text,) in database.execute("SELECT text FROM store_line WHERE kind <> 'release'")]
    assert not [one for one in lines if "mdma" in one or "placebo" in one]
    again = allocation("pia", "measure", *files(made, "pia"), "--for", "stat", *asked)
    assert "exists already" in again.err


@pytest.mark.requirement("R10")
def test_r10_the_closed_report_is_made_for_the_committee_and_only_it_leaves_the_process(
    allocation: As, made: Path, opened: str, tmp_path: Path
) -> None:
    """R10: the running study by arm, for a named reader, entered first; no arm gets into the record."""
    from entact.store import acts

    page = tmp_path / "closed.html"
    asked = ["--out", page, "--json"]
    refused = allocation("pia", "report", *files(made, "pia"), "--for", "tom", *asked)
    assert "nobody else may know arms now" in refused.err
    assert not page.exists()
    done = allocation("pia", "report", *files(made, "pia"), "--for", "stat", *asked)
    assert done.err == ""
    assert done.json["rows"] >= 1
    assert "mdma" not in done.out
    assert page.stat().st_mode & 0o077 == 0
    text = page.read_text()
    assert "UNBLINDED" in text
    assert "Closed report for stat by pia" in text
    entry = acts.entries(("list_opened",))[-1]
    assert (entry.data["purpose"], entry.data["reader"]) == ("closed_report", "stat")
    with connected(opened, "application") as database:
        lines = [text for (text,) in database.execute("SELECT text FROM store_line WHERE kind <> 'release'")]
    assert not [one for one in lines if "mdma" in one or "placebo" in one]


def test_all_is_opened_after_the_lock_and_the_seed_makes_the_same_list(
    allocation: As, made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    early = allocation("pia", "reveal", *files(made, "pia"), "--out", tmp_path / "early.json")
    assert early.code == 2
    assert "the study is not locked" in early.err
    assert not (tmp_path / "early.json").exists()
    locked = run("cut", "make", "final", *LOCK, "--by", "stat", *key_options(keys, opened, "stat"))
    assert locked.code == 0
    page = tmp_path / "proof.html"
    asked = ["--out", tmp_path / "list.json", "--proof", page, "--json"]
    page.touch()
    late = allocation("pia", "reveal", *files(made, "pia"), *asked)
    assert (late.code, (tmp_path / "list.json").exists()) == (2, False)
    page.unlink()
    done = allocation("pia", "reveal", *files(made, "pia"), *asked)
    assert done.json["made_again"] is True
    rows = json.loads((tmp_path / "list.json").read_text())["list"]
    assert [row["number"] for row in rows] == [f"S0{s}-00{n}" for s in (1, 2) for n in range(1, 7)]
    assert {row["arm"] for row in rows} == {"mdma", "placebo"}
    proof = json.loads(re.findall(r'id="proof">([^<]*)<', page.read_text())[0])
    checked = check(proof)
    assert not [one for one in checked["problems"] if "root" in one or "row 1" in one]
    assert any("12 rows in 2 strata" in one for one in checked["facts"])
    assert ANNA not in page.read_text()
    public = client().get("/proof/").content.decode()  # without an account, before and after
    assert proof["root"] in public
    assert len(proof["plan"]) > 2
    assert proof["plan"] == dict(re.findall(r"Analysis (\w+)<.*?<code>([0-9a-f]{64})<", public))
    for row in rows:
        assert row["number"] not in public


def test_code_breaks_are_printed_and_that_is_entered(allocation: As, made: Path, tmp_path: Path) -> None:
    from entact.store import acts

    done = allocation("pia", "codebreaks", *files(made, "pia"), "--out", tmp_path / "breaks.pdf")
    assert (done.code, done.err) == (0, "")
    printed = (tmp_path / "breaks.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    sides = 2 * 12  # a back for each, else a printer of both sides puts two arms onto one sheet
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == sides
    noted = [entry.data for entry in acts.entries(("list_opened",))]
    assert [one["rows"] for one in noted if one["purpose"] == "code_breaks"] == [12]


def test_code_breaks_are_countersigned_by_somebody_who_did_not_print_them(
    allocation: As, made: Path, tmp_path: Path
) -> None:
    """The gate of randomisation asks for it (`tests/course/allocation/test_code_breaks.py`)."""
    from entact.store import standby

    allocation("pia", "codebreaks", *files(made, "pia"), "--out", tmp_path / "breaks.pdf")
    words = ["countersign", "--list", made / "sealed-list.json", "--place"]
    for who, sheets, place, said in (
        ("pia", 12, "safe of the ward", "pia printed them: somebody else countersigns"),
        ("dan", 11, "safe of the ward", "the list has 12 rows, and 11 sheets were counted"),
        ("dan", 12, " ", "say where the code-breaks lie"),
    ):
        done = allocation(who, *words, place, "--sheets", sheets)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    sign_in = "/sign-in/"  # which everybody reads: who is locked out, and a doctor of another hospital
    assert "safe of the ward" not in client().get(sign_in).content.decode()
    done = allocation("dan", *words, "safe of the ward", "--sheets", 12)
    assert (done.code, done.err) == (0, "")
    assert "safe of the ward" in client().get(sign_in).content.decode()
    breaks = standby.code_breaks()
    assert breaks is not None
    assert (breaks.printed_by, breaks.checked_by, breaks.place) == ("pia", "dan", "safe of the ward")


@pytest.mark.requirement("R11")
def test_who_stands_by_opens_the_row_that_an_emergency_asks_for(allocation: As, made: Path) -> None:
    """R11: from the sealed list to one key, and the screen of whoever stands by says no arm."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from tests.store.test_standby import opened as read_with
    from tests.store.test_standby import public

    from entact.store import standby

    own, forged = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    entry = unblind(ANNA)
    standby.ask(entry, ANNA, public(own), datetime.now(UTC))
    standby.ask("an entry that nobody made", ANNA, public(forged), datetime.now(UTC))
    done = allocation("pia", "stand-by", *files(made, "pia"), "--once")
    assert (done.code, done.err) == (0, "")
    assert "opened, to whoever asked alone" in done.out
    assert "refused: No fresh entry in the record asks for this row" in done.out
    assert "mdma" not in done.out
    assert "placebo" not in done.out
    answer, none = standby.answer_to(entry), standby.answer_to("an entry that nobody made")
    assert answer is not None
    assert none is not None
    told = read_with(own, entry, bytes(answer.answer))
    row = allocation("pia", "open", ANNA, *files(made, "pia"), "--json").json
    assert told == {"number": row["number"], "arm": row["arm"]}
    assert bytes(none.answer) == b""


def unblind(ledger: str) -> str:
    """An emergency unblinding by somebody who showed once more who they are; its id."""
    from entact import store
    from entact.course import Authenticated, Entry, uuid7
    from entact.course.entry.entry import SecondProof
    from entact.store import acts

    place, at = acts.here(), datetime.now(UTC)
    entry = Entry(
        id=uuid7(at, secrets.randbits(80)),
        ledger=ledger,
        kind="unblinding",
        release=place.release,
        environment=place.environment,
        occurred_at=at.isoformat(),
        recorded_at=at.isoformat(),
        by="ada",
        role="investigator",
        data={"recipient": "ada", "cause": "treatment_depends_on_it", "means": "here"},
        reason="unconscious",
    )
    proof = SecondProof("password_and_code", at.isoformat())
    shown = Authenticated(how="session", who="ada", second=proof)
    store.fact(entry, received_at=at.isoformat(), authenticated=shown)
    return entry.id


def test_a_randomisation_that_was_withdrawn_opens_nothing(allocation: As, made: Path) -> None:
    dora = "participant:" + "5" * 32
    enter(dora, "screening", {"attempt": 1, "number": "S-5", "site": "S02", "population": "patients"})
    given = enter(dora, "randomisation", {"number": "S02-001"})
    enter(dora, "void", {}, replaces=given, reason="entered_in_error")
    done = allocation("pia", "open", dora, *files(made, "pia"))
    assert (done.code, done.out) == (2, "")
    assert "is not randomised: there is no row to open" in done.err
