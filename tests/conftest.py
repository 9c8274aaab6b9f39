"""What all tests share: the profile of Hypothesis, and one embedded PostgreSQL for the whole run."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from _pytest.assertion import assertstate_key, rewrite
from hypothesis import HealthCheck, settings
from tests.owner import copy_database, owner_connection

# How long one example takes depends on the machine and its load; speed is the benchmarks' subject.
# The same code gives the same result wherever it is tested; `make explore` draws other examples.
# How long examples take to be drawn says how busy the machine is, and nothing of the product.
CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("entact", **CALM, derandomize=True)
settings.register_profile("explore", **CALM, print_blob=True)
settings.load_profile("explore" if os.environ.get("ENTACT_EXPLORE") else "entact")


TESTS = Path(__file__).parent
MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # bytes; a run takes less than one of them


def _in_memory() -> Path | None:
    """Where files are in memory, if there is room: a database for each test is copied ten times as fast."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


def pytest_configure(config: pytest.Config) -> None:
    """Every process of a run, also those that tests start, keeps its data in one folder of the run."""
    if not hasattr(config, "workerinput"):
        folder = Path(tempfile.mkdtemp(prefix="entact-tests-", dir=_in_memory()))
        folder.chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through
        os.environ["ENTACT_DATA"] = str(folder)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred commands compile everything once
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("ENTACT_DATABASE", None)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is collected stays until the end: looked through for garbage again and again, it took a fifth."""
    _rewrite_a_share(session.config)
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _rewrite_a_share(config: pytest.Config) -> None:
    """The first run of a checkout: its processes share the work on the assertions of test files.

    Every process collects every file; by themselves all would rewrite all, each for itself, at the same time.
    """
    told = getattr(config, "workerinput", None)
    if told is None or sys.dont_write_bytecode or [Path(one).resolve() for one in config.args] != [TESTS]:
        return
    files = sorted(TESTS.rglob("test_*.py"))
    for file in files[int(told["workerid"].removeprefix("gw")) :: told["workercount"]]:
        place = rewrite.get_cache_dir(file) / f"{file.stem}{rewrite.PYC_TAIL}"
        if rewrite.try_makedirs(place.parent) and rewrite._read_pyc(file, place) is None:
            hashed, code = rewrite._rewrite_test(file, config)
            rewrite._write_pyc(config.stash[assertstate_key], code, hashed, place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """More processes than cores: tests wait for servers, disks and browsers a third of their time."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests go first: one that begins last holds up a run that all others have left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        from entact.store import postgres

        folder = Path(os.environ["ENTACT_DATA"])
        postgres.stop(folder / "postgres")
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(worker_id: str) -> str:
    """Name of an empty rehearsal of the study `mini`, from which each test's database is copied."""
    from django.db import connection

    from entact import store
    from entact.store import server

    name = f"template_{worker_id}"
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute("ALTER SYSTEM SET fsync = off")  # tests kill processes, not the machine
        maintenance.execute("SELECT pg_reload_conf()")
    store.create_database(name, "rehearsal", "mini", replace=True)
    connection.close()
    return name


@pytest.fixture
def database(template: str) -> Iterator[str]:
    """Name of an empty rehearsal of the study `mini`, in use and the test's own.

    What `store.setup` looks at and makes was looked at and made in the template: done anew for a copy, it
    took more than most tests do. That it does so for any database is shown by store/test_database.py.
    """
    from django.db import connection

    name = f"{template}_copy"
    connection.close()
    copy_database(template, name)
    # Every copy bears the mark of its template, and keys and erasures lie outside the database.
    for kept in ("keys", "erased"):
        shutil.rmtree(Path(os.environ["ENTACT_DATA"]) / kept / str(_mark_of(name)), ignore_errors=True)
    connection.settings_dict["NAME"] = name  # one dictionary for the connections of all threads
    yield name
    connection.close()


@cache
def _mark_of(copy: str) -> object:
    """The mark of a worker's template, and so of all its copies."""
    with owner_connection(copy) as owner:
        return (owner.execute("SELECT mark FROM store_installation").fetchone() or [None])[0]
