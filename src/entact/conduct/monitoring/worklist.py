"""What a monitor is to hold against the source, of whom: a page of participants, each with their entries."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.utils.translation import gettext

from entact.conduct.entries.address import address_of
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.sight import SeenCourse
from entact.conduct.words import moment, title_of_form, title_of_visit
from entact.course import Course
from entact.course.found.to_verify import ToVerify, to_verify
from entact.course.kinds import KINDS
from entact.course.state.progress import zone_of
from entact.store import lists
from entact.store.participant_keys import keychain

PER_PAGE: Final = 25
LINES_SHOWN: Final = 20  # of each participant
_SAMPLE: Final = b"entact source data verification|"


@dataclass(frozen=True)
class Line:
    """One entry that is to be verified: its page, what it is, at which visit, and when."""

    address: str
    title: str
    visit: str
    when: str
    critical: bool


@dataclass(frozen=True)
class Waiting:
    """One participant, and what is to be verified of them."""

    key: str
    number: str
    site: str
    lines: tuple[Line, ...]

    @property
    def shown(self) -> list[Line]:
        """The first of them, what is critical before the rest: a page of all has thousands of lines."""
        return sorted(self.lines, key=lambda line: not line.critical)[:LINES_SHOWN]

    @property
    def more(self) -> int:
        """How many there are beside those that are shown."""
        return max(0, len(self.lines) - LINES_SHOWN)

    @property
    def critical(self) -> int:
        """How many entries hold something critical."""
        return sum(line.critical for line in self.lines)


@dataclass(frozen=True)
class Worklist:
    """One page; `further`: where the next one begins."""

    rows: tuple[Waiting, ...]
    further: lists.Key | None


def draw_by(key: bytes | None) -> Callable[[str], float]:
    """Draws visits of a participant by the participant's key, which no site has and no page shows.

    Whoever holds the keys can draw again, and finds the same. Of whom no key is left everything is drawn.
    """
    if key is None:
        return lambda visit: -1.0
    return lambda visit: int.from_bytes(hmac.digest(key, _SAMPLE + visit.encode(), sha256)[:8]) / 2**64


def waiting_of(reader: Reader, course: Course, seen: SeenCourse, key: bytes | None) -> list[ToVerify]:
    """What is to be verified of one participant, of what the role sees; key: the participant's."""
    plan = course.site_release(reader.at).file.verification
    return [one for one in to_verify(course, plan, draw_by(key)) if one.effective.id in seen.entries]


def worklist(reader: Reader, site: str | None, after: lists.Key | None) -> Worklist:
    """A page of participants of whom something is to be verified, by site and number.

    Args:
        site: of which alone; None for all that the reader sees.
    """
    batch = lists.participants(site=site, sites=reader.sites, after=after, limit=PER_PAGE)
    folded = reader.folded([one.ledger for one in batch])
    keys = keychain().all() if batch else {}
    rows = []
    for row in batch:
        one = folded.get(row.ledger)
        standing = Standing.of(row)
        secret = keys.get(row.ledger)
        if isinstance(one, Folded) and (lines := _lines(reader, one.course, standing.key, secret)):
            rows.append(Waiting(standing.key, standing.number, standing.site, lines))
    return Worklist(tuple(rows), batch[-1].key if len(batch) == PER_PAGE else None)


def _lines(reader: Reader, course: Course, key: str, secret: bytes | None) -> tuple[Line, ...]:
    seen = SeenCourse(reader.sight, course)
    zone = zone_of(course, reader.at)
    found = []
    for one in waiting_of(reader, course, seen, secret):
        entry = one.effective.entry
        kind = KINDS[entry.kind]
        form = kind.form(one.effective.data) if kind.form is not None else None
        compiled = course.release.forms.get(form or "")
        title = title_of_form(compiled) if compiled is not None else gettext(kind.title)
        name = (entry.encounter or "").partition("#")[0]
        visit = title_of_visit(name, reader.visits) if name else ""
        address = address_of(key, one.effective)
        found.append(Line(address, title, visit, moment(one.effective.at, zone), one.critical))
    return tuple(found)
