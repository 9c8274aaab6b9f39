"""How long pages and saves take while 50 people work, and whether that grows with the participants.

A rehearsed study is served by two processes (`entact serve --processes 2`) over an embedded PostgreSQL with
fsync on. Each of the people is signed in with a session of their own, opens a page or saves an adverse
event, and thinks for a while. A save is the request that sends what was entered, until it is answered: then
it is on the disk. The limits are of what the server itself measures, from the moment at which it takes a
request on (`ENTACT_TIMES`); as long as people waited, with the requests of 49 others by the same machine, is
said beside it. CPU is that of the servers and of PostgreSQL, which other work on the machine changes less.

`python -m benchmarks.pages 300 1000` says for how many participants. Of more than a thousand as many are
rehearsed, and the rest are copies (`benchmarks.grown`): nobody opens them, and every list and index has them.
A size may say how many entries there are: `10000:10000000`. Of two sizes and more it is said how the figures
grow from the first to the last.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests

from benchmarks.grown import COPY, grow
from benchmarks.rehearsal import Measured
from benchmarks.store import STUDY, _print, _server

PEOPLE, SECONDS, THINKS, OPENED = 50, 60.0, 4.0, 40
PROCESSES = 2
OPENING = 10  # people who open every participant before: a connection stays with one of the processes
DATABASE = "entact_pages"
PAGES = ("/", "/participants/", "/forms/", "/queries/", "/participants/{}/", "/participants/{}/visits/")
SAVE = "/participants/{}/add/adverse_event/"
SENT = {"shown": ["verbatim"], "item:verbatim": "a headache"}
ROLES = ("investigator", "therapist", "coordinator")
TICKS = os.sysconf("SC_CLK_TCK")

Waits = list[tuple[str, float]]
Size = tuple[int, int]  # participants, and entries where more are wanted than they have

SIZES: tuple[Size, ...] = ((300, 0), (10_000, 0))
REHEARSED = 1000  # participants at most; the others are copies of them
GROWING: Mapping[str, str] = {
    "pages": "pages on the server, slowest of 20",
    "saves": "saves on the server, slowest of 20",
    "CPU": "CPU for a request",
    "memory": "memory of the servers and PostgreSQL",
}


def main(sizes: tuple[Size, ...] = SIZES) -> int:
    """Prints the figures of each size; times move with the machine, so none fails."""
    measured: dict[Size, list[Measured]] = {}
    for size in sizes:
        with _server():
            make(*size)
            with _serving(DATABASE) as (address, serving):
                measured[size] = list(_working(address, serving, size[0]))
    grown = list(_growth(measured)) if len(sizes) > 1 else []
    return _print([*(one for some in measured.values() for one in some), *grown])


def _growth(measured: Mapping[Size, list[Measured]]) -> Iterator[Measured]:
    """How figures grow from the smallest record to the largest."""
    least, most = min(measured), max(measured)
    for title, begins in GROWING.items():
        small, large = (
            next(one for one in measured[n] if one.name.startswith(begins)) for n in (least, most)
        )
        how = f"{small.value:.4g} to {large.value:.4g} {large.unit}"
        yield Measured(
            f"{title}: times as much at {most[0]:,} as at {least[0]:,}",
            large.value / small.value,
            "",
            None,
            how,
        )


def make(size: int, lines: int) -> None:
    """Makes a study with so many participants, and so many entries where they have fewer."""
    from entact.store import postgres, server

    entact = [sys.executable, "-c", "from entact.cli import main; main()"]
    rehearsed = str(min(size, REHEARSED))
    rehearse = ["rehearse", STUDY, "--participants", rehearsed, "--seed", "3", "--workers", "2"]
    subprocess.run([*entact, *rehearse, "--database", DATABASE], check=True, stdout=subprocess.DEVNULL)
    if size > REHEARSED or lines:
        url = postgres.start(server.embedded_folder()).url
        with psycopg.connect(url, dbname=DATABASE) as owner:
            grow(owner, size, lines)


@contextmanager
def _serving(database: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The pages of a database by two processes; their address, and the process that serves them."""
    entact = [sys.executable, "-c", "from entact.cli import main; main()"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = [
        "serve",
        "--database",
        database,
        "--port",
        str(port),
        "--processes",
        str(PROCESSES),
        "--no-worker",
    ]
    shutil.rmtree(_times(), ignore_errors=True)
    env = os.environ | {"ENTACT_TIMES": str(_times())}
    serving = subprocess.Popen([*entact, *serve], stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert serving.stdout is not None
        serving.stdout.readline()  # it answers
        yield f"http://127.0.0.1:{port}", serving
    finally:
        serving.terminate()
        serving.wait()


def _working(address: str, serving: subprocess.Popen[str], size: int) -> Iterator[Measured]:
    from entact import store
    from entact.store import server

    store.setup(database=DATABASE)
    from entact.conduct.access import people  # tables are only there after that
    from entact.conduct.reader import Standing
    from entact.store import lists

    everybody = [f"demo-{role}" for role in ROLES if people.account_named(f"demo-{role}") is not None]
    sites = people.person_of(people.account_named(everybody[0])).sites
    known = [Standing.of(one) for one in lists.participants(sites=sites, limit=OPENED)]
    keys = [one.key for one in known if not one.number.startswith(COPY)]
    entries = lists.size().entries
    owner = (server.embedded_folder() / "data" / "postmaster.pid").read_text().splitlines()[0]
    _until_all_answer(address)
    # One after the other: of a crowd before the door the first process that is free would take all in.
    signed = [_sign_in(address, everybody[n % len(everybody)]) for n in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as crowd:
        first = [_ask(one, address, f"/participants/{key}/") for one in signed[:OPENING] for key in keys]
        before, since = _cpu(serving.pid, int(owner)), time.time()
        work = crowd.map(lambda n: _work(signed[n], address, keys, n), range(PEOPLE))
        waits = [one for some in work for one in some]
        spent = _cpu(serving.pid, int(owner)) - before
        memory = _memory(serving.pid, int(owner))
    load = os.getloadavg()[0]
    how = f"{len(waits)} requests of {PEOPLE} people in {SECONDS:g} s, load {load:.1f}"
    what = f"{size:,} participants, {entries:,} entries"
    pages, saves = (_sorted(waits, of=saved) for saved in (False, True))
    own_pages, own_saves = (_own_times(since, of=saved) for saved in (False, True))
    many = f"{len(own_saves)} of them, the same run"
    yield Measured(f"pages on the server, slowest of 20, {what}", _share(own_pages, 0.95), "ms", 150.0, how)
    yield Measured("half of the pages on the server", _share(own_pages, 0.5), "ms", None, "the same run")
    yield Measured("saves on the server, slowest of 20", _share(own_saves, 0.95), "ms", 30.0, many)
    yield Measured("half of the saves on the server", _share(own_saves, 0.5), "ms", None, "the same run")
    own = _share(_own_times(since, of=True, used=True), 0.95)
    yield Measured("processor of the server for a save, slowest of 20", own, "ms", None, "the same run")
    yield Measured("pages as people waited, slowest of 20", _share(pages, 0.95), "ms", None, "the same run")
    yield Measured("half of the pages as people waited", _share(pages, 0.5), "ms", None, "the same run")
    yield Measured("saves as people waited, slowest of 20", _share(saves, 0.95), "ms", None, "the same run")
    yield Measured("half of the saves as people waited", _share(saves, 0.5), "ms", None, "the same run")
    for name in PAGES:
        taken = sorted(1000 * wait for of, wait in waits if of == name)
        yield Measured(f"half of {name}", _share(taken, 0.5), "ms", None, f"{len(taken)} of them")
    opened = sorted(1000 * one for one in first)
    yield Measured("a participant opened for the first time", opened[-1], "ms", None, "the slowest of them")
    yield Measured("CPU for a request", 1000 * spent / len(waits), "ms", None, "servers and PostgreSQL")
    yield Measured("memory of the servers and PostgreSQL", memory, "GB", 1.0, "proportional sets, added up")


def _until_all_answer(address: str) -> None:
    """Waits until each of the processes has answered somebody."""
    while len(list(_times().glob("*.csv"))) < PROCESSES:
        requests.get(f"{address}/health", timeout=60)
        time.sleep(0.05)


def _sign_in(address: str, name: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{address}/sign-in/").text
    done = session.post(f"{address}/sign-in/as/{name}/", {"csrfmiddlewaretoken": _token(page)})
    assert done.status_code == 200, done.status_code
    return session


def _work(session: requests.Session, address: str, keys: list[str], number: int) -> Waits:
    """What one person does until the time is over, and how long each took; one in five is a save."""
    chance, until = random.Random(number), time.monotonic() + SECONDS
    token = _token(session.get(address + SAVE.format(keys[number % len(keys)])).text)
    waits: Waits = []
    while True:
        time.sleep(chance.expovariate(1 / THINKS))
        if time.monotonic() > until:
            return waits
        key = chance.choice(keys)
        if chance.random() < 0.2:
            sent = {**SENT, "csrfmiddlewaretoken": token}
            begun = time.perf_counter()
            answer = session.post(address + SAVE.format(key), sent, allow_redirects=False)
            waits.append((SAVE, time.perf_counter() - begun))
            assert answer.status_code == 302, answer.status_code
        else:
            name = chance.choice(PAGES)
            waits.append((name, _ask(session, address, name.format(key))))


def _ask(session: requests.Session, address: str, path: str) -> float:
    begun = time.perf_counter()
    answer = session.get(address + path)
    taken = time.perf_counter() - begun
    assert answer.status_code == 200, (path, answer.status_code)
    return taken


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    return found[1]


def _sorted(waits: Waits, *, of: bool) -> list[float]:
    return sorted(1000 * wait for name, wait in waits if (name == SAVE) is of)


def _times() -> Path:
    """Where the servers write how long each request took."""
    return Path(os.environ["ENTACT_DATA"]) / "times"


def _own_times(since: float, *, of: bool, used: bool = False) -> list[float]:
    """What the servers measured of the saves since a time, or of all else, or used of a processor: ms."""
    lines = [line.split(",") for one in _times().glob("*.csv") for line in one.read_text().splitlines()]
    return sorted(
        float(own if used else taken)
        for came, method, route, _, taken, own in lines
        if float(came) >= since and (method == "POST" and route == "add") is of
    )


def _share(taken: list[float], share: float) -> float:
    return taken[int(share * len(taken))] if taken else float("nan")


def _family(*roots: int) -> list[int]:
    """Some processes and all that they started."""
    parents: dict[int, int] = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(one.parent.name)] = int(one.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = list(roots)
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _cpu(*roots: int) -> float:
    """Seconds of CPU of some processes, of all that they started, and of those that have ended."""
    total = 0.0
    for one in _family(*roots):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / TICKS
    return total


def _memory(*roots: int) -> float:
    """GB that some processes and all that they started hold; what they share counts once."""
    total = 0
    for one in _family(*roots):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total / 1e6


if __name__ == "__main__":
    asked = (one.partition(":") for one in sys.argv[1:])
    sys.exit(main(tuple((int(people), int(lines or 0)) for people, _, lines in asked) or SIZES))
