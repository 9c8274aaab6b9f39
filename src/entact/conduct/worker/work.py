"""What the worker does, as functions that can be done again at any time; the queue says when (`queue`)."""

from __future__ import annotations

import logging
import os
import urllib.request
from pathlib import Path

from django.db import DatabaseError
from django.utils import timezone

from entact.conduct.error import ConductError
from entact.conduct.reader import environment_of_database
from entact.conduct.upkeep import reports
from entact.conduct.verification import check_now
from entact.conduct.worker.calling import call_people
from entact.conduct.worker.copies import copy_site
from entact.conduct.worker.mail import remind
from entact.store import StoreError
from entact.store.studies import study_of_record

PING, COPIES = "ENTACT_PING", "ENTACT_SITE_COPIES"
_PATIENCE = 10  # seconds that somebody else's server has to take a ping
_log = logging.getLogger(__name__)


def give_sign() -> None:
    """Says that the worker lives: in the database, and to an address of the user's own where one is said."""
    reports.say(reports.ALIVE)
    address = os.environ.get(PING, "")
    if address:
        try:
            with urllib.request.urlopen(address, timeout=_PATIENCE):
                pass
        except (OSError, ValueError) as error:
            _log.warning("the ping to %s did not arrive: %s", PING, error)


def verify_chains() -> None:
    """Checks every chain, and keeps what was found for the pages."""
    check_now()


def copy_sites() -> list[str]:
    """Makes the copy of each site that has a place for it; what went wrong is kept for the owner's home.

    ENTACT_SITE_COPIES is a folder with `{site}` in it, such as `/mnt/{site}/copies`.

    Returns:
        The sites whose copy could not be made.
    """
    pattern = os.environ.get(COPIES, "")
    _, study = study_of_record()
    failed = []
    for site in study.newest.file.sites if pattern and study is not None else ():
        try:
            done = copy_site(site, Path(pattern.format(site=site)), timezone.now())
        except (OSError, ConductError, StoreError, DatabaseError, KeyError, IndexError, ValueError) as error:
            reports.say(f"{reports.COPY}{site}", problem=str(error) or repr(error))
            failed.append(site)
        else:
            problem = f"not readable: {', '.join(done.unreadable)}" if done.unreadable else ""
            reports.say(f"{reports.COPY}{site}", place=str(done.folder), problem=problem)
    return failed


def remind_people() -> None:
    """Mails whom something new and urgent waits for; in a rehearsal nobody is."""
    if environment_of_database() != "rehearsal":
        remind()


def call_for_alerts() -> None:
    """Calls whom open alerts call; in a rehearsal nobody is."""
    if environment_of_database() != "rehearsal":
        call_people(timezone.now())


def tell_the_day() -> None:
    """Mails, once a day, for whom anything new waits; in a rehearsal nobody is."""
    if environment_of_database() != "rehearsal":
        remind(daily=True)
