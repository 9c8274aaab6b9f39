"""`entact work`: the worker; and the one that `entact serve` keeps alive beside the pages."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

from entact.cli.anchor import destinations_of_environment, keep_anchoring
from entact.cli.database import open_record
from entact.store.backup import end_with_parent

AGAIN = 5.0  # seconds until a worker that ended is started again
ENDS = 40.0  # seconds that it has to finish what is under way
HANGS = 600.0  # seconds without a sign of life after which a process that serves pages is taken to hang
WORKER_HANGS = 3600.0  # the same for a worker, which verifies and copies for long


def work(database: str, life: int | None = None) -> None:
    """Works for a database until the process is told to end.

    Args:
        life: number of the file to which it shows that it lives.
    """
    os.environ["ENTACT_DATABASE"] = database
    open_record(database)
    from entact.store.participant_keys import require_keychain

    require_keychain()
    stop, destinations = Event(), destinations_of_environment()
    if destinations is not None:
        keep_anchoring(destinations, stop)
    from entact.conduct.worker.queue import run_worker

    try:
        run_worker(partial(show_life, life))
    finally:
        stop.set()


def show_life(life: int | None) -> None:
    """Shows whoever keeps this process alive that it is; None where nobody does."""
    if life is not None:
        with suppress(BlockingIOError, BrokenPipeError):  # nobody looks just now
            os.set_blocking(life, False)
            os.write(life, b".")


def try_mail(address: str, database: str) -> None:
    """Sends one mail the way that reminders leave.

    Raises:
        ConductError: when mail is not set up, or the server by which it leaves did not take it.
    """
    open_record(database)
    send_mail_to_try(address)


def send_mail_to_try(address: str) -> None:
    """Sends one mail of the record that is open.

    Raises:
        ConductError: when mail is not set up, or the server by which it leaves did not take it.
    """
    from smtplib import SMTPException

    from django.conf import settings
    from django.core.mail import send_mail

    from entact.conduct.error import ConductError
    from entact.conduct.upkeep.calls import ways_set_up

    if "mail" not in ways_set_up():
        raise ConductError("no mail leaves: ENTACT_MAIL says by which server it does (docs/server.md)")
    origin = settings.ADDRESS.origin if settings.ADDRESS else "the server of the study"
    said = f"Mail of {origin} arrives here.\n\nThis mail names nobody.\n"
    try:
        send_mail("A mail to try", said, settings.DEFAULT_FROM_EMAIL, [address])
    except (OSError, SMTPException, ValueError) as error:
        host = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        raise ConductError(f"{host} did not take a mail to {address}: {error}") from error


def keep_worker(database: str) -> KeptProcess:
    """Keeps a worker for a database alive beside this process."""
    command = [sys.executable, "-c", "from entact.cli import main; main()", "work", "--database", database]
    return KeptProcess(command, hangs=WORKER_HANGS)


_LOOKS = 1.0  # seconds after which it is looked whether a process is still there, and lives
_log = logging.getLogger(__name__)


class KeptProcess:
    """A program in a process of its own, started again where it ends; it ends with this process.

    Args:
        again: seconds until it is started again. files: open ones that it gets, by their numbers.
        hangs: seconds after which it is killed that shows no life; None where it shows none ever. It shows it
            by writing to the file whose number stands behind `--life`.
    """

    def __init__(
        self,
        command: Sequence[str],
        again: float = AGAIN,
        files: Sequence[int] = (),
        hangs: float | None = None,
    ) -> None:
        self._command, self._again, self._files, self._hangs = command, again, files, hangs
        self._life: int | None = None
        self._stop = Event()
        self._process = self._start()
        self._thread = Thread(target=self._keep, name="worker", daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command, files, shows = [*self._command], [*self._files], None
        if self._hangs is not None:
            self._forget()
            self._life, shows = os.pipe()
            os.set_blocking(self._life, False)
            command, files = [*command, "--life", str(shows)], [*files, shows]
        try:
            # Ctrl-C in the terminal is this process's, which then tells the worker.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=end_with_parent,
                pass_fds=files,
            )
        finally:
            if shows is not None:
                os.close(shows)

    def _forget(self) -> None:
        if self._life is not None:
            os.close(self._life)
            self._life = None

    def _keep(self) -> None:
        silent = 0.0
        while not self._stop.is_set():
            try:
                self._process.wait(timeout=_LOOKS)
            except subprocess.TimeoutExpired:
                # Counted by looks and by no clock: a machine that slept was silent for one of them.
                silent = 0.0 if self._shows_life() else silent + _LOOKS
                if self._hangs is None or silent < self._hangs:
                    continue
                _log.error("%s shows no life for %.0f s: it is started anew", self._command[3:], silent)
                self._process.kill()
                self._process.wait()
            silent = 0.0
            if not self._stop.wait(self._again):
                self._process = self._start()

    def _shows_life(self) -> bool:
        """Whether it has shown life since this was asked last."""
        if self._life is None:
            return True
        try:
            return bool(os.read(self._life, 65536))
        except BlockingIOError:
            return False

    @property
    def pid(self) -> int:
        """The process now."""
        return self._process.pid

    def end(self) -> None:
        """Tells it to end and waits until it has; one that does not is killed."""
        self._stop.set()
        self._thread.join()
        self._forget()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=ENDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def copy_site_to(database: str, site: str, place: Path) -> dict[str, Any]:
    """Makes the copy of a site's record, for `--json`."""
    open_record(database)
    from entact.conduct.worker.copies import copy_site
    from entact.store.participant_keys import require_keychain

    require_keychain()
    done = copy_site(site, place, datetime.now(UTC))
    return {
        "folder": str(done.folder),
        "participants": done.participants,
        "unreadable": list(done.unreadable),
    }
