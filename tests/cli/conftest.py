"""Commands as a person types them, in this process; and one small rehearsal to look at."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.owner import copy_database, made_as_copies

from entact.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=refuse)


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


Run = Callable[..., Done]
LOCK = ("--lock", "--reason", "the study has ended")  # something is open in a rehearsal


@pytest.fixture(autouse=True)
def _made_as_copies(worker_id: str) -> Iterator[None]:
    """Databases that a test makes are copies."""
    with made_as_copies(worker_id):
        yield


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command; a traceback fails the test."""

    def run_command(*words: object) -> Done:
        capfd.readouterr()
        monkeypatch.setattr("sys.argv", ["entact", *map(str, words)])
        monkeypatch.setenv("ENTACT_DATABASE", "")  # what the command sets is taken back after the test
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return run_command


@pytest.fixture(scope="session")
def rehearsal(worker_id: str) -> Iterator[str]:
    """Name of a database with a rehearsal of two participants; tests look at it and leave it as it is."""
    from django.db import connection

    from entact.cli.rehearsal import run_rehearsal

    name, out = f"seen_{worker_id}", Path(os.environ["ENTACT_DATA"]) / f"seen_{worker_id}"
    run_rehearsal("mapp1", 2, 5, None, out, 1, name)
    connection.close()
    yield name
    shutil.rmtree(out)


@pytest.fixture
def fresh(worker_id: str) -> str:
    """Name of a database that a test may make and replace."""
    return f"own_{worker_id}"


@pytest.fixture
def own(rehearsal: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a copy of the rehearsal, with keys of its own, in which a test may do what it likes."""
    import psycopg
    from django.db import connection
    from nacl import pwhash

    from entact.store import passphrase, server
    from entact.store.keychain import keychain_folder

    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    connection.close()
    name = f"{rehearsal}_own"
    copy_database(rehearsal, name)
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as owner:
        [before] = owner.execute("SELECT mark FROM store_installation").fetchone() or [None]
        owner.execute("ALTER TABLE store_installation DISABLE TRIGGER ALL")
        owner.execute("UPDATE store_installation SET mark = gen_random_uuid()")
        owner.execute("ALTER TABLE store_installation ENABLE ALWAYS TRIGGER append_only")
        [after] = owner.execute("SELECT mark FROM store_installation").fetchone() or [None]
    assert before is not None
    assert after is not None
    shutil.copytree(keychain_folder(before), keychain_folder(after))
    return name


@pytest.fixture
def sign(run: Run, own: str, tmp_path: Path) -> Callable[..., Done]:
    """Runs a command as one of two persons who hold keys, ada and ben."""
    words = {"ada": tmp_path / "words", "ben": tmp_path / "words of ben"}
    words["ada"].write_text("seven green bottles\n")
    words["ben"].write_text("hanging on the wall\n")

    def options(person: str) -> list[object]:
        key = tmp_path / f"{person}.key"
        return ["--key", key, "--passphrase-file", words[person], "--database", own]

    def run_signed(*command: object, by: str) -> Done:
        return run(*command, "--by", by, *options(by))

    for person in ("ada", "ben"):
        powers = [word for power in ("erase", "cut", "unlock", "custody") for word in ("--power", power)]
        vouched = ["--vouched-by", "ada", "--voucher-key", tmp_path / "ada.key"] if person == "ben" else []
        vouched += ["--voucher-passphrase-file", words["ada"]] if vouched else []
        made = run("sign-key", "new", person, "--role", "data_manager", *powers, *options(person), *vouched)
        assert (made.code, made.err) == (0, "")
    return run_signed
