"""The connection is found again: after the server killed it, and after somebody killed the server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from tests.store.living import ANNA, consent, enter_study, fact, keep

from entact import store
from entact.protocol import Study
from entact.store import StoreError, postgres, server


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    return study


def end_backend(database: str) -> None:
    """As a kill of that process does: the server closes the connection without a word."""
    connection.ensure_connection()
    number = connection.connection.info.backend_pid
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": database}, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [number])


WAYS: dict[str, Callable[[Study, int], object]] = {
    "reads heads": lambda study, number: store.ledgers(),
    "reads lines": lambda study, number: list(store.lines(ANNA)),
    "verifies": lambda study, number: store.verify().breaks,
    "says where": lambda study, number: store.describe(),
    "asks for a key": lambda study, number: store.key_of(ANNA),
    "writes": lambda study, number: keep(study, fact(study, number, "safety_call", {"reached": True})),
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_lost_the_connection_says_so_once_and_then_goes_on(
    study: Study, database: str, way: str
) -> None:
    """Outside a request too: a worker would have failed for ever on what it held."""
    WAYS[way](study, 20)
    for number in (30, 40):
        end_backend(database)
        with pytest.raises((DatabaseError, psycopg.Error, StoreError)):
            WAYS[way](study, number)
        WAYS[way](study, number)


def test_a_transaction_that_lost_its_connection_is_not_gone_on_with(study: Study, database: str) -> None:
    before = list(store.lines(ANNA))

    def lose_it() -> None:
        with transaction.atomic():
            keep(study, fact(study, 50, "safety_call", {"reached": True}))
            end_backend(database)
            for _ in range(2):
                with pytest.raises((DatabaseError, psycopg.Error, StoreError)):
                    store.ledgers()

    with pytest.raises(DatabaseError):
        lose_it()
    assert list(store.lines(ANNA)) == before


SERVE = """
import sys
from entact import store
from entact.conduct.serve import serve
if sys.argv[1] == "make":
    store.create_database("killed", "rehearsal", "mini")
    from tests.store.living import consent, enter_study
    consent(enter_study())
else:
    store.setup(database="killed")
    serve(port=0, ready=lambda address: print(address, flush=True))
"""


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="entact-"))
    folder.chmod(0o711)
    yield folder
    postgres.stop(folder / "postgres")
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True], ids=["embedded", "DATABASE_URL"])
def test_pages_come_back_after_a_killed_server_without_a_restart(data: Path, elsewhere: bool) -> None:
    here = Path(__file__).parents[2]
    env = {**os.environ, "ENTACT_DATA": str(data), "ENTACT_DATABASE": "killed"}
    subprocess.run([sys.executable, "-c", SERVE, "make"], env=env, cwd=here, check=True)
    home = data / "postgres"
    if elsewhere:
        running = postgres.status(home)
        assert running is not None
        env["DATABASE_URL"] = running.application_url.replace("/postgres?", "/killed?")
    command = [sys.executable, "-c", SERVE, "serve"]
    with subprocess.Popen(command, env=env, cwd=here, stdout=subprocess.PIPE, text=True) as pages:
        try:
            assert pages.stdout is not None
            address = pages.stdout.readline().strip()
            assert status(address) == 200
            for _ in range(2):
                os.kill(int((home / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
                told = [status(address)]
                if elsewhere:
                    told += [status(address) for _ in range(4)]
                    assert set(told) == {503}
                    postgres.start(home)
                deadline = time.monotonic() + 60
                while told[-1] != 200 and time.monotonic() < deadline:
                    told.append(status(address))
                assert told[-1] == 200
                assert set(told) <= {200, 503}
            assert [status(address) for _ in range(5)] == [200] * 5
        finally:
            pages.terminate()


def status(address: str) -> int:
    try:
        with urlopen(f"{address}sign-in/", timeout=60) as page:
            return int(page.status)
    except HTTPError as error:
        return error.code
