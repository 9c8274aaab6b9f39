"""A new participant: the first entries of a ledger, under a screening number that nobody else has."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.db import connection

from entact.conduct.reader import PARTICIPANT, Reader
from entact.conduct.record.door import Author, compose, store_entry, turn_of
from entact.course import Course
from entact.course.state.numbers import SCREENING, is_number, normal
from entact.store.known import raw_cursor
from entact.store.numbers import holders

RESERVED = frozenset({"new"})  # an address of the pages
_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")


class Refusal(Exception):
    """Why nobody was taken into screening; in words."""


def screen(number: str, site: str, population: str, reader: Reader, author: Author, now: datetime) -> str:
    """Opens a ledger for somebody who is screened, and begins the first visit; returns the ledger's name.

    Raises:
        Refusal: when the number cannot be one, or is another's.
    """
    number = number.strip()
    if _NUMBER.fullmatch(number) is None or not is_number(number) or number.casefold() in RESERVED:
        raise Refusal("A screening number has at most 40 letters and digits, with . _ or - between them.")
    with turn_of(f"screening number {normal(number)}"):
        if any(_holders(number)):
            raise Refusal(f"{number} is somebody else's screening number: take another.")
        ledger = f"{PARTICIPANT}{secrets.token_hex(16)}"
        course = Course(reader.study)
        course.site = site
        first = next(name for name, visit in reader.study.newest.visits.items() if visit.opens)
        data = {"attempt": 1, "number": number, "site": site, "population": population}
        release = reader.study.in_force_at(site, now).id
        encounter = f"{first}#1"
        to = course, reader, ledger, author, now
        began = compose(*to, "encounter", {"status": "started"}, encounter=encounter, release=release)
        store_entry(began, author, now)
        store_entry(compose(*to, "screening", data, encounter=encounter, release=release), author, now)
        return ledger


def _holders(number: str) -> list[str]:
    connection.ensure_connection()
    found = holders(raw_cursor(), [(SCREENING, normal(number))])
    return [ledger for ledgers in found.values() for ledger in ledgers]
